// Package rehearsal plays a document that does not exist through the real rules: the
// core judges and folds, the policy finds the people, and nothing is kept. 演练
//
// A rehearsal is what was done in it, in order: it is played again from its beginning
// each time, so there is no state that somebody would have to believe.
package rehearsal

import (
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// Document is the id that every rehearsed document has.
const Document = "rehearsal"

// DeedsMost is how many deeds one rehearsal has.
const DeedsMost = 40

// Wait lets the time pass until the next reminder or deadline.
const Wait approval.Name = "wait"

// Deed is one thing that somebody does in a rehearsal, or that time does: Wait.
type Deed struct {
	Act    approval.Name
	Task   string   // of a decision
	ToStep string   // of a return: the step, "" for the submitter
	To     []string // of an approval: whom it chooses for a later step
}

// Stage is what a rehearsal is played on.
type Stage struct {
	Policy    *policy.Policy
	Version   int // of the policy
	Org       *org.Snapshot
	Rates     func(from, to money.Currency) (rate string, known bool)
	Calendars []*calendar.Calendar
	Content   document.Content // complete, as it is submitted
	Number    string
	Start     time.Time
	Words     string // what everybody says where the rules ask for words
}

// Scene is where a rehearsal stands.
type Scene struct {
	State  approval.State
	Events []evidence.Event
	Now    time.Time
	Played int // deeds that took effect

	// Refused is why the deed after those was refused; nil where none was.
	Refused *fault.Fault

	// SignIn and Passkey are what a decision would need besides; in a rehearsal nobody
	// has to prove who they are.
	SignIn  *approval.FreshSignIn
	Passkey bool
}

var _ = fault.Register(map[string]fault.Entry{
	"rehearsal.bad_deed": {Kind: fault.Invalid},
	"rehearsal.too_long": {Kind: fault.Invalid, Args: []string{"max"}},
})

// player is a rehearsal while it is played.
type player struct {
	Stage
	Scene
	hash string
}

// Play submits the document and does what was done, one after the other. A deed that is
// refused ends it there, in Scene.Refused.
//
// Errors: those of a policy that makes no plan; Invalid rehearsal.too_long.
func Play(s Stage, deeds []Deed) (Scene, error) {
	if len(deeds) > DeedsMost {
		return Scene{}, fault.New(fault.Invalid, "rehearsal.too_long", fault.Arg("max", strconv.Itoa(DeedsMost)))
	}
	hash, err := evidence.HashOf(s.Content)
	if err != nil {
		return Scene{}, err
	}
	p := &player{Stage: s, Scene: Scene{Now: s.Start}, hash: hash}
	c := s.Content
	submitted := approval.SubmittedDraft(c.Submitter, hash, approval.SubmittedData{
		Number: s.Number, Type: c.Type, Title: c.Title, Entity: c.Entity, Department: c.Department, Submitter: c.Submitter,
		Requester: c.Requester, Payee: c.Payee.ID, Urgency: string(c.Urgency), Total: c.Total, BaseTotal: c.BaseTotal,
	})
	if err := p.record(approval.SubmitCause, []evidence.Draft{submitted}); err != nil {
		return Scene{}, err
	}
	if err := p.answer(); err != nil {
		return Scene{}, err
	}
	for _, deed := range deeds {
		err := p.play(deed)
		if f, refused := fault.As(err); refused && f.Kind != fault.Internal {
			p.Refused = f
			break
		}
		if err == nil {
			err = p.answer()
		}
		if err != nil {
			return Scene{}, err
		}
		p.Played++
	}
	return p.Scene, nil
}

func (p *player) play(d Deed) error {
	if d.Act == Wait {
		return p.wait()
	}
	a, err := p.Aimed(d, p.Words)
	if err != nil {
		return err
	}
	return p.do(a)
}

// Aimed is the act that a deed is, done by whoever is asked for it.
//
// Errors: Invalid rehearsal.bad_deed for what is no deed of a rehearsal.
func (s Scene) Aimed(d Deed, words string) (approval.Act, error) {
	a := approval.Act{
		ID: "deed-" + strconv.Itoa(s.Played+1), Name: d.Act, Document: Document, Actor: s.State.Submitter, Opinion: words,
	}
	switch d.Act {
	case approval.Approve, approval.Reject, approval.Return:
		at := slices.IndexFunc(s.State.Tasks, func(t approval.Task) bool { return t.ID == d.Task })
		if at < 0 {
			return a, fault.New(fault.Invalid, "rehearsal.bad_deed")
		}
		a.Task, a.Round, a.ContentHash, a.ToStep, a.To = d.Task, s.State.Round, s.State.ContentHash, d.ToStep, d.To
		a.Actor, a.OnBehalfOf = s.decider(s.State.Tasks[at].Assignee)
	case approval.Resubmit:
		a.Revision, a.NewHash = s.State.Revision+1, s.State.ContentHash
	case approval.Withdraw:
	default:
		return a, fault.New(fault.Invalid, "rehearsal.bad_deed")
	}
	return a, nil
}

// decider is who decides a task: its assignee, or for the queue the first administrator.
func (s Scene) decider(assignee string) (actor, behalf string) {
	if assignee != approval.AdminQueue {
		return assignee, ""
	}
	if s.State.Plan != nil {
		for _, admin := range s.State.Plan.Admins {
			if !s.State.Interested(admin) {
				return admin, assignee
			}
		}
	}
	return assignee, ""
}

// wait lets the clocks strike that strike next, as the workflow's timer does.
func (p *player) wait() error {
	wake := p.State.Wake()
	if wake.IsZero() {
		return fault.New(fault.Invalid, "rehearsal.bad_deed")
	}
	if wake.After(p.Now) {
		p.Now = wake
	}
	for _, struck := range p.State.Strike(p.Now) {
		if struck.Due {
			struck.To = p.takeOver(struck.Task)
		}
		if err := p.do(struck); err != nil {
			return err
		}
	}
	return nil
}

// takeOver finds who gets an overdue task, where its step passes it on.
func (p *player) takeOver(task string) []approval.Approver {
	for _, t := range p.State.Tasks {
		for _, step := range p.State.Plan.Steps {
			if t.ID == task && t.Step == step.ID {
				return policy.TakeOver(p.Org, step.OnTimeout, t.Assignee, p.State.Plan.Interested, p.State.Entity)
			}
		}
	}
	return nil
}

// answer gives the document what it waits for: a route, and whoever a step asks.
func (p *player) answer() error {
	for {
		switch {
		case p.State.WantsPlan():
			if err := p.plan(); err != nil {
				return err
			}
		case len(p.State.Unstaffed()) > 0:
			if err := p.staff(p.State.Unstaffed()[0].ID); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (p *player) plan() error {
	plan, err := policy.Route(p.reached())
	if err != nil {
		return err
	}
	plan.Rules = approval.RulesNow
	p.SignIn, p.Passkey = plan.SignIn, plan.Passkey
	plan.SignIn, plan.Passkey = nil, false
	return p.do(approval.Planned{Plan: plan, Attempt: p.State.PlanAttempt})
}

func (p *player) staff(step string) error {
	in := p.reached()
	in.Counted, in.Asked = p.State.Plan.Counted, p.State.Apart(step)
	staffed := approval.Staffed{
		Round: p.State.Round, Step: step, N: p.State.Staffings, OrgVersion: p.Org.Version,
	}
	var err error
	if staffed.Approvers, err = policy.Staff(in, step); err != nil {
		if staffed.Code = fault.CodeOf(err); staffed.Code == "" {
			return err
		}
	}
	return p.do(staffed)
}

// reached is what the policy is asked with. No other document counts with this one: it
// is generated, and so is everything beside it.
func (p *player) reached() policy.RouteInput {
	return policy.RouteInput{
		Policy: p.Policy, Version: p.Version, Content: p.Content, Org: p.Org, Round: p.State.Round, Document: Document,
		Rates: p.Rates,
	}
}

// do judges, stamps, seals and folds.
func (p *player) do(c approval.Command) error {
	drafts, err := p.State.Judge(c, p.Now)
	if err != nil || len(drafts) == 0 {
		return err
	}
	return p.record(c.Cause(), drafts)
}
