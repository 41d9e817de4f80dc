package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/notice"
)

// Wishes is how a person wants to be told; the zero value where they never said.
func (s *Store) Wishes(ctx context.Context, person string) (notice.Wishes, error) {
	var text string
	err := s.db.GetContext(ctx, &text, `SELECT wishes FROM wishes WHERE person = $1`, person)
	if errors.Is(err, sql.ErrNoRows) {
		return notice.Wishes{}, nil
	}
	var w notice.Wishes
	if err == nil {
		err = json.Unmarshal([]byte(text), &w)
	}
	return w, sqlFault("store.Wishes", err)
}

// SaveWishes keeps how a person wants to be told.
//
// Safe to repeat.
func (s *Store) SaveWishes(ctx context.Context, person string, w notice.Wishes) error {
	return s.inTx(ctx, "store.SaveWishes", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO wishes (person, wishes) VALUES ($1, $2)
			ON CONFLICT (person) DO UPDATE SET wishes = $2, updated_at = clock_timestamp()`
		_, err := tx.ExecContext(ctx, query, person, string(mustJSON(w)))
		return err
	})
}

// NoticeLater puts a notice off: nobody may be told of it before.
//
// Safe to repeat.
func (s *Store) NoticeLater(ctx context.Context, id string, until time.Time) error {
	return s.inTx(ctx, "store.NoticeLater", func(tx *sqlx.Tx) error {
		const query = `UPDATE notices SET next_try = $2, tries = greatest(tries - 1, 0) WHERE id = $1 AND sent_at IS NULL`
		_, err := tx.ExecContext(ctx, query, id, until.UTC())
		return err
	})
}
