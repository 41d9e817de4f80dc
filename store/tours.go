package store

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// Toured says whether somebody took a tour of the pages, or wants none.
func (s *Store) Toured(ctx context.Context, person string) (bool, error) {
	const query = `SELECT EXISTS (SELECT FROM wishes WHERE person = $1 AND toured_at IS NOT NULL)`
	var toured bool
	err := s.db.GetContext(ctx, &toured, query, person)
	return toured, sqlFault("store.Toured", err)
}

// EndTour remembers that somebody took a tour, or wants none; what they wish stays.
//
// Safe to repeat.
func (s *Store) EndTour(ctx context.Context, person string) error {
	return s.inTx(ctx, "store.EndTour", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO wishes (person, wishes, toured_at) VALUES ($1, '{}', clock_timestamp())
			ON CONFLICT (person) DO UPDATE SET toured_at = coalesce(wishes.toured_at, clock_timestamp())`
		_, err := tx.ExecContext(ctx, query, person)
		return err
	})
}
