package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// calendarsFor is how long loaded calendars are used. A published change reaches
// the deadlines of tasks opened later than this.
const calendarsFor = 30 * time.Second

// Calendars computes deadlines with the calendars of the store, which it keeps
// for a while. It is safe for concurrent use.
type Calendars struct {
	Book CalendarBook
	Now  func() time.Time // nil = time.Now

	mu     sync.Mutex
	byID   map[string]*calendar.Calendar
	loaded time.Time
}

// CalendarBook is the part of the store that Calendars needs.
type CalendarBook interface {
	Calendars(ctx context.Context) ([]*calendar.Calendar, error)
}

// stamp loads the calendars before the transaction begins, so that what Record
// calls inside it is arithmetic only.
func (c *Calendars) stamp(ctx context.Context) (store.Stamp, error) {
	byID, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	return func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
		return stampTask(byID, at, d)
	}, nil
}

func (c *Calendars) current(ctx context.Context) (map[string]*calendar.Calendar, error) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID != nil && now().Sub(c.loaded) < calendarsFor {
		return c.byID, nil
	}
	all, err := c.Book.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*calendar.Calendar, len(all))
	for _, one := range all {
		byID[one.ID] = one
	}
	c.byID, c.loaded = byID, now()
	return byID, nil
}

// stampTask fills the instants of one task; without a deadline and reminders it
// needs no calendar.
func stampTask(
	byID map[string]*calendar.Calendar, at time.Time, d approval.TaskOpenedData,
) (approval.TaskOpenedData, error) {
	if d.Moved != nil {
		return stampMoved(byID, at, d)
	}
	count := calendar.Count{Due: d.Clock.Due, First: d.Clock.First, Every: d.Clock.Every, AtMost: d.Clock.AtMost}
	if count == (calendar.Count{}) {
		return d, nil
	}
	days, found := byID[d.Clock.Calendar]
	if !found {
		// Internal: it is tried again, where a refusal would undo a person's decision.
		return d, fault.New(fault.Internal, CodeNoCalendar, fault.Arg("id", d.Clock.Calendar))
	}
	due, reminders, provisional, err := days.Stamp(at, count)
	if err != nil {
		// Internal too, whatever the calendar says of itself.
		return d, fmt.Errorf("%w: %w", fault.New(fault.Internal, CodeNoCalendar, fault.Arg("id", d.Clock.Calendar)), err)
	}
	d.DueAt, d.RemindAt, d.Provisional = due, reminders, provisional
	return d, nil
}

// stampMoved fills the instants of a task whose deadline moves. A clock that stood
// still goes on with the working time that was left; an excuse adds to what was.
// The reminders in d were sent, and stay.
func stampMoved(
	byID map[string]*calendar.Calendar, at time.Time, d approval.TaskOpenedData,
) (approval.TaskOpenedData, error) {
	days, found := byID[d.Clock.Calendar]
	if !found {
		return d, fault.New(fault.Internal, CodeNoCalendar, fault.Arg("id", d.Clock.Calendar))
	}
	m, unit := d.Moved, d.Clock.Due.Unit
	if unit == "" {
		unit = d.Clock.First.Unit // reminders without a deadline
	}
	move := func(was time.Time) (calendar.Deadline, error) {
		switch {
		case was.IsZero():
			return calendar.Deadline{}, nil
		case !m.Extra.IsZero():
			return days.Due(was, m.Extra)
		case unit == calendar.Second:
			return calendar.Deadline{At: at.Add(max(0, was.Sub(m.StoppedAt)))}, nil
		}
		left, provisional, err := days.Left(m.StoppedAt, was)
		if err != nil {
			return calendar.Deadline{}, err
		}
		next, err := days.Moved(at, left)
		next.Provisional = next.Provisional || provisional
		return next, err
	}
	due, err := move(m.Was)
	for _, remind := range m.WasRemind {
		if err == nil && m.Extra.IsZero() {
			var moved calendar.Deadline
			moved, err = move(remind)
			remind = moved.At
		}
		d.RemindAt = append(d.RemindAt, remind)
	}
	if err != nil {
		return d, fmt.Errorf("%w: %w", fault.New(fault.Internal, CodeNoCalendar, fault.Arg("id", d.Clock.Calendar)), err)
	}
	d.DueAt, d.Provisional = due.At, due.Provisional
	return d, nil
}
