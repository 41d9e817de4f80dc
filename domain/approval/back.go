package approval

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeBack returns the document to a step that it has passed in this round, before
// the fork or in the same branch; its content stays, so the round does, and what was
// decided in other branches.
func (s State) judgeBack(a Act, task Task, now time.Time) ([]evidence.Draft, error) {
	to, from := s.indexOfStep(a.ToStep), s.indexOfStep(task.Step)
	switch {
	case a.Back != "" && a.Back != BackRestart && a.Back != BackStraight:
		return nil, fault.New(fault.Invalid, "act.bad_back", fault.Field("back"), fault.Arg("back", a.Back))
	case to < 0 || !s.over(to) || !s.Plan.before(to, from) || !s.passed(a.ToStep):
		return nil, fault.New(fault.Invalid, "step.not_passed", fault.Field("to_step"), fault.Arg("step", a.ToStep))
	case len(s.Tasks)+len(s.Plan.Steps[to].Approvers) > tasksMax:
		return nil, fault.New(fault.Conflict, "document.too_many_tasks", maxArg(tasksMax))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(TaskWasReturned, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion, Reason: a.ToStep,
	})
	reopened := ReopenedData{Step: a.ToStep, Fresh: true, Past: []string{}, Steps: s.reopens(to, -1)}
	if a.Back == BackStraight {
		reopened.Then, reopened.Steps = task.Step, s.reopens(to, from)
	} else {
		reopened.Then = s.wayOn(to, reopened.Steps)
	}
	again := func(t Task) bool { return slices.Contains(reopened.Steps, t.Step) }
	p.supersede(Return, again)
	for _, t := range p.s.Tasks {
		if !t.Past && again(t) {
			reopened.Past = append(reopened.Past, t.ID)
		}
	}
	p.write(StepReopened, reopened)
	p.walk() // to that step, unless another branch is on its way through one before it
	return p.drafts, nil
}

// wayOn is where a way straight back leads when the document goes back to a step, and
// steps are reopened with it: on to where it led, if that is another branch's affair; to
// that step, while one before it is still being asked on the way; nowhere, where the
// way ends.
func (s State) wayOn(to int, reopened []string) string {
	if s.Then == "" || !slices.Contains(reopened, s.Then) {
		return s.Then
	}
	for i := range to {
		if s.Plan.before(i, to) && !s.over(i) {
			return s.Plan.Steps[to].ID
		}
	}
	return ""
}

// passed says whether people agreed in a step in this round.
func (s State) passed(step string) bool {
	for _, t := range s.tasksOf(step) {
		if t.agreed() {
			return true
		}
	}
	return false
}

// judgeRetract takes back a yes before anybody decided after it. Whoever was asked
// because of it is asked no more; the place, and those that the yes had ended, are
// open again.
func (s State) judgeRetract(a Act, now time.Time) ([]evidence.Draft, error) {
	task, found := s.task(a.Task)
	at := s.indexOfStep(task.Step)
	switch {
	case !found:
		return nil, fault.New(fault.NotFound, "task.unknown", fault.Field("task"))
	case s.Interested(a.Actor) || s.Interested(a.OnBehalfOf):
		return nil, fault.New(fault.Forbidden, "task.interested")
	case !entitled(a, task) || task.DecidedBy != "" && task.DecidedBy != a.Actor:
		return nil, fault.New(fault.Forbidden, "task.not_yours")
	case a.Round != s.Round || a.ContentHash != s.ContentHash:
		return nil, fault.New(fault.Conflict, "task.changed")
	case s.Stopped != nil:
		return nil, fault.New(fault.Conflict, "document.stopped", fault.Arg("by", s.Stopped.By))
	case s.Status != Pending || at < 0 || !task.agreed() || s.Then != "" || task.Round != s.Round:
		return nil, fault.New(fault.Conflict, "task.not_retractable")
	case strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	case len(s.Seen) >= actsMax:
		return nil, fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	}
	step := s.Plan.Steps[at]
	if err := s.mayHandle(a, step); err != nil {
		return nil, err
	}
	for _, t := range s.Tasks {
		follows := t.Step == task.Step || s.Plan.before(at, s.indexOfStep(t.Step))
		if follows && t.ID != task.ID && t.State != TaskAdvised && t.DecidedBy != "" && t.DecidedAt.After(task.DecidedAt) {
			return nil, TooLate(t, s.Tasks, s.Status)
		}
	}
	reopened := ReopenedData{Step: step.ID, Past: []string{task.ID}, Steps: s.reopens(at, -1)}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(TaskWasRetracted, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion,
	})
	planned := task.Slot < len(places(step))
	undone := func(t Task) bool {
		if t.Step != step.ID {
			return slices.Contains(reopened.Steps, t.Step)
		}
		next := step.Mode == InOrder && t.Slot > task.Slot && t.Slot < len(places(step))
		return planned && (next || s.standsAfter(t))
	}
	p.supersede(Retract, undone)
	again := p.s.endedBy(step, task)
	for _, t := range p.s.Tasks {
		if !t.Past && t.ID != task.ID && (undone(t) || slices.Contains(again, t.ID)) {
			reopened.Past = append(reopened.Past, t.ID)
		}
	}
	if len(s.Tasks)+len(again) > tasksMax && s.edition() >= 1 {
		return nil, fault.New(fault.Conflict, "document.too_many_tasks", maxArg(tasksMax))
	}
	p.write(StepReopened, reopened)
	p.askAgain(step, again)
	return p.drafts, nil
}

// endedBy lists a task whose yes is taken back, and those that it had ended: of who
// else had its place, and of the places that have neither a vote nor an open task.
func (s State) endedBy(step Step, retracted Task) []string {
	of := places(step)
	standing := map[int]bool{retracted.Slot: true}
	spoken := map[string]bool{}
	for _, t := range s.tasksOf(step.ID) {
		if t.For == "" && (t.decided() || t.State == TaskOpen) {
			standing[t.Slot] = true
		}
		if t.agreed() && t.Slot < len(of) {
			spoken[of[t.Slot].Group] = true
		}
	}
	var ended []string
	for _, t := range s.tasksOf(step.ID) {
		again := t.Slot == retracted.Slot
		if planned := t.Slot < len(of) && retracted.Slot < len(of); planned && !again && step.Mode != InOrder {
			again = !standing[t.Slot] && (step.Mode != PerGroup || !spoken[of[t.Slot].Group])
		}
		if t.ID == retracted.ID || again && t.For == "" && t.State == TaskSuperseded {
			ended = append(ended, t.ID)
		}
	}
	return ended
}

// askAgain opens the places of some tasks again, for whoever had them last.
func (p *pen) askAgain(step Step, ended []string) {
	asked := map[string]bool{}
	for _, id := range ended {
		t, _ := p.s.task(id)
		if key := strconv.Itoa(t.Slot) + " " + t.Assignee; !asked[key] {
			asked[key] = true
			p.takeOver(step, Approver{Person: t.Assignee, Via: t.Via}, t.Slot, t.GivenBy)
		}
	}
}
