package worker_test

import (
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// patchedPlan lets every step change the document.
func patchedPlan() approval.Plan {
	plan := handledPlan()
	for i := range plan.Steps {
		plan.Steps[i].Allow = append(plan.Steps[i].Allow, "sanction", "amend")
		plan.Steps[i].Amend = []string{"title"}
	}
	return plan
}

// sanction approves so much of the 820.00 that were claimed.
func sanction(was, now int64) func(*approval.Act) {
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	return func(a *approval.Act) {
		a.Revision, a.NewHash = 0, ""
		a.Sanction = &document.Sanction{Claimed: yuan(82000), Was: yuan(was), Now: yuan(now),
			Lines: []document.SanctionedLine{{Line: 1, Claimed: yuan(82000), Was: yuan(was), Now: yuan(now)}}}
	}
}

// playSanctioned approves less, amends the title, approves more again, and returns
// it once: the next round begins with the revision after those.
func playSanctioned(h *house, id string) {
	next := func(hash string, change func(*approval.Act)) func(*approval.Act) {
		return func(a *approval.Act) {
			change(a)
			a.Revision, a.NewHash = h.book.State(id).Revision+1, hash
		}
	}
	retitle := func(a *approval.Act) { a.Changes = []document.Change{{Field: "title", Was: "Train", Now: "Plane"}} }
	h.untilAsked(id, "li")
	h.do(id, approval.Sanction, "li", next("hash2", sanction(82000, 60000)))
	h.do(id, approval.Approve, "li", nil)
	h.do(id, approval.Amend, "wu", next("hash3", retitle))
	h.do(id, approval.Return, "wu", nil)
	h.do(id, approval.Resubmit, "zhao", next("hash4", func(a *approval.Act) { a.Task, a.Round, a.ContentHash = "", 0, "" }))
	h.untilAsked(id, "li")
	h.do(id, approval.Approve, "li", nil)
	h.do(id, approval.Sanction, "wu", next("hash5", sanction(82000, 50000)))
	h.do(id, approval.Sanction, "wu", next("hash6", sanction(50000, 70000)))
	h.do(id, approval.Approve, "wu", nil)
	h.do(id, approval.Approve, "sun", nil)
}
