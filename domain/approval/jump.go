package approval

import (
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeJump goes from the step of an open task on to a later one, or back to an
// earlier one: always to one that needs people, so that no jump approves anything.
func (s State) judgeJump(a Act, now time.Time) ([]evidence.Draft, error) {
	_, from, err := s.stuck(a)
	if err != nil {
		return nil, err
	}
	at, to := s.indexOfStep(from.ID), s.indexOfStep(a.ToStep)
	onward := to >= 0 && s.Plan.before(at, to) && !s.over(to)
	back := to >= 0 && s.Plan.before(to, at)
	switch {
	case to < 0 || s.Plan.Steps[to].Need != NeedsPeople || !onward && !back:
		return nil, fault.New(fault.Invalid, "step.no_target", fault.Field("to_step"), fault.Arg("step", a.ToStep))
	case len(s.Tasks)+s.mostOpened(to) > tasksMax:
		return nil, fault.New(fault.Conflict, "document.too_many_tasks", maxArg(tasksMax))
	}
	p := s.pen(now, a.Actor, "")
	p.why, p.ruling = a.Opinion, a.Ruling
	jumped := StepJumpedData{From: from.ID, Step: a.ToStep, Reason: a.Opinion, Maker: a.Maker}
	if back {
		p.jumpBack(jumped, to)
		return p.drafts, nil
	}
	if jumped.Over, err = s.jumpsOver(at, to); err != nil {
		return nil, err
	}
	p.supersede(Intervene, func(t Task) bool { return slices.Contains(jumped.Over, t.Step) })
	p.write(StepJumped, jumped)
	if missing := s.Plan.Humans - p.s.reachable(); missing > 0 {
		return nil, fault.New(fault.Conflict, "task.too_few_humans", fault.Arg("missing", strconv.Itoa(missing)))
	}
	p.walk()
	return p.drafts, nil
}

// mostOpened is how many tasks a jump opens at most: those of its target, and of the
// first steps of branches that begin with it.
func (s State) mostOpened(to int) int {
	n := 0
	for i, step := range s.Plan.Steps {
		if i == to || beside(step, s.Plan.Steps[to]) {
			n += len(step.Approvers)
		}
	}
	return n
}

// jumpsOver lists the steps that a jump onward passes over. It decides nothing for
// another branch, which must be over first; and it leaves out neither of two steps
// that need different humans, for then one human would stand for both.
func (s State) jumpsOver(from, to int) ([]string, error) {
	var over []string
	for i, step := range s.Plan.Steps {
		if !s.Plan.before(i, to) || s.over(i) || step.Need != NeedsPeople {
			continue
		}
		if beside(step, s.Plan.Steps[from]) {
			return nil, fault.New(fault.Conflict, "step.beside", fault.Field("to_step"), fault.Arg("step", step.ID))
		}
		for _, other := range s.apart(step.ID) {
			if other.Need == NeedsPeople {
				return nil, fault.New(fault.Invalid, "step.four_eyes", fault.Field("to_step"),
					fault.Arg("step", step.ID), fault.Arg("other", other.ID))
			}
		}
		over = append(over, step.ID)
	}
	return over, nil
}

// jumpBack reopens a step, and with it all that follow it; other branches of a fork
// that it stands in go on.
func (p *pen) jumpBack(jumped StepJumpedData, to int) {
	reopened := ReopenedData{Step: jumped.Step, Fresh: true, Past: []string{}, Steps: p.s.reopens(to, -1)}
	reopened.Then = p.s.wayOn(to, reopened.Steps)
	again := func(t Task) bool { return slices.Contains(reopened.Steps, t.Step) }
	p.supersede(Intervene, again)
	for _, t := range p.s.Tasks {
		if !t.Past && again(t) {
			reopened.Past = append(reopened.Past, t.ID)
		}
	}
	p.write(StepJumped, jumped)
	p.write(StepReopened, reopened)
	p.walk() // to that step, unless another branch is on its way through one before it
}

// reachable is how many humans can have agreed at the end: those who did, and those
// whom the steps that are not over ask, or will; of the admin queue, and of a step that
// finds its approvers yet, as many as are needed.
func (s State) reachable() int {
	humans := s.agreed()
	for i, step := range s.Plan.Steps {
		if s.over(i) || step.Need != NeedsPeople {
			continue
		}
		if step.Late != nil && !s.begun(i) {
			return s.Plan.Humans // whom it names is a preview, and may be nobody
		}
		for _, person := range s.asks(step) {
			if person == AdminQueue {
				return s.Plan.Humans
			}
			if !s.intervened(person) {
				humans[s.behind(person)] = true
			}
		}
	}
	return len(humans)
}

// asks lists who is asked in a step: who has its tasks now, whoever had them first,
// and whose turn is still to come.
func (s State) asks(step Step) []string {
	var people []string
	for _, t := range s.tasksOf(step.ID) {
		if t.State == TaskOpen && t.For == "" {
			people = append(people, t.Assignee)
		}
	}
	for place, a := range places(step) {
		if !s.asked(step, place) {
			people = append(people, a.Person)
		}
	}
	for _, a := range s.Added {
		if a.Step == step.ID && !s.asked(step, a.Slot) {
			people = append(people, a.Person)
		}
	}
	return people
}
