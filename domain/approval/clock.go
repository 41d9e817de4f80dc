package approval

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

// Wake is the instant of the next reminder or deadline of an open task, zero
// for none.
func (s State) Wake() time.Time {
	var wake time.Time
	if s.Stopped != nil {
		return wake
	}
	for _, t := range s.OpenTasks() {
		if t.Reminded >= 0 && t.Reminded < len(t.RemindAt) {
			wake = earlier(wake, t.RemindAt[t.Reminded])
		}
		if !t.Overdue {
			wake = earlier(wake, t.DueAt)
		}
	}
	return wake
}

// Strike lists what has struck by now, at most one for a task: the deadline,
// else the latest reminder that is due, so that an outage is not made up for by
// a burst. To is left to the caller.
func (s State) Strike(now time.Time) []Struck {
	var struck []Struck
	if s.Stopped != nil {
		return nil
	}
	for _, t := range s.OpenTasks() {
		if t.deadlinePassed(now) {
			struck = append(struck, Struck{Task: t.ID, Due: true})
			continue
		}
		if n := t.reminderDue(now); n > t.Reminded {
			struck = append(struck, Struck{Task: t.ID, N: n})
		}
	}
	return struck
}

func (t Task) deadlinePassed(now time.Time) bool {
	return !t.Overdue && !t.DueAt.IsZero() && !now.Before(t.DueAt)
}

// reminderDue is the number of the latest reminder whose instant has come.
func (t Task) reminderDue(now time.Time) int {
	n := 0
	for n < len(t.RemindAt) && !now.Before(t.RemindAt[n]) {
		n++
	}
	return n
}

// judgeStruck judges a task's clock. One that was stopped, or has not come, is
// no longer wanted.
func (s State) judgeStruck(c Struck, now time.Time) []evidence.Draft {
	task, found := s.task(c.Task)
	if !found || task.State != TaskOpen || s.Stopped != nil {
		return nil
	}
	p := s.pen(now, SystemDeadline, "")
	switch {
	case c.Due && task.deadlinePassed(now):
		p.timeOut(task, c.To)
	case !c.Due && c.N > task.Reminded && c.N <= task.reminderDue(now):
		p.write(TaskReminded, TaskRemindedData{Task: task.ID, Step: task.Step, Assignee: task.Assignee, N: c.N})
	}
	return p.drafts
}

// timeOut does what the step says of an overdue task. What waits in the admin
// queue is decided by people only, so there the deadline is recorded once.
func (p *pen) timeOut(task Task, to []Approver) {
	step, ok := p.s.stepOf(task)
	if !ok {
		return
	}
	expired := TaskEndedData{Task: task.ID, Step: task.Step, Assignee: task.Assignee}
	rule := step.OnTimeout.Do
	switch {
	case task.Assignee == AdminQueue:
		p.overdue(task)
	case rule == TimeoutReject:
		expired.Reason = string(Reject)
		p.write(TaskWasExpired, expired)
		p.refuse(task, "timeout")
	case rule == TimeoutApprove:
		expired.Reason = string(Approve)
		passed := p.s.pen(p.now, p.actor, p.behalf)
		passed.write(TaskWasExpired, expired)
		passed.agree(task)
		if passed.s.enoughHumans() != nil {
			p.overdue(task)
			return
		}
		*p = *passed
	case rule == TimeoutEscalate || rule == TimeoutReassign:
		p.handOver(step, task, to)
	default:
		p.overdue(task)
	}
}

// overdue records a deadline that nobody answers for. It stands for the
// reminders that were due by then as well.
func (p *pen) overdue(task Task) {
	p.write(TaskOverdue, TaskRemindedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, N: max(task.Reminded, task.reminderDue(p.now)),
	})
}

// handOver passes an overdue task on, with a fresh clock: everybody who takes
// over fills the same place, and the first of them to decide decides for it.
func (p *pen) handOver(step Step, task Task, to []Approver) {
	heirs := p.heirs(step, to)
	if len(p.s.Tasks)+len(heirs) > tasksMax {
		p.overdue(task)
		return
	}
	names := make([]string, len(heirs))
	for i, h := range heirs {
		names[i] = h.Person
	}
	p.write(TaskWasEscalated, TaskEndedData{
		Task: task.ID, Step: task.Step, Assignee: task.Assignee, Reason: step.OnTimeout.Do, To: names,
	})
	for _, h := range heirs {
		if h.Person == AdminQueue && p.s.asksQueue(task) {
			continue // another who took over was late too: the place waits there once
		}
		p.takeOver(step, Approver{Person: h.Person, Via: "escalated:" + task.Assignee}, task.Slot, h.Via)
	}
}

// asksQueue says whether a task's place waits in the admin queue already.
func (s State) asksQueue(task Task) bool {
	return slices.ContainsFunc(s.tasksOf(task.Step), func(t Task) bool {
		return t.State == TaskOpen && t.Slot == task.Slot && t.For == "" && t.Assignee == AdminQueue
	})
}

// heirs chooses who takes over: nobody who is interested, and nobody who has or
// had a part in the step, since one human decides one place only. That also
// ends every circle of escalations. With nobody left it is the admin queue.
func (p *pen) heirs(step Step, to []Approver) []Approver {
	part := p.s.takenIn(step)
	var heirs []Approver
	for _, a := range to {
		who := p.s.behind(a.Person)
		fit := human(a.Person) && len(a.Person) <= textMax && !part[who] && !p.s.Interested(a.Person) &&
			!p.s.intervened(a.Person)
		if fit && len(heirs) < approversMax {
			part[who] = true
			heirs = append(heirs, a)
		}
	}
	if len(heirs) == 0 {
		return []Approver{{Person: AdminQueue}}
	}
	return slices.Clip(heirs)
}
