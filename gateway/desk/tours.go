package desk

import (
	"context"

	"github.com/countersign/countersign/gateway/auth"
)

// Toured says whether somebody took a tour of the pages, or wants none.
func (d *Desk) Toured(ctx context.Context, who auth.Who) (bool, error) {
	return d.Store.Toured(ctx, who.Person.ID)
}

// EndTour remembers that somebody took a tour, or wants none, whatever browser they come
// with next.
//
// Safe to repeat. Errors: Forbidden act.person_only.
func (d *Desk) EndTour(ctx context.Context, who auth.Who) error {
	if err := inPerson(who); err != nil {
		return err
	}
	return d.Store.EndTour(ctx, who.Person.ID)
}
