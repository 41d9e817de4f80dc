package store

import (
	"context"
	"encoding/json"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// SaveCalendar keeps a calendar; the versions before it are kept too.
//
// Safe to repeat.
func (s *Store) SaveCalendar(ctx context.Context, c *calendar.Calendar) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.inTx(ctx, "store.SaveCalendar", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO calendars (id, version, body)
			SELECT $1, coalesce(max(version), 0) + 1, $2 FROM calendars WHERE id = $1
			HAVING coalesce((SELECT body FROM calendars WHERE id = $1 ORDER BY version DESC LIMIT 1), '') <> $2`
		_, err := tx.ExecContext(ctx, query, c.ID, string(body))
		return err
	})
}

// Calendars lists the calendars in force, by id.
func (s *Store) Calendars(ctx context.Context) ([]*calendar.Calendar, error) {
	const query = `SELECT DISTINCT ON (id) body FROM calendars ORDER BY id, version DESC`
	var bodies []string
	if err := s.db.SelectContext(ctx, &bodies, query); err != nil {
		return nil, sqlFault("store.Calendars", err)
	}
	calendars := make([]*calendar.Calendar, 0, len(bodies))
	for _, body := range bodies {
		c := new(calendar.Calendar)
		if err := json.Unmarshal([]byte(body), c); err != nil {
			return nil, sqlFault("store.Calendars", err)
		}
		calendars = append(calendars, c)
	}
	return calendars, nil
}

// SaveRates keeps exchange rates; a later one for the same day replaces it.
//
// Safe to repeat.
func (s *Store) SaveRates(ctx context.Context, rates []document.Rate) error {
	return s.inTx(ctx, "store.SaveRates", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO rates (currency, base, date, value, source) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (currency, base, date) DO UPDATE SET value = $4, source = $5, saved_at = clock_timestamp()`
		for _, r := range rates {
			_, err := tx.ExecContext(ctx, query, string(r.Currency), string(r.Base), r.Date, r.Value, r.Source)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RateFor returns the newest rate on or before a date.
//
// Errors: NotFound rate.not_found.
func (s *Store) RateFor(ctx context.Context, currency, base, date string) (document.Rate, error) {
	const query = `
		SELECT currency, base, value, source, date::text AS date FROM rates
		WHERE currency = $1 AND base = $2 AND date <= $3 ORDER BY date DESC LIMIT 1`
	var r document.Rate
	err := s.db.GetContext(ctx, &r, query, currency, base, date)
	missing := fault.New(fault.NotFound, "rate.not_found", fault.Arg("currency", currency),
		fault.Arg("base", base), fault.Arg("date", date))
	return r, sqlFault("store.RateFor", noRows(err, missing))
}
