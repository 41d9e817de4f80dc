package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// causeShipped is the cause of a calendar that came with the program.
const causeShipped = "shipped"

// CalendarVersion is a calendar as it was saved.
type CalendarVersion struct {
	Calendar *calendar.Calendar
	Version  int // from 1
	Cause    string
	SavedAt  time.Time
}

// ShipCalendar keeps a calendar that comes with the program, unless the one in
// force is what somebody imported. The versions before it are kept too.
//
// Safe to repeat.
func (s *Store) ShipCalendar(ctx context.Context, c *calendar.Calendar) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.inTx(ctx, "store.ShipCalendar", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO calendars (id, version, body, cause)
			SELECT $1, coalesce(max(version), 0) + 1, $2, $3 FROM calendars WHERE id = $1
			HAVING NOT EXISTS (
				SELECT FROM (SELECT body, cause FROM calendars WHERE id = $1 ORDER BY version DESC LIMIT 1) AS newest
				WHERE newest.body = $2 OR newest.cause <> $3)`
		saved, err := tx.ExecContext(ctx, query, c.ID, string(body), causeShipped)
		if err != nil {
			return err
		}
		if n, err := saved.RowsAffected(); err != nil || n == 0 {
			return err
		}
		var version int64
		const newest = `SELECT max(version) FROM calendars WHERE id = $1`
		if err := tx.GetContext(ctx, &version, newest, c.ID); err != nil {
			return err
		}
		return saveChange(ctx, tx, TellCalendar, c.ID, version)
	})
}

// ImportCalendar keeps a calendar as the version after the one it was made from;
// 0 where there was none. The cause says where it comes from, such as a file. Open
// documents hear of it from a relay, see SpreadChanges.
//
// Safe to repeat.
// Errors: Conflict calendar.moved_on where another version came between.
func (s *Store) ImportCalendar(ctx context.Context, c *calendar.Calendar, from int, cause string) (int, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	return from + 1, s.inTx(ctx, "store.ImportCalendar", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO calendars (id, version, body, cause)
			SELECT $1, $2 + 1, $3, $4
			WHERE $2 = (SELECT coalesce(max(version), 0) FROM calendars WHERE id = $1)
			ON CONFLICT (id, version) DO NOTHING`
		if _, err := tx.ExecContext(ctx, insert, c.ID, from, string(body), cause); err != nil {
			return err
		}
		const ours = `
			SELECT EXISTS (SELECT FROM calendars WHERE id = $1 AND version = $2 + 1 AND body = $3 AND cause = $4
				AND version = (SELECT max(version) FROM calendars WHERE id = $1))`
		var kept bool
		if err := tx.GetContext(ctx, &kept, ours, c.ID, from, string(body), cause); err != nil {
			return err
		}
		if !kept {
			return fault.New(fault.Conflict, "calendar.moved_on", fault.Arg("id", c.ID))
		}
		return saveChange(ctx, tx, TellCalendar, c.ID, int64(from)+1)
	})
}

// CalendarVersions lists the calendars in force, by id.
func (s *Store) CalendarVersions(ctx context.Context) ([]CalendarVersion, error) {
	const query = `
		SELECT DISTINCT ON (id) version, body, cause, saved_at FROM calendars ORDER BY id, version DESC`
	var rows []calendarRow
	if err := s.db.SelectContext(ctx, &rows, query); err != nil {
		return nil, sqlFault("store.CalendarVersions", err)
	}
	versions := make([]CalendarVersion, 0, len(rows))
	for _, row := range rows {
		v, err := row.version()
		if err != nil {
			return nil, sqlFault("store.CalendarVersions", err)
		}
		versions = append(versions, v)
	}
	return versions, nil
}

type calendarRow struct {
	Version int
	Body    string
	Cause   string
	SavedAt time.Time `db:"saved_at"`
}

func (r calendarRow) version() (CalendarVersion, error) {
	c := new(calendar.Calendar)
	err := json.Unmarshal([]byte(r.Body), c)
	return CalendarVersion{Calendar: c, Version: r.Version, Cause: r.Cause, SavedAt: r.SavedAt.UTC()}, err
}

// Calendars lists the calendars in force, by id.
func (s *Store) Calendars(ctx context.Context) ([]*calendar.Calendar, error) {
	versions, err := s.CalendarVersions(ctx)
	if err != nil {
		return nil, err
	}
	calendars := make([]*calendar.Calendar, 0, len(versions))
	for _, v := range versions {
		calendars = append(calendars, v.Calendar)
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
