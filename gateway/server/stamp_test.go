package server_test

import (
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// stamp gives a task its deadline, as the worker's activity does.
func stamp(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	calendars, err := calendar.Shipped()
	if err != nil {
		return d, err
	}
	for _, c := range calendars {
		if c.ID == d.Clock.Calendar {
			d.DueAt, d.RemindAt, d.Provisional, err = c.Stamp(at, calendar.Count{
				Due: d.Clock.Due, First: d.Clock.First, Every: d.Clock.Every, AtMost: d.Clock.AtMost,
			})
		}
	}
	return d, err
}
