package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/outage"
)

// episode is a time in which a connection was sick.
type episode struct {
	ID    string
	Kind  outage.Kind
	Since time.Time
}

// WatchBooks looks how connections do, and tells finance and the administrators of their
// companies, once each time, when one falls sick and when it is well again.
//
// Safe to repeat, and to do twice at once.
func (s *Store) WatchBooks(ctx context.Context, books []Books, rule outage.Rule) error {
	healths, err := s.BooksHealth(ctx, books, outage.Window)
	if err != nil {
		return err
	}
	for i, h := range healths {
		seen := outage.Seen{Total: h.OK + h.Refused + h.Busy + h.Unknown, Failed: h.Refused + h.Busy + h.Unknown,
			Unanswered: h.Unanswered, LastAnswer: h.LastAnswer, LastOK: h.LastOK}
		err := s.inTx(ctx, "store.WatchBooks", func(tx *sqlx.Tx) error { return watch(ctx, tx, books[i], rule, seen) })
		if err != nil {
			return err
		}
	}
	return nil
}

func watch(ctx context.Context, tx *sqlx.Tx, b Books, rule outage.Rule, seen outage.Seen) error {
	const look = `SELECT id, kind, since FROM erp_episodes WHERE connection = $1 AND ended_at IS NULL`
	var now episode
	err := tx.GetContext(ctx, &now, look, b.Connection)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fallSick(ctx, tx, b, rule, seen)
	case err != nil || !rule.Over(now.Kind, now.Since, seen):
		return err
	}
	const end = `UPDATE erp_episodes SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL`
	return once(ctx, tx, end, func() error { return tellOfBooks(ctx, tx, b, notice.BooksWell, now) }, now.ID)
}

func fallSick(ctx context.Context, tx *sqlx.Tx, b Books, rule outage.Rule, seen outage.Seen) error {
	var at time.Time
	if err := tx.GetContext(ctx, &at, `SELECT clock_timestamp()`); err != nil {
		return err
	}
	now := episode{ID: newID(), Kind: rule.Strikes(seen, at), Since: at}
	kind := notice.BooksFailing
	switch now.Kind {
	case "":
		return nil
	case outage.Silent:
		kind, now.Since = notice.BooksSilent, seen.Unanswered
	}
	const begin = `INSERT INTO erp_episodes (id, connection, kind, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	return once(ctx, tx, begin, func() error { return tellOfBooks(ctx, tx, b, kind, now) },
		now.ID, b.Connection, string(now.Kind), now.Since.UTC())
}

// once does what follows from a statement, where it changed something.
func once(ctx context.Context, tx *sqlx.Tx, statement string, then func() error, args ...any) error {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return then()
}

// tellOfBooks tells finance and the administrators of the companies of a connection.
func tellOfBooks(ctx context.Context, tx *sqlx.Tx, b Books, kind string, now episode) error {
	snapshot, _, err := presentIn(ctx, tx)
	if err != nil {
		return err
	}
	var people []string
	for _, entity := range b.Entities {
		for _, permission := range []string{access.EffectResolve, access.PlanResolve} {
			people = append(people, access.Allowed(snapshot, permission, access.Object{Entity: entity})...)
		}
	}
	slices.Sort(people)
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $1 || '.' || $2 || '.' || p.person, $1, p.person, '', '', '', '', false, $3
		FROM unnest($4::text[]) AS p (person) ON CONFLICT DO NOTHING`
	data := map[string]string{"connection": b.Connection, "from_at": instantText(now.Since)}
	_, err = tx.ExecContext(ctx, tell, kind, now.ID, string(mustJSON(data)), pq.Array(slices.Compact(people)))
	return err
}
