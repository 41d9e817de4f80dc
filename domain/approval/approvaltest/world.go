package approvaltest

import (
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// Always is the calendar of the scenarios: it works day and night.
func Always() *calendar.Calendar {
	all := []calendar.Span{{From: 0, To: 24 * 60}}
	return &calendar.Calendar{
		ID: "always", Zone: "UTC", Week: [7][]calendar.Span{all, all, all, all, all, all, all},
	}
}

// WithTomorrowOff is that calendar with the day after an instant off.
func WithTomorrowOff(now time.Time) *calendar.Calendar {
	c := Always()
	c.Off = map[calendar.Date]string{calendar.Date(now.UTC().AddDate(0, 0, 1).Format(time.DateOnly)): "day off"}
	return c
}

// dayOff makes tomorrow a day off, the second version of the calendar, and counts
// every open deadline anew.
func (d *desk) dayOff() error {
	next := WithTomorrowOff(d.now)
	d.calendar = 2
	for _, t := range d.state.Recountable(next.ID, 2, d.now) {
		clock := calendar.Ticking{Due: t.DueAt, Remind: t.RemindAt[t.Reminded:]}
		clock, provisional, changed, err := next.Recount(Always(), d.now, d.now, clock)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		err = d.do(approval.Recounted{
			Task: t.ID, Calendar: next.ID, Version: 2, Was: t.DueAt, Reminded: t.Reminded, DueAt: clock.Due,
			RemindAt: clock.Remind, Provisional: provisional,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leave hands over what waits for somebody, and lets go on what they stopped.
func (d *desk) leave(person string) error {
	if s := d.state.Stopped; s != nil && s.By == person {
		if err := d.do(approval.LetGo{By: person, At: s.At}); err != nil {
			return err
		}
	}
	for _, t := range d.state.OpenTasks() {
		if t.Assignee != person {
			continue
		}
		over := approval.HandedOver{Task: t.ID, From: person}
		for _, heir := range d.given.Above[person] {
			over.To = append(over.To, approval.Approver{Person: heir, Via: "escalation"})
		}
		if err := d.do(over); err != nil {
			return err
		}
	}
	return nil
}
