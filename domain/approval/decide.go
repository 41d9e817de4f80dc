package approval

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeDecision judges approve, reject and return.
func (s State) judgeDecision(a Act, now time.Time) ([]evidence.Draft, error) {
	task, err := s.decidable(a)
	if err != nil {
		return nil, err
	}
	if a.Name == Return && a.ToStep != "" {
		return s.judgeBack(a, task, now)
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	ended := TaskEndedData{Task: task.ID, Step: task.Step, Assignee: task.Assignee, Opinion: a.Opinion}
	switch a.Name {
	case Approve:
		ended.To = a.To
		p.write(TaskWasApproved, ended)
		p.agree(task)
		if err := p.s.unchosen(a, task); err != nil {
			return nil, err
		}
		if err := p.s.enoughHumans(); err != nil {
			return nil, err
		}
	case Reject:
		p.write(TaskWasRejected, ended)
		p.refuse(task, a.Opinion)
	case Return:
		p.write(TaskWasReturned, ended)
		p.supersede(Return, func(Task) bool { return true })
		p.write(DocumentReturned, EndedData{Step: task.Step, Reason: a.Opinion, Back: s.goesStraight(a)})
	}
	return p.drafts, nil
}

// decidable finds the task of a decision, or the reason why this act cannot
// decide it.
func (s State) decidable(a Act) (Task, error) {
	task, err := s.mine(a)
	switch {
	case err != nil:
		return Task{}, err
	case task.For != "":
		return Task{}, fault.New(fault.Forbidden, "task.only_advice")
	case s.decidedIn(task.Step, a.Actor):
		return Task{}, fault.New(fault.Forbidden, "task.twice")
	case s.proved(a) != nil:
		return Task{}, s.proved(a)
	case len(s.Seen) >= actsMax && a.Name != Reject:
		return Task{}, fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	case a.Name != Approve && strings.TrimSpace(a.Opinion) == "":
		return Task{}, opinionRequired()
	}
	if a.Name != Approve {
		return task, nil
	}
	if s.intervened(a.Actor) {
		return Task{}, fault.New(fault.Forbidden, "task.intervened")
	}
	if signer, waits := s.awaitsSigner(task); waits {
		return Task{}, fault.New(fault.Conflict, "task.awaits_signer", fault.Arg("who", signer))
	}
	if err := s.heldApart(task.Step, a.Actor); err != nil {
		return Task{}, err
	}
	return task, s.fitChoice(a, task)
}

// heldApart refuses somebody who decided, with whatever account, in a step that needs
// other humans than this one.
func (s State) heldApart(step, person string) error {
	for _, other := range s.apart(step) {
		if s.decidedIn(other.ID, person) {
			return fault.New(fault.Forbidden, "task.distinct", fault.Arg("step", other.ID))
		}
	}
	return nil
}

// mine finds the open task that an act names, or the reason why the actor cannot
// act on it. Who may not know of the task is refused before it is described.
func (s State) mine(a Act) (Task, error) {
	task, found := s.task(a.Task)
	switch {
	case !found && a.Round > 0 && a.Round == s.Round-1:
		return Task{}, s.LastRound.refuse()
	case !found && a.Round > 0 && a.Round < s.Round:
		return Task{}, End{}.refuse()
	case !found:
		return Task{}, fault.New(fault.NotFound, "task.unknown", fault.Field("task"))
	case s.Interested(a.Actor) || s.Interested(a.OnBehalfOf):
		return Task{}, fault.New(fault.Forbidden, "task.interested")
	case !entitled(a, task):
		return Task{}, fault.New(fault.Forbidden, "task.not_yours")
	case task.State != TaskOpen:
		return Task{}, TooLate(task, s.Tasks, s.Status)
	case a.Round != s.Round || a.ContentHash != s.ContentHash:
		return Task{}, fault.New(fault.Conflict, "task.changed")
	case s.Stopped != nil:
		return Task{}, fault.New(fault.Conflict, "document.stopped", fault.Arg("by", s.Stopped.By))
	}
	return task, nil
}

// entitled says whether the task is the actor's, or that of the one they act
// for. The gateway verified and signed on whose behalf it is; an act on behalf
// of somebody is never taken for one's own.
func entitled(a Act, task Task) bool {
	if a.OnBehalfOf != "" {
		return task.Assignee == a.OnBehalfOf
	}
	return task.Assignee == a.Actor
}

// decidedIn says whether a person, with whatever account, decided a task of the
// step in this round.
func (s State) decidedIn(step, person string) bool {
	for _, a := range s.spared(step) {
		if s.behind(a.Person) == s.behind(person) {
			return true
		}
	}
	for _, t := range s.tasksOf(step) {
		if t.decided() && s.behind(t.DecidedBy) == s.behind(person) {
			return true
		}
	}
	return false
}

// apart lists the steps that need other humans than a step, whichever of the two
// says so.
func (s State) apart(step string) []Step {
	i := s.indexOfStep(step)
	if i < 0 {
		return nil
	}
	var others []Step
	for _, other := range s.Plan.Steps {
		if slices.Contains(s.Plan.Steps[i].DistinctFrom, other.ID) || slices.Contains(other.DistinctFrom, step) {
			others = append(others, other)
		}
	}
	return others
}

// enoughHumans refuses an approved document in which fewer humans agreed than its
// plan asks for. Where somebody intervened, one other human agrees at the least.
func (s State) enoughHumans() error {
	if s.Plan == nil || s.Status != Approved && s.Status != Closed {
		return nil
	}
	if missing := s.needed() - len(s.agreed()); missing > 0 {
		return fault.New(fault.Conflict, "task.too_few_humans", fault.Arg("missing", strconv.Itoa(missing)))
	}
	return nil
}

// needed is how many different humans must have agreed in the end.
func (s State) needed() int { return max(s.Plan.Humans, min(len(s.Interveners), 1)) }

// agreed lists the humans whose yes counts: who intervened is none of them.
func (s State) agreed() map[string]bool {
	agreed := map[string]bool{}
	for _, t := range s.Tasks {
		if t.agreed() && human(t.DecidedBy) && !s.intervened(t.DecidedBy) {
			agreed[s.behind(t.DecidedBy)] = true
		}
	}
	for _, a := range s.Agreed {
		if !s.intervened(a.Person) {
			agreed[s.behind(a.Person)] = true // what they agreed to may be asked again, and of others
		}
	}
	return agreed
}

// TooLate is the refusal of an act on a task that is not open any more: who decided
// it, or ended it, what and when. tasks are those of the task's round, in the order
// of opening; status is the document's.
//
// Errors: Conflict task.stale; task.closed where that is not known.
func TooLate(task Task, tasks []Task, status Status) error {
	if task.Ended != (End{}) {
		return task.Ended.refuse()
	}
	decider, found := task, task.DecidedBy != ""
	if task.State == TaskSuperseded && status != Withdrawn && status != Voided {
		decider, found = deciderOf(task, tasks) // of a state, or a row, that has no Ended
	}
	if !found {
		return End{}.refuse()
	}
	return End{By: decider.DecidedBy, At: decider.DecidedAt, Act: string(decider.act())}.refuse()
}

// refuse tells who comes too late what ended it.
func (e End) refuse() error {
	if e.By == "" {
		return fault.New(fault.Conflict, "task.closed")
	}
	return fault.New(fault.Conflict, "task.stale",
		fault.Arg("by", e.By), fault.Arg("at", e.At.UTC().Format(time.RFC3339)), fault.Arg("act", e.Act))
}

// deciderOf finds the decision that superseded a task: that of its own place in
// the step, else the last one of the step.
func deciderOf(task Task, tasks []Task) (Task, bool) {
	var last Task
	for _, t := range tasks {
		switch {
		case t.Step != task.Step || t.Round != task.Round || t.DecidedBy == "" || t.State == TaskAdvised:
		case t.Slot == task.Slot:
			return t, true
		case !t.DecidedAt.Before(last.DecidedAt):
			last = t
		}
	}
	return last, last.DecidedBy != ""
}

// act is the name of the act that a decided task stands for.
func (t Task) act() Name {
	switch t.State {
	case TaskRejected:
		return Reject
	case TaskReturned:
		return Return
	case TaskAdvised:
		return Consult
	}
	if t.No {
		return Reject
	}
	return Approve
}

func opinionRequired() error {
	return fault.New(fault.Invalid, "act.opinion_required", fault.Field("opinion"))
}

func maxArg(n int) fault.Detail { return fault.Arg("max", strconv.Itoa(n)) }
