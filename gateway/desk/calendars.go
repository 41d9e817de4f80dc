package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// CalendarVersions are the calendars in force, by id, each as it was saved.
//
// Errors: Forbidden access.denied.
func (d *Desk) CalendarVersions(ctx context.Context, who auth.Who) ([]store.CalendarVersion, error) {
	if _, err := needAny(who, access.CalendarRead); err != nil {
		return nil, err
	}
	return d.Store.CalendarVersions(ctx)
}

// CalendarVersion is the calendar in force.
//
// Errors: Forbidden access.denied; NotFound calendar.not_stored.
func (d *Desk) CalendarVersion(ctx context.Context, who auth.Who, id string) (store.CalendarVersion, error) {
	versions, err := d.CalendarVersions(ctx, who)
	if err != nil {
		return store.CalendarVersion{}, err
	}
	at := slices.IndexFunc(versions, func(v store.CalendarVersion) bool { return v.Calendar.ID == id })
	if at < 0 {
		return store.CalendarVersion{}, fault.New(fault.NotFound, "calendar.not_stored", fault.Arg("id", id))
	}
	return versions[at], nil
}
