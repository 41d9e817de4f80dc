package approval

import (
	"strings"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// What one excuse of a deadline may add, and how often.
const (
	extensionsMax     = 3
	extraWorkDaysMax  = 10
	extraWorkHoursMax = 80
)

// judgeClock judges what stops and starts the clock, and what excuses a deadline.
func (s State) judgeClock(a Act, now time.Time) ([]evidence.Draft, error) {
	if a.Name == Release {
		return s.judgeRelease(a, now)
	}
	task, err := s.mine(a)
	if err != nil {
		return nil, err
	}
	step, _ := s.stepOf(task)
	switch {
	case task.For != "":
		return nil, fault.New(fault.Forbidden, "task.only_advice")
	case strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	}
	if err := s.mayHandle(a, step); err != nil {
		return nil, err
	}
	if a.Name == Extend {
		return s.judgeExtend(a, step, task, now)
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(ClockStopped, ClockData{Task: task.ID, Step: task.Step, Info: a.Name == RequestInfo, Reason: a.Opinion})
	return p.drafts, nil
}

// judgeRelease lets the clock run again: who stopped it may, and where the
// submitter was asked for something, the submitter with an answer.
func (s State) judgeRelease(a Act, now time.Time) ([]evidence.Draft, error) {
	if s.Done() {
		return nil, s.refuseStatus("document.final")
	}
	if s.Stopped == nil || s.Status != Pending {
		return nil, fault.New(fault.Conflict, "document.not_stopped")
	}
	answers := s.Stopped.Info && s.owns(a.Actor)
	switch {
	case a.Actor != s.Stopped.By && !answers:
		return nil, fault.New(fault.Forbidden, "document.stopped_by_other", fault.Arg("by", s.Stopped.By))
	case answers && strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.resume(ClockResumed, a)
	return p.drafts, nil
}

// resume lets the clock run again: what was left of every deadline counts on.
func (p *pen) resume(kind string, a Act) {
	stopped := *p.s.Stopped
	task, _ := p.s.task(stopped.Task)
	p.write(kind, ClockData{
		Task: task.ID, Step: task.Step, Info: stopped.Info, Reason: a.Opinion, To: stopped.By, Maker: a.Maker,
	})
	for _, t := range p.s.OpenTasks() {
		if !t.Overdue && (!t.DueAt.IsZero() || t.Reminded < len(t.RemindAt)) {
			p.follow(TaskWasRescheduled, p.s.moved(t, Moved{StoppedAt: stopped.At}))
		}
	}
}

// moved is a task whose deadline moves. The reminders that were sent stay where
// they are: the number of a reminder is part of its cause, and is never used twice.
func (s State) moved(t Task, how Moved) TaskOpenedData {
	sent := min(t.Reminded, len(t.RemindAt))
	how.Was, how.WasRemind = t.DueAt, t.RemindAt[sent:]
	d := TaskOpenedData{Task: t.ID, Step: t.Step, Assignee: t.Assignee, Via: t.Via, Slot: t.Slot, Moved: &how,
		RemindAt: t.RemindAt[:sent]}
	if i := s.indexOfStep(t.Step); i >= 0 {
		d.Clock = s.Plan.Steps[i].Clock
	}
	return d
}

// judgeExtend excuses a deadline that has not come yet.
func (s State) judgeExtend(a Act, step Step, task Task, now time.Time) ([]evidence.Draft, error) {
	extra, err := calendar.ParseDuration(a.Extra)
	bounded := extra.Unit == calendar.WorkDay && extra.Count <= extraWorkDaysMax ||
		extra.Unit == calendar.WorkHour && extra.Count <= extraWorkHoursMax ||
		extra.Unit == calendar.Second && extra.Unit == step.Clock.Due.Unit
	switch {
	case err != nil || !bounded:
		return nil, fault.New(fault.Invalid, "act.bad_extra", fault.Field("extra"), fault.Arg("extra", a.Extra))
	case task.DueAt.IsZero() || task.deadlinePassed(now) || task.Overdue:
		return nil, fault.New(fault.Conflict, "task.no_deadline")
	case task.Extended >= extensionsMax:
		return nil, fault.New(fault.Conflict, "task.extended_enough", maxArg(extensionsMax))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(TaskWasRescheduled, s.moved(task, Moved{Extra: extra, Reason: a.Opinion}))
	return p.drafts, nil
}
