package approval_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// take does a command, and says whether that changes anything and, of an act, why it
// is refused.
func (m *model) take(c approval.Command, now time.Time) (changes bool, refusal string) {
	m.now = now
	switch c := c.(type) {
	case approval.Act:
		if refusal = m.act(c); refusal == "" {
			m.seen[c.ID] = true
		}
		return refusal == "", refusal
	case approval.Planned:
		m.material = len(c.Changed) > 0
		changes = m.planned(c.Plan, c.Attempt, true)
	case approval.Unplanned:
		changes = m.planned(approval.Plan{Round: c.Round}, c.Attempt, false)
	case approval.Staffed:
		changes = m.staffed(c)
	case approval.Struck:
		changes = m.strike(c)
	case approval.Settled:
		changes = m.settled(c)
	case approval.Recounted:
		changes = m.recount(c)
	case approval.HandedOver:
		changes = m.handOver(c)
	case approval.LetGo:
		changes = m.letGo(c)
	}
	return changes, ""
}

// differs says where the state of the core is not what the model foretold.
func (m *model) differs(s approval.State) string {
	if m.status != s.Status || m.round != s.Round || m.revision != s.Revision || m.hash != s.ContentHash {
		return fmt.Sprintf("status, round, revision, hash: %s %d %d %s, not %s %d %d %s",
			s.Status, s.Round, s.Revision, s.ContentHash, m.status, m.round, m.revision, m.hash)
	}
	if failed := s.PlanFault != ""; m.status == approval.Submitted && failed != m.failed {
		return fmt.Sprintf("route fault %q, and the model has %t", s.PlanFault, m.failed)
	}
	if !s.Done() && (m.stopped != nil) != (s.Stopped != nil) {
		return fmt.Sprintf("stopped: %+v, and the model has %+v", s.Stopped, m.stopped)
	}
	if s.Status == approval.Pending {
		if wrong := m.differsInSteps(s); wrong != "" {
			return wrong
		}
	}
	if !slices.Equal(m.admins, s.Interveners) {
		return fmt.Sprintf("%v intervened, not %v", s.Interveners, m.admins)
	}
	if wrong := m.differsInTasks(s); wrong != "" {
		return wrong
	}
	return m.differsInSigners(s)
}

// differsInSigners holds whom the core has as added signers, and by whose task,
// against the model's.
func (m *model) differsInSigners(s approval.State) string {
	stand := 0
	for _, step := range m.steps {
		for _, x := range step.signers {
			if x.gone {
				continue
			}
			stand++
			if !slices.ContainsFunc(s.Added, func(a approval.Added) bool {
				return a.Step == step.ID && a.Person == x.person && a.Where == x.where && m.known[a.Task] == x.adder
			}) {
				return fmt.Sprintf("%s is no signer of %s by %s", x.person, step.ID, x.adder.who)
			}
		}
	}
	if stand != len(s.Added) {
		return fmt.Sprintf("signers: %+v, and the model has %d", s.Added, stand)
	}
	return ""
}

func (m *model) differsInSteps(s approval.State) string {
	if back := m.resume != nil; back != (s.Then != "") {
		return fmt.Sprintf("straight back to %q, and the model has %t", s.Then, back)
	}
	waiting := s.WaitingSteps()
	for _, step := range m.steps {
		if step.over != s.Over(step.ID) {
			return fmt.Sprintf("%s is over: %t, not %t", step.ID, s.Over(step.ID), step.over)
		}
		if step.jumped != slices.Contains(s.Jumped, step.ID) {
			return fmt.Sprintf("passed over: %v, and of %s the model has %t", s.Jumped, step.ID, step.jumped)
		}
		i := slices.IndexFunc(waiting, func(w approval.Step) bool { return w.ID == step.ID })
		if waits := step.reached && !step.over && !step.unstaffed; waits != (i >= 0) {
			return fmt.Sprintf("%s waits: %t, not %t", step.ID, i >= 0, waits)
		}
	}
	unstaffed := s.Unstaffed()
	for _, step := range m.steps {
		found := slices.ContainsFunc(unstaffed, func(u approval.Step) bool { return u.ID == step.ID })
		if wanted := step.unstaffed && m.stopped == nil; wanted != found {
			return fmt.Sprintf("%s is to be staffed: %t, not %t", step.ID, found, wanted)
		}
	}
	return ""
}

// differsInTasks holds the core's open tasks against the model's, one to one, and
// learns the names of the new ones.
func (m *model) differsInTasks(s approval.State) string {
	open := 0
	for _, task := range s.Tasks {
		if task.State != approval.TaskOpen {
			continue
		}
		open++
		t := m.known[task.ID]
		if t == nil {
			t = m.unnamed(task)
		}
		if t == nil || !t.open {
			return fmt.Sprintf("%s asks %s in place %d, and the model does not", task.Step, task.Assignee, task.Slot)
		}
		t.named, m.known[task.ID] = true, t
		if wrong := t.differs(task); wrong != "" {
			return wrong
		}
	}
	for _, step := range m.steps {
		for _, t := range step.tickets {
			if t.open {
				open--
			}
			if t.open && !t.named {
				return fmt.Sprintf("%s does not ask %s in place %d, and the model does", step.ID, t.who, t.place)
			}
		}
	}
	if open != 0 {
		return fmt.Sprintf("%d open tasks more than in the model", open)
	}
	return ""
}

func (t *ticket) differs(task approval.Task) string {
	if !t.due.Equal(task.DueAt) || !slices.EqualFunc(t.bells, task.RemindAt, time.Time.Equal) {
		return fmt.Sprintf("%s is due at %s, reminders %v; not %s, %v", task.ID, task.DueAt, task.RemindAt, t.due, t.bells)
	}
	if t.rung != task.Reminded || t.overdue != task.Overdue || t.version != task.CalendarVersion {
		return fmt.Sprintf("%s: %d reminders, overdue %t, calendar %d; not %d, %t, %d", task.ID,
			task.Reminded, task.Overdue, task.CalendarVersion, t.rung, t.overdue, t.version)
	}
	return ""
}

func (m *model) unnamed(task approval.Task) *ticket {
	step := m.step(task.Step)
	if step == nil {
		return nil
	}
	for _, t := range step.tickets {
		if t.open && !t.named && t.who == task.Assignee && m.known[task.For] == t.asker && step.stands(t, task.Slot) {
			return t
		}
	}
	return nil
}

// stands says whether a ticket is of the place that the core calls slot; it calls
// those of signers as it likes, but always the same.
func (s *modelStep) stands(t *ticket, slot int) bool {
	for _, x := range s.signers {
		if x.place == t.place && !x.gone {
			if x.slot == 0 {
				x.slot = slot
			}
			return x.slot == slot
		}
	}
	return t.place == slot
}
