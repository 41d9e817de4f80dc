package pages

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
)

// handleForm is what an approver may do with a task beside deciding it.
type handleForm struct {
	Task, Hash string

	Round                        int
	Transfer, Consult, AddSigner bool
	Hold, RequestInfo, Extend    bool
	Steps                        []choice // that it may be returned to
	Applicant                    bool     // it may go to the applicant, and straight back
	Added                        []choice // signers who may be removed
	Retract                      string   // the decided task of one's own, "" for none
}

// choice is one thing to choose, by its id.
type choice struct{ ID, Title string }

// handleForm offers what the step allows; the rules judge again.
func (v *visit) handleForm(detail desk.Detail, s approval.State, decide *decideForm) *handleForm {
	if s.Status != approval.Pending || s.Stopped != nil || s.Interested(v.who.Person.ID) {
		return nil
	}
	form := &handleForm{Round: s.Round, Hash: s.ContentHash, Retract: v.retractable(s)}
	if decide != nil && !decide.Advice && decide.For == "" { // who stands in only decides
		step := stepOf(s, decide.Task)
		form.Task = decide.Task
		form.Transfer = slices.Contains(step.Allow, string(approval.Transfer))
		form.Consult = slices.Contains(step.Allow, string(approval.Consult))
		form.AddSigner = slices.Contains(step.Allow, string(approval.AddSigner))
		form.Hold = slices.Contains(step.Allow, string(approval.Hold))
		form.RequestInfo = slices.Contains(step.Allow, string(approval.RequestInfo))
		form.Extend = decide.Due.Text != "" && slices.Contains(step.Allow, string(approval.Extend))
		form.Steps = v.passedSteps(s, step)
		form.Applicant = len(form.Steps) > 0 && s.KnowsStraightBack()
	}
	for _, a := range s.Added {
		task := slices.IndexFunc(s.Tasks, func(t approval.Task) bool {
			return t.ID == a.Task && t.Assignee == v.who.Person.ID
		})
		if task >= 0 {
			form.Task = a.Task
			form.Added = append(form.Added, choice{a.Person, v.name(a.Person)})
		}
	}
	if form.Task == "" && form.Retract == "" {
		return nil
	}
	return form
}

// retractable is one's own last yes, while nobody decided after it and its step
// allows to take it back.
func (v *visit) retractable(s approval.State) string {
	if s.Then != "" || s.Plan == nil {
		return ""
	}
	var last approval.Task
	for _, t := range s.Tasks {
		if t.DecidedBy != "" && t.DecidedAt.After(last.DecidedAt) {
			last = t
		}
	}
	if last.DecidedBy != v.who.Person.ID || last.State != approval.TaskApproved || last.Past || last.Round != s.Round ||
		last.Assignee != v.who.Person.ID {
		return ""
	}
	for _, step := range s.Plan.Steps {
		if step.ID == last.Step && slices.Contains(step.Allow, string(approval.Retract)) {
			return last.ID
		}
	}
	return ""
}

// stepOf is the step of a task.
func stepOf(s approval.State, task string) approval.Step {
	for _, t := range s.Tasks {
		for _, step := range s.Plan.Steps {
			if t.ID == task && t.Step == step.ID {
				return step
			}
		}
	}
	return approval.Step{}
}

// passedSteps are the steps before one in which people agreed.
func (v *visit) passedSteps(s approval.State, from approval.Step) []choice {
	var passed []choice
	for _, step := range s.Plan.Steps {
		agreed := slices.ContainsFunc(s.Tasks, func(t approval.Task) bool {
			return t.Step == step.ID && !t.Past && t.State == approval.TaskApproved
		})
		if agreed && s.Over(step.ID) && s.Plan.Before(step.ID, from.ID) {
			passed = append(passed, choice{step.ID, i18n.Pick(step.Title, v.locale)})
		}
	}
	return passed
}

// stoppedBox says why nobody decides, and lets the clock go on whoever may.
type stoppedBox struct {
	By           string
	Info, Answer bool // the submitter is asked for something; the reader is who answers
	May          bool
}

func (v *visit) stoppedBox(detail desk.Detail, s approval.State) *stoppedBox {
	if s.Stopped == nil {
		return nil
	}
	me := v.who.Person.ID
	answers := s.Stopped.Info && (me == detail.Submitter || me == detail.Requester)
	return &stoppedBox{By: v.name(s.Stopped.By), Info: s.Stopped.Info, Answer: answers, May: answers || me == s.Stopped.By}
}
