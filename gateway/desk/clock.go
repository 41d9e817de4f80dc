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
// Nothing is decided by them.
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
	by    map[string]*calendar.Calendar
	at    time.Time
}

// Clocks reads the calendars in force.
func (d *Desk) Clocks(ctx context.Context) (Clocks, error) {
	clocks := Clocks{now: d.now()}
	d.calendars.mutex.Lock()
	defer d.calendars.mutex.Unlock()
	if d.calendars.by == nil || time.Since(d.calendars.at) > calendarsFor {
		all, err := d.Store.Calendars(ctx)
		if err != nil {
			return clocks, err
		}
		d.calendars.by, d.calendars.at = make(map[string]*calendar.Calendar, len(all)), time.Now()
		for _, c := range all {
			d.calendars.by[c.ID] = c
		}
	}
	clocks.calendars = d.calendars.by
	return clocks, nil
}

// Left is what is left of a task's deadline; false where it has none, or is over.
func (c Clocks) Left(t store.Task) (TimeLeft, bool) {
	if t.DueAt.IsZero() || t.State != approval.TaskOpen {
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
