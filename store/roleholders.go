package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/org"
)

// holdsNow is whether holder h holds the role by the database's clock.
const holdsNow = `from_at <= clock_timestamp() AND until_at > clock_timestamp()`

// snapshotNow is the newest organisation with the rights that hold now.
func (s *Store) snapshotNow(ctx context.Context, newest int64) (*org.Snapshot, error) {
	now := time.Now()
	s.mu.Lock()
	last := s.present
	s.mu.Unlock()
	if last != nil && last.Version == newest && (last.Until.IsZero() || now.Before(last.Until)) {
		return last, nil
	}
	whole, err := s.Snapshot(ctx, newest)
	if err != nil {
		return nil, err
	}
	present := whole.At(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present = present
	return present, nil
}

// presentIn is the organisation in force within a transaction, with the rights that
// hold now, and what now is.
func presentIn(ctx context.Context, tx *sqlx.Tx) (*org.Snapshot, time.Time, error) {
	whole, now, err := wholeIn(ctx, tx)
	if err != nil {
		return nil, now, err
	}
	return whole.At(now), now, nil
}

// wholeIn is presentIn with the rights that are over and those to come.
func wholeIn(ctx context.Context, tx *sqlx.Tx) (*org.Snapshot, time.Time, error) {
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return nil, now, err
	}
	version, err := orgVersion(ctx, tx)
	if err != nil {
		return nil, now, err
	}
	whole, err := loadSnapshot(ctx, tx, version)
	return whole, now.UTC(), err
}

// The columns of a holder, from the row g of a grant. A grant for a department makes
// nobody a holder: who is told, and who administers, is of an entity.
const holderOf = `
	g.body::jsonb ->> 'role', g.body::jsonb ->> 'entity', g.body::jsonb ->> 'person', coalesce(g.body::jsonb ->> 'id', ''),
	coalesce((g.body::jsonb ->> 'from')::timestamptz, '-infinity'),
	coalesce((g.body::jsonb ->> 'until')::timestamptz, 'infinity')
	FROM org_rows g
	JOIN org_rows p ON p.kind = 'person' AND p.id = g.body::jsonb ->> 'person' AND p.to_version IS NULL
	WHERE g.kind = 'grant' AND g.to_version IS NULL AND g.body::jsonb ->> 'department' IS NULL
	  AND (p.body::jsonb ->> 'active')::boolean`

const insertHolders = `INSERT INTO role_holders (role, entity, person, grant_id, from_at, until_at) SELECT `

// saveHolders keeps who holds which role, for the notices to roles.
func saveHolders(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM role_holders`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, insertHolders+holderOf+` ON CONFLICT DO NOTHING`)
	return err
}

// saveHoldersOf keeps who of these people holds which role.
func saveHoldersOf(ctx context.Context, tx *sqlx.Tx, people []string) error {
	const clear = `DELETE FROM role_holders h WHERE person = ANY($1) AND NOT stands(h)`
	if _, err := tx.ExecContext(ctx, clear, pq.Array(people)); err != nil {
		return err
	}
	const theirs = insertHolders + holderOf + ` AND g.body::jsonb ->> 'person' = ANY($1) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, theirs, pq.Array(people))
	return err
}
