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

	// Forks are where the way parts, in the order of the text. Steps stays one list;
	// each step says in which branches it stands. 并行
	Forks []Fork `json:"forks,omitempty"`

	// Matrices are the approval matrices by name. 审批权限表
	Matrices map[string]Matrix `json:"matrices,omitempty"`
	Require  []Require         `json:"require,omitempty"` // distinct humans by amount, held by Prove
	CC       *Copying          `json:"cc,omitempty"`      // nil: nobody is copied in by the policy as a whole

	// Aggregate says what else counts as the document's amount; nil: nothing.
	Aggregate *Aggregate `json:"aggregate,omitempty"`

	FreshSignIn *FreshSignIn `json:"fresh_sign_in,omitempty"` // for decisions on large amounts
	Passkey     *Passkey     `json:"passkey,omitempty"`       // and to sign them

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

	Votes         *approval.Votes `json:"votes,omitempty"`          // for quorum and ratio
	OnReject      string          `json:"on_reject,omitempty"`      // "" = the mode's default
	DistinctSteps []string        `json:"distinct_steps,omitempty"` // earlier steps that need another human than this

	In    []Place  `json:"in,omitempty"`    // the branches it stands in, outermost first
	AsOf  string   `json:"as_of,omitempty"` // activation: its approvers are found when it is reached; "" = with the plan
	Amend []string `json:"amend,omitempty"` // what its approvers may change, where Allow has amend

	CC *Copying `json:"cc,omitempty"` // nil: nobody is copied in

	// Once spares who agreed in an earlier step, see approval.Step.
	Once bool `json:"once,omitempty"`

	at string // its path in the text
}

// Fork is where the way parts: its branches are walked at the same time, and what
// follows waits for all of them.
type Fork struct {
	ID       string   `json:"id"`
	In       []Place  `json:"in,omitempty"` // the branches of other forks that it stands in, outermost first
	Branches []Branch `json:"branches"`
	None     string   `json:"none,omitempty"` // no condition holds: skip, auto_approve or refuse; "" = that cannot be

	at string
}

// Branch is one of the ways on from a fork. 分支
type Branch struct {
	Title map[string]string `json:"title,omitempty"`
	When  string            `json:"when,omitempty"` // CEL; "" = always taken

	at string
}

// Place is a branch of a fork, by its number from 0.
type Place struct {
	Fork string `json:"fork"`
	N    int    `json:"n"`
}

// Finder says how to find approvers; exactly one way is set.
type Finder struct {
	Role           string  `json:"role,omitempty"`            // whoever holds it, see Of
	Of             string  `json:"of,omitempty"`              // for a role: entity, department, cost_center or group
	Manager        int     `json:"manager,omitempty"`         // the requester's manager, 1 = direct
	TopManager     bool    `json:"top_manager,omitempty"`     // the last one of the requester's managers
	Climb          *Climb  `json:"climb,omitempty"`           // up the requester's managers
	DepartmentHead bool    `json:"department_head,omitempty"` // of the document's department
	Heads          *Heads  `json:"heads,omitempty"`           // of other departments than that
	Person         string  `json:"person,omitempty"`          // a person's id
	Field          string  `json:"field,omitempty"`           // the document's field that holds a person's id
	Choice         *Choice `json:"choice,omitempty"`
	Matrix         string  `json:"matrix,omitempty"` // a name in Policy.Matrices

	Group  string `json:"group,omitempty"`  // in per_group; "" = one group for each finder, department or cost centre
	Weight int64  `json:"weight,omitempty"` // in ratio, of each one found; 0 = 1
}

// Climb goes up the requester's managers to the first who meets what it says:
// exactly one of Level, Grade and Authority is set. 逐级审批
type Climb struct {
	Level     int    `json:"level,omitempty"`     // so many levels up
	Grade     string `json:"grade,omitempty"`     // a grade's id or rank, at least
	Authority bool   `json:"authority,omitempty"` // whose limit lies above the document's amount
	Every     bool   `json:"every,omitempty"`     // everybody on the way as well
}

// Heads finds heads of departments.
type Heads struct {
	Level int    `json:"level,omitempty"` // 2 = the next different head above the first
	Every bool   `json:"every,omitempty"` // every head up the tree
	Of    string `json:"of,omitempty"`    // cost_centers: the departments of the lines' cost centres
}

// Choice is somebody whom the submitter chose in a field, or whom the approvers of
// an earlier step choose, among those allowed.
type Choice struct {
	Field      string `json:"field"`
	Step       string `json:"step,omitempty"`       // of the approvers who choose, instead of a field
	Role       string `json:"role,omitempty"`       // its holders in the document's entity; or
	Department string `json:"department,omitempty"` // its people and those below it; "document" = the document's own
}

// Matrix is a table of who approves what: department, category and amount to
// approvers. 审批权限表
type Matrix struct {
	Match string `json:"match"` // first or all
	Rows  []Row  `json:"rows"`
}

// Row is one line of a matrix. It speaks of amounts from From to less than Below.
type Row struct {
	Departments []string `json:"departments,omitempty"` // these and those below them; none = every one
	Categories  []string `json:"categories,omitempty"`  // none = every one
	From        int64    `json:"from"`                  // in minor units of the policy's base currency
	Below       int64    `json:"below,omitempty"`       // 0 = without end
	Approvers   []Finder `json:"approvers"`
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
