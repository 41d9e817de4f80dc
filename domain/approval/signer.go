package approval

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeAddSigner adds people who must agree too. Who stands after is asked when
// the step has its yeses; the others now.
func (s State) judgeAddSigner(a Act, step Step, task Task, now time.Time) ([]evidence.Draft, error) {
	if !slices.Contains([]string{SignBefore, SignAfter, SignBeside}, a.Where) {
		return nil, fault.New(fault.Invalid, "act.bad_where", fault.Field("where"), fault.Arg("where", a.Where))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	for _, person := range a.To {
		slot := p.s.nextSlot(step)
		p.write(SignerAdded, SignerData{
			Step: step.ID, Task: task.ID, Person: person, Slot: slot, Where: a.Where, Opinion: a.Opinion,
		})
		if a.Where != SignAfter {
			p.openTask(step, Approver{Person: person, Via: "added:" + task.Assignee}, slot)
		}
	}
	return p.drafts, nil
}

// nextSlot is the first place of a step that nobody ever had.
func (s State) nextSlot(step Step) int {
	next := len(places(step))
	for _, a := range s.Added {
		if a.Step == step.ID {
			next = max(next, a.Slot+1)
		}
	}
	for _, t := range s.Tasks {
		if t.Step == step.ID {
			next = max(next, t.Slot+1)
		}
	}
	return next
}

// openSigners asks those who stand after, once the step has its yeses.
func (p *pen) openSigners(step Step) bool {
	opened := false
	for _, a := range slices.Clone(p.s.Added) {
		if a.Step == step.ID && a.Where == SignAfter && !p.s.asked(step, a.Slot) {
			p.openTask(step, Approver{Person: a.Person, Via: "added:" + p.s.assigneeOf(a.Task)}, a.Slot)
			opened = true
		}
	}
	return opened
}

func (s State) asked(step Step, slot int) bool {
	return slices.ContainsFunc(s.tasksOf(step.ID), func(t Task) bool {
		return t.Slot == slot && t.For == "" && (t.State == TaskOpen || t.decided())
	})
}

func (s State) assigneeOf(task string) string {
	t, _ := s.task(task)
	return t.Assignee
}

// standsAfter says whether a task is that of a signer who is asked only once the
// step has its yeses.
func (s State) standsAfter(t Task) bool {
	return slices.ContainsFunc(s.Added, func(a Added) bool {
		return a.Step == t.Step && a.Slot == t.Slot && a.Where == SignAfter
	})
}

// signed says whether every added signer of a step has agreed.
func (s State) signed(step Step) bool {
	return !slices.ContainsFunc(s.Added, func(a Added) bool { return a.Step == step.ID && !s.agreedIn(step, a.Slot) })
}

func (s State) agreedIn(step Step, slot int) bool {
	return slices.ContainsFunc(s.tasksOf(step.ID), func(t Task) bool {
		return t.Slot == slot && t.For == "" && t.agreed()
	})
}

// awaitsSigner says for whom a task waits: a signer whom its assignee put before it.
func (s State) awaitsSigner(task Task) (string, bool) {
	step, _ := s.stepOf(task)
	for _, a := range s.Added {
		if a.Task == task.ID && a.Where == SignBefore && !s.agreedIn(step, a.Slot) {
			return a.Person, true
		}
	}
	return "", false
}

// judgeRemoveSigner takes a signer away whom the actor added and who has not
// decided yet. The act names the adder's task, which may be decided by now.
func (s State) judgeRemoveSigner(a Act, now time.Time) ([]evidence.Draft, error) {
	task, found := s.task(a.Task)
	switch {
	case !found:
		return nil, fault.New(fault.NotFound, "task.unknown", fault.Field("task"))
	case s.Interested(a.Actor) || s.Interested(a.OnBehalfOf):
		return nil, fault.New(fault.Forbidden, "task.interested")
	case !entitled(a, task):
		return nil, fault.New(fault.Forbidden, "task.not_yours")
	case a.Round != s.Round || a.ContentHash != s.ContentHash:
		return nil, fault.New(fault.Conflict, "task.changed")
	case s.Stopped != nil:
		return nil, fault.New(fault.Conflict, "document.stopped", fault.Arg("by", s.Stopped.By))
	case len(a.To) != 1:
		return nil, fault.New(fault.Invalid, "act.bad_to", fault.Field("to"))
	case len(s.Seen) >= actsMax:
		return nil, fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	}
	step, known := s.stepOf(task)
	i := slices.IndexFunc(s.Added, func(x Added) bool { return x.Task == task.ID && x.Person == a.To[0] })
	if !known || s.Status != Pending || s.Over(step.ID) || i < 0 || s.agreedIn(step, s.Added[i].Slot) {
		return nil, fault.New(fault.Conflict, "signer.not_removable", fault.Arg("person", a.To[0]))
	}
	gone := s.Added[i]
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(SignerRemoved, SignerData{
		Step: gone.Step, Task: task.ID, Person: gone.Person, Slot: gone.Slot, Where: gone.Where, Opinion: a.Opinion,
	})
	p.supersede(RemoveSigner, func(t Task) bool { return t.Slot == gone.Slot && t.Step == gone.Step })
	if p.s.tally(step) == won {
		p.count(step, task, "")
	}
	if err := p.s.enoughHumans(); err != nil {
		return nil, err
	}
	return p.drafts, nil
}
