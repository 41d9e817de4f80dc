// Package policy is the language in which finance says who approves what: a
// YAML text, strictly read, checked against the organisation, and turned into
// the plan of one document in one round.
//
// Nothing here reads a clock, a file or a database. An error is never an
// approval: a condition that cannot be judged makes no plan at all.
package policy

import (
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

// Policy is one version of a flow's definition. It is a value: nothing changes
// it after Parse. 流程定义
type Policy struct {
	ID    string            `json:"policy"`
	Title map[string]string `json:"title"` // by locale
	Base  money.Currency    `json:"base"`  // what money("…") and amount are in
	Steps []Step            `json:"steps"`
	Then  []string          `json:"then"` // accrue, archive

	Require []Require `json:"require,omitempty"` // distinct humans by amount, held by Prove

	text *source.Text
	hash string
}

// Step is one stop as the policy words it; approval.Step is what it became for
// one document.
type Step struct {
	ID           string            `json:"id"`
	Title        map[string]string `json:"title"`
	When         string            `json:"when"`      // CEL; "" = always needed
	Otherwise    approval.Need     `json:"otherwise"` // auto_approve or skip, where When is false
	Approvers    []Finder          `json:"approvers"`
	Mode         approval.Mode     `json:"mode"`
	Due          Due               `json:"due"`
	Remind       Remind            `json:"remind"`
	OnTimeout    approval.Timeout  `json:"on_timeout"`
	Allow        []string          `json:"allow"`
	DistinctFrom []string          `json:"distinct_from"` // always at least submitter and payee
}

// Finder says how to find approvers; exactly one way is set.
type Finder struct {
	Role           string `json:"role,omitempty"`            // whoever holds it in the document's entity
	Of             string `json:"of,omitempty"`              // entity, for a role
	Manager        int    `json:"manager,omitempty"`         // the requester's manager, 1 = direct
	TopManager     bool   `json:"top_manager,omitempty"`     // the last one of the requester's managers
	DepartmentHead bool   `json:"department_head,omitempty"` // of the document's department
	Person         string `json:"person,omitempty"`          // a person's id
	Field          string `json:"field,omitempty"`           // the document's field that holds a person's id
}

// Due is how long a step may take, by urgency, in working time.
type Due struct {
	Normal calendar.Duration `json:"normal"`
	Urgent calendar.Duration `json:"urgent"`
}

// Remind says when a waiting approver is reminded. 催办
type Remind struct {
	First  calendar.Duration `json:"first"`
	Every  calendar.Duration `json:"every"`
	AtMost int               `json:"at_most"`
}

// Types are the document types by id, for the checks that need them.
type Types map[string]*doctype.Type

// Hash is the SHA-256 of the policy's canonical form: comments, layout and the
// order of keys do not change it.
func (p *Policy) Hash() string { return p.hash }

// File is the name that Parse was given.
func (p *Policy) File() string { return p.text.Name }
