package store

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
)

// taskStates tells the state of a task after the event that ends it.
var taskStates = map[string]approval.TaskState{
	approval.TaskWasApproved:   approval.TaskApproved,
	approval.TaskWasRejected:   approval.TaskRejected,
	approval.TaskWasReturned:   approval.TaskReturned,
	approval.TaskWasSuperseded: approval.TaskSuperseded,
	approval.TaskWasEscalated:  approval.TaskEscalated,
	approval.TaskWasExpired:    approval.TaskExpired,

	approval.TaskWasTransferred: approval.TaskTransferred,
	approval.TaskWasAdvised:     approval.TaskAdvised,
	approval.TaskWasRetracted:   approval.TaskRetracted,
	approval.TaskWasReassigned:  approval.TaskReassigned,
	approval.TaskWasHandedOver:  approval.TaskHandedOver,
}

// planReference is what a document without a route is parked under.
func planReference(round int) string { return "plan:" + strconv.Itoa(round) }

func (p *projection) applyTask(e evidence.Event) error {
	switch e.Kind {
	case approval.TaskOpened:
		return p.openTask(e)
	case approval.TaskWasRescheduled:
		return p.moveTask(e)
	case approval.TaskReminded, approval.TaskOverdue:
		d, err := approval.Decode[approval.TaskRemindedData](e)
		t := p.task(d.Task)
		t.Reminded = max(t.Reminded, d.N)
		t.Overdue = t.Overdue || e.Kind == approval.TaskOverdue
		return err
	}
	return p.endTask(e)
}

func (p *projection) openTask(e evidence.Event) error {
	d, err := approval.Decode[approval.TaskOpenedData](e)
	if err != nil {
		return err
	}
	title, err := json.Marshal(p.titles[d.Step])
	if err != nil {
		return err
	}
	remind, err := json.Marshal(d.RemindAt)
	if err != nil {
		return err
	}
	role, of := access.RoleOf(approval.Task{Via: d.Via, GivenBy: d.GivenBy}.Way())
	if of != access.OfEntity && of != access.OfGroup || d.Assignee == approval.AdminQueue {
		role = "" // posts are no grants
	}
	p.opened = append(p.opened, taskChange{
		ID: d.Task, Step: d.Step, StepTitle: string(title), Round: e.Round, Assignee: d.Assignee, Via: d.Via,
		Slot: d.Slot, State: string(approval.TaskOpen), OpenedAt: e.At, OpenedSeq: e.Seq,
		DueAt: instant(d.DueAt), RemindAt: string(remind), Provisional: d.Provisional, For: d.For,
		Calendar: calendarOf(d), CalendarVersion: d.CalendarVersion, CountedAt: e.At,
		Role: role, OfGroup: of == access.OfGroup,
	})
	return nil
}

// moveTask takes a deadline that moved, and with it the reminders still to come.
func (p *projection) moveTask(e evidence.Event) error {
	d, err := approval.Decode[approval.TaskOpenedData](e)
	if err != nil {
		return err
	}
	remind, err := json.Marshal(d.RemindAt)
	if err != nil {
		return err
	}
	t := p.task(d.Task)
	t.Moved, t.DueAt, t.RemindAt, t.Provisional = true, instant(d.DueAt), string(remind), d.Provisional
	t.Calendar, t.CalendarVersion, t.CountedAt = calendarOf(d), d.CalendarVersion, e.At
	return nil
}

// calendarOf is the calendar by which a task is counted; "" where it counts in
// seconds, or not at all.
func calendarOf(d approval.TaskOpenedData) string {
	unit := d.Clock.Due.Unit
	if unit == "" {
		unit = d.Clock.First.Unit
	}
	if unit == calendar.Second || d.For != "" || d.DueAt.IsZero() && len(d.RemindAt) == 0 {
		return ""
	}
	return d.Clock.Calendar
}

// endTask ends a task; some ends are nobody's decision.
func (p *projection) endTask(e evidence.Event) error {
	state, known := taskStates[e.Kind]
	if !known {
		return nil
	}
	d, err := approval.Decode[approval.TaskEndedData](e)
	t := p.task(d.Task)
	t.State = string(state)
	switch state {
	case approval.TaskSuperseded, approval.TaskEscalated, approval.TaskTransferred, approval.TaskRetracted,
		approval.TaskReassigned, approval.TaskHandedOver:
		return err
	}
	t.DecidedBy, t.DecidedAt, t.Opinion = e.Actor, instant(e.At), d.Opinion
	if state != approval.TaskAdvised {
		p.addDecider(e.Actor)
	}
	return err
}

// task finds what becomes of a task: of one that opened just now, or of one that
// is in the database.
func (p *projection) task(id string) *taskChange {
	for i := range p.opened {
		if p.opened[i].ID == id {
			return &p.opened[i]
		}
	}
	if p.changed[id] == nil {
		p.changed[id] = &taskChange{ID: id}
		p.order = append(p.order, id)
	}
	return p.changed[id]
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
