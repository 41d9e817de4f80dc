package desk

import (
	"context"

	"github.com/countersign/countersign/domain/calendar"
)

// Calendars are the working calendars in force, by id: when a house works is no
// secret of anybody's.
func (d *Desk) Calendars(ctx context.Context) (map[string]*calendar.Calendar, error) {
	list, err := d.Store.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*calendar.Calendar, len(list))
	for _, c := range list {
		byID[c.ID] = c
	}
	return byID, nil
}
