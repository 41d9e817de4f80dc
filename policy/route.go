package policy

import (
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// RouteInput is everything a route depends on.
type RouteInput struct {
	Policy   *Policy
	Version  int // of the policy, from 1
	Content  document.Content
	Org      *org.Snapshot
	Round    int    // from 1
	Document string // its id, for the record
	// Rates gives how many units of `to` one unit of `from` is; nil knows none.
	// It is asked only where the entity's base currency is not the policy's.
	Rates func(from, to money.Currency) (rate string, known bool)
}

// Route turns a policy into the plan of one document in one round.
//
// Errors: a fault policy.* where no plan can be made; the document then waits
// in the admin queue. It never approves by an error.
func Route(in RouteInput) (approval.Plan, error) { return approval.Plan{}, nil }

// NextApprover finds who takes over from somebody: up the managers to a
// different, active, uninterested human, else the admin queue.
func NextApprover(snapshot *org.Snapshot, from string, interested []string) approval.Approver {
	return approval.Approver{Person: approval.AdminQueue, Via: "fallback:no_manager"}
}

// Explain prints a plan for people, in a locale (zh-CN or en).
func Explain(plan approval.Plan, locale string) string { return "" }
