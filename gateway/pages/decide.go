package pages

import (
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// decideForm is the decision of one's own open task.
type decideForm struct {
	Task, Hash, Step, Queue, For string // For: whose it is, decided by their delegation

	Round  int
	Return bool
	Advice bool // somebody asks for an answer, not for a decision
	Due    deadline
	Choose []choosing

	Verdict string // that the reader came to give, by a card or a letter: approve, reject or ""
}

// decideForm offers the first open task that the reader may decide: their own
// before those of others. What the rules would refuse is not offered.
func (v *visit) decideForm(detail desk.Detail, state approval.State) *decideForm {
	if state.Interested(v.who.Person.ID) || state.Stopped != nil {
		return nil // the rules would refuse it
	}
	inboxes := access.Inboxes(v.who.Subject)
	var forOther *decideForm
	for _, t := range detail.Tasks {
		own := slices.Contains(inboxes, t.Assignee)
		if t.State != approval.TaskOpen || !own && !v.standsIn(detail, state, t) {
			continue
		}
		form := &decideForm{
			Task: t.ID, Round: t.Round, Hash: detail.ContentHash, Step: i18n.Pick(t.StepTitle, v.locale),
			Return: true, Advice: t.For != "", Due: v.due(t.DueAt, detail.Entity), Choose: v.offered(state, t.Task),
			Verdict: v.verdict(),
		}
		switch {
		case !own && forOther == nil:
			form.For, forOther = v.name(t.Assignee), form
		case own && v.may(access.TaskDecide, access.Object{Entity: detail.Entity, Assignees: []string{t.Assignee}}):
			if t.Assignee == approval.AdminQueue {
				form.Queue = v.name(t.Assignee)
			}
			return form
		}
	}
	return forOther
}

// offered are those whom an approval may choose for later steps.
func (v *visit) offered(state approval.State, t approval.Task) []choosing {
	if state.Plan == nil || t.For != "" {
		return nil
	}
	var all []choosing
	for _, step := range state.Plan.Steps {
		if step.Need != approval.NeedsPeople || step.Late == nil || step.Late.Chooser != t.Step {
			continue
		}
		c := choosing{Step: i18n.Pick(step.Title, v.locale)}
		for _, person := range step.Late.Among {
			if !state.Interested(person) {
				c.Among = append(c.Among, choice{person, v.name(person)})
			}
		}
		all = append(all, c)
	}
	return all
}

// choosing is a later step whose approvers are chosen here.
type choosing struct {
	Step  string
	Among []choice
}

// standsIn says whether the reader may decide a task for its assignee: by a
// delegation in force, and where they decided no other task of its step.
func (v *visit) standsIn(detail desk.Detail, state approval.State, t store.Task) bool {
	me := v.who.Person.ID
	return v.may(access.TaskDecide, access.Object{Entity: detail.Entity, Delegates: []string{me}}) &&
		slices.ContainsFunc(detail.StandsIn, func(r delegation.Rule) bool { return r.Person == t.Assignee }) &&
		!slices.ContainsFunc(state.Tasks, func(o approval.Task) bool {
			return o.Step == t.Step && o.DecidedBy == me && !o.Past
		})
}

// verdict is what the reader chose on a card or in a letter before they came here. It
// only points at the form: nothing is decided by an address.
func (v *visit) verdict() string {
	chosen := v.r.URL.Query().Get("verdict")
	if chosen != string(approval.Approve) && chosen != string(approval.Reject) {
		return ""
	}
	return chosen
}
