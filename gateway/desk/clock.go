package desk

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/store"
)

// Clocks are the calendars in force, by which what is left of a deadline is shown.
type Clocks struct {
	now       time.Time
	calendars map[string]*calendar.Calendar
}

// TimeLeft is how long a task may still take, or by how much it is late: working time
// of the calendar that its deadline is counted by. 剩余时间
type TimeLeft struct {
	Time     time.Duration
	Late     bool
	Calendar string // "" where the deadline counts in plain time
}

// calendarsFor is how long the calendars that lists are shown by are believed.
const calendarsFor = 30 * time.Second

// shownCalendars keeps the calendars in force for a moment.
type shownCalendars struct {
	mutex sync.Mutex
	byID  map[string]*calendar.Calendar
	at    time.Time
}

// Calendars are the working calendars in force, by id: when a house works is no
// secret of anybody's. They are to show by: nothing is decided by them.
func (d *Desk) Calendars(ctx context.Context) (map[string]*calendar.Calendar, error) {
	known := &d.calendars
	known.mutex.Lock()
	defer known.mutex.Unlock()
	if known.byID != nil && time.Since(known.at) < calendarsFor {
		return known.byID, nil
	}
	list, err := d.Store.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	known.byID, known.at = make(map[string]*calendar.Calendar, len(list)), time.Now()
	for _, c := range list {
		known.byID[c.ID] = c
	}
	return known.byID, nil
}

// Clocks is what is left of deadlines now.
func (d *Desk) Clocks(ctx context.Context) (Clocks, error) {
	calendars, err := d.Calendars(ctx)
	return Clocks{now: d.now(), calendars: calendars}, err
}

// Left is what is left of a task's deadline; false where it has none, is over, or stands
// still, as the marks of the task say.
func (c Clocks) Left(t store.Task, marks []Mark) (TimeLeft, bool) {
	if t.DueAt.IsZero() || t.State != approval.TaskOpen || Stopped(marks) {
		return TimeLeft{}, false
	}
	left := TimeLeft{Late: t.DueAt.Before(c.now)}
	from, to := c.now, t.DueAt
	if left.Late {
		from, to = to, from
	}
	left.Time = to.Sub(from)
	if by := c.calendars[t.Calendar]; by != nil {
		left.Time, left.Calendar = by.Between(from, to), t.Calendar
	}
	return left, true
}
