package approval

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeHandling judges what an approver does with their task beside deciding it.
func (s State) judgeHandling(a Act, now time.Time) ([]evidence.Draft, error) {
	if a.Name == Retract {
		return s.judgeRetract(a, now)
	}
	if a.Name == RemoveSigner {
		return s.judgeRemoveSigner(a, now)
	}
	task, err := s.mine(a)
	if err != nil {
		return nil, err
	}
	if task.For != "" {
		return s.judgeAdvice(a, task, now)
	}
	step, _ := s.stepOf(task)
	if err := s.mayHandle(a, step); err != nil {
		return nil, err
	}
	if err := s.fitTo(a, step); err != nil {
		return nil, err
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	switch a.Name {
	case Transfer:
		p.transfer(a, step, task)
	case Consult:
		p.consult(a, step, task)
	default:
		return s.judgeAddSigner(a, step, task, now)
	}
	return p.drafts, nil
}

// mayHandle says whether the step allows an act, and whether there is room for it.
func (s State) mayHandle(a Act, step Step) error {
	switch {
	case !slices.Contains(step.Allow, string(a.Name)):
		return fault.New(fault.Forbidden, "act.not_allowed", fault.Arg("act", string(a.Name)))
	case len(s.Seen) >= actsMax:
		return fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	case len(s.Tasks)+len(a.To) > tasksMax:
		return fault.New(fault.Conflict, "document.too_many_tasks", maxArg(tasksMax))
	}
	return nil
}

// toMost is how many people one act may name.
const toMost = 20

// fitTo checks the people whom an act names: humans, each once, none of them
// interested, and none with a part in the step: one human has one place in it.
func (s State) fitTo(a Act, step Step) error {
	bad := func(code, person string) error {
		return fault.New(fault.Invalid, code, fault.Field("to"), fault.Arg("person", person))
	}
	if len(a.To) == 0 || len(a.To) > toMost || a.Name != AddSigner && len(a.To) != 1 {
		return fault.New(fault.Invalid, "act.bad_to", fault.Field("to"))
	}
	part := s.takenIn(step)
	if a.Name == Consult {
		part = s.partOf(step) // advice decides nothing
	}
	for _, person := range a.To {
		who := s.behind(person)
		switch {
		case !human(person) || len(person) > textMax:
			return fault.New(fault.Invalid, "act.bad_to", fault.Field("to"))
		case s.Interested(person):
			return bad("act.to_interested", person)
		case a.Name != Consult && s.intervened(person):
			return bad("act.to_intervener", person)
		case part[who]:
			return bad("act.to_has_part", person)
		}
		part[who] = true
	}
	return nil
}

// takenIn lists the humans who may not be given a part in a step: those who have
// one, there or in a step that needs other humans.
func (s State) takenIn(step Step) map[string]bool {
	taken := s.partOf(step)
	for _, other := range s.apart(step.ID) {
		maps.Copy(taken, s.partOf(other))
	}
	return taken
}

// partOf lists the humans who have or had a part in a step.
func (s State) partOf(step Step) map[string]bool {
	part := map[string]bool{}
	for _, t := range s.tasksOf(step.ID) {
		if t.State != TaskAdvised {
			part[s.behind(t.Assignee)] = true
		}
		if t.decided() {
			part[s.behind(t.DecidedBy)] = true
		}
	}
	if step.Late == nil || s.begun(s.indexOfStep(step.ID)) { // else they are a preview
		for _, a := range places(step) {
			part[s.behind(a.Person)] = true
		}
	}
	for _, a := range s.Added {
		if a.Step == step.ID {
			part[s.behind(a.Person)] = true
		}
	}
	return part
}

// transfer hands the task over: another person fills the place, with a fresh clock.
func (p *pen) transfer(a Act, step Step, task Task) {
	p.write(TaskWasTransferred, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, To: a.To, Next: p.successor(step),
	})
	p.supersede(Transfer, func(t Task) bool { return t.For == task.ID })
	p.openTask(step, Approver{Person: a.To[0], Via: "transferred:" + task.Assignee}, task.Slot)
}

// consult asks for advice: the task stays open and its clock runs on.
func (p *pen) consult(a Act, step Step, task Task) {
	p.write(TaskWasConsulted, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, To: a.To,
	})
	p.follow(TaskOpened, TaskOpenedData{
		Task: p.nextTask(step), Step: step.ID, Assignee: a.To[0], Via: "consulted:" + task.Assignee, Slot: task.Slot,
		For: task.ID, Clock: Clock{Calendar: step.Clock.Calendar},
	})
}

// judgeAdvice takes the answer of somebody who was asked for advice.
func (s State) judgeAdvice(a Act, task Task, now time.Time) ([]evidence.Draft, error) {
	switch {
	case a.Name != Consult:
		return nil, fault.New(fault.Forbidden, "task.only_advice")
	case len(a.To) > 0:
		return nil, fault.New(fault.Invalid, "act.bad_to", fault.Field("to"))
	case strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(TaskWasAdvised, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, Reason: task.For,
		To: []string{s.assigneeOf(task.For)},
	})
	return p.drafts, nil
}
