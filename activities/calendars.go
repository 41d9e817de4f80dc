package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// calendarsFor is how long loaded calendars are used. Deadlines that were counted
// by an older version in that time are counted anew like all others that are open.
const calendarsFor = 30 * time.Second

// Calendars computes deadlines with the calendars of the store, which it keeps
// for a while. It is safe for concurrent use.
type Calendars struct {
	Book CalendarBook
	Now  func() time.Time // nil = time.Now

	mu     sync.Mutex
	byID   map[string]store.CalendarVersion
	loaded time.Time
}

// CalendarBook is the part of the store that Calendars needs.
type CalendarBook interface {
	CalendarVersions(ctx context.Context) ([]store.CalendarVersion, error)
	CalendarAt(ctx context.Context, id string, version int, at time.Time) (store.CalendarVersion, error)
}

// stamp loads the calendars before the transaction begins, so that what Record
// calls inside it is arithmetic only: those in force, and those by which the
// deadlines that move were counted.
func (c *Calendars) stamp(ctx context.Context, drafts []evidence.Draft) (store.Stamp, error) {
	byID, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	before := map[string]store.CalendarVersion{} // by task
	for _, draft := range drafts {
		if draft.Kind != approval.TaskWasRescheduled {
			continue
		}
		d, err := approval.Decode[approval.TaskOpenedData](evidence.Event{Data: draft.Data})
		if err != nil {
			return nil, err
		}
		id := d.Clock.Calendar
		if d.CalendarVersion > byID[id].Version {
			if byID, err = c.fresh(ctx); err != nil {
				return nil, err
			}
		}
		if d.CalendarVersion == 0 || d.CalendarVersion == byID[id].Version {
			continue
		}
		if before[d.Task], err = c.Book.CalendarAt(ctx, id, d.CalendarVersion, d.Counted); err != nil {
			return nil, err
		}
	}
	return func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
		return stampTask(byID, before[d.Task], at, d)
	}, nil
}

func (c *Calendars) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Calendars) current(ctx context.Context) (map[string]store.CalendarVersion, error) {
	c.mu.Lock()
	byID, loaded := c.byID, c.loaded
	c.mu.Unlock()
	if byID != nil && c.now().Sub(loaded) < calendarsFor {
		return byID, nil
	}
	return c.fresh(ctx)
}

// fresh loads the calendars in force, and keeps them for a while.
func (c *Calendars) fresh(ctx context.Context) (map[string]store.CalendarVersion, error) {
	all, err := c.Book.CalendarVersions(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]store.CalendarVersion, len(all))
	for _, one := range all {
		byID[one.Calendar.ID] = one
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID, c.loaded = byID, c.now()
	return byID, nil
}

// stampTask fills the instants of one task; without a deadline and reminders it
// needs no calendar. A recount brings its own.
func stampTask(byID map[string]store.CalendarVersion, before store.CalendarVersion, at time.Time,
	d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	if d.Moved != nil && d.Moved.Recounted {
		return d, nil
	}
	if d.Moved != nil {
		return stampMoved(byID, before, at, d)
	}
	count := calendar.Count{Due: d.Clock.Due, First: d.Clock.First, Every: d.Clock.Every, AtMost: d.Clock.AtMost}
	if count == (calendar.Count{}) {
		return d, nil
	}
	days, found := byID[d.Clock.Calendar]
	if !found {
		return d, noCalendar(d, nil)
	}
	due, reminders, provisional, err := days.Calendar.Stamp(at, count)
	if err != nil {
		return d, noCalendar(d, err)
	}
	d.DueAt, d.RemindAt, d.Provisional, d.CalendarVersion = due, reminders, provisional, days.Version
	return d, nil
}

// noCalendar is internal, whatever the calendar says of itself: it is tried again,
// where a refusal would undo a person's decision.
func noCalendar(d approval.TaskOpenedData, err error) error {
	missing := fault.New(fault.Internal, CodeNoCalendar, fault.Arg("id", d.Clock.Calendar))
	if err == nil {
		return missing
	}
	return fmt.Errorf("%w: %w", missing, err)
}

// stampMoved fills the instants of a task whose deadline moves. A clock that stood
// still goes on with the working time that was left; an excuse adds to what was.
// The reminders in d were sent, and stay.
func stampMoved(byID map[string]store.CalendarVersion, before store.CalendarVersion, at time.Time,
	d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	days, found := byID[d.Clock.Calendar]
	if !found {
		return d, noCalendar(d, nil)
	}
	m := mover{days: days, before: before, at: at, counted: d.Counted, unit: unitOf(d.Clock), Moved: *d.Moved}
	due, err := m.move(d.Moved.Was)
	for _, remind := range d.Moved.WasRemind {
		var moved calendar.Deadline
		if err == nil {
			moved, err = m.remind(remind)
		}
		d.RemindAt = append(d.RemindAt, moved.At)
	}
	if err != nil {
		return d, noCalendar(d, err)
	}
	d.DueAt, d.Provisional, d.CalendarVersion = due.At, due.Provisional, days.Version
	return d, nil
}

// unitOf is what a clock counts in; one without a deadline may remind.
func unitOf(c approval.Clock) calendar.Unit {
	if c.Due.Unit == "" {
		return c.First.Unit
	}
	return c.Due.Unit
}

// mover moves the instants of one task.
type mover struct {
	days    store.CalendarVersion // in force
	before  store.CalendarVersion // by which they were counted; zero: the one in force
	at      time.Time             // the database's time
	counted time.Time             // when they were counted
	unit    calendar.Unit
	approval.Moved
}

func (m mover) move(was time.Time) (calendar.Deadline, error) {
	switch {
	case was.IsZero():
		return calendar.Deadline{}, nil
	case m.unit == calendar.Second && m.Extra.IsZero():
		return calendar.Deadline{At: m.at.Add(max(0, was.Sub(m.StoppedAt)))}, nil
	case !m.Extra.IsZero():
		was, err := m.carried(was)
		if err != nil {
			return calendar.Deadline{}, err
		}
		due, err := m.days.Calendar.Due(was.At, m.Extra)
		due.Provisional = due.Provisional || was.Provisional
		return due, err
	}
	left, provisional, err := m.left(was)
	if err != nil {
		return calendar.Deadline{}, err
	}
	next, err := m.days.Calendar.Moved(m.at, left)
	next.Provisional = next.Provisional || provisional
	return next, err
}

// remind moves a reminder; an excuse of the deadline leaves it where it is.
func (m mover) remind(was time.Time) (calendar.Deadline, error) {
	if m.Extra.IsZero() {
		return m.move(was)
	}
	return m.carried(was)
}

// left is the working time that a clock which stopped had left: what the calendar
// said of it then.
func (m mover) left(was time.Time) (time.Duration, bool, error) {
	if m.before.Calendar != nil && m.days.SavedAt.After(m.StoppedAt) {
		return m.before.Calendar.Left(m.StoppedAt, was)
	}
	carried, err := m.carried(was)
	if err != nil {
		return 0, false, err
	}
	return m.days.Calendar.Left(m.StoppedAt, carried.At)
}

// carried is an instant as the calendar in force counts it.
func (m mover) carried(was time.Time) (calendar.Deadline, error) {
	if m.before.Calendar == nil || m.unit == calendar.Second {
		return calendar.Deadline{At: was}, nil
	}
	from := m.days.SavedAt
	if m.counted.After(from) {
		from = m.counted
	}
	return m.days.Calendar.Carried(m.before.Calendar, from, was)
}
