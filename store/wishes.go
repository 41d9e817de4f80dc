package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

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

// WishesOf is how some people want to be told, of those who ever said.
func (s *Store) WishesOf(ctx context.Context, people []string) (map[string]notice.Wishes, error) {
	var rows []struct{ Person, Wishes string }
	const query = `SELECT person, wishes FROM wishes WHERE person = ANY($1)`
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(people)); err != nil {
		return nil, sqlFault("store.WishesOf", err)
	}
	all := make(map[string]notice.Wishes, len(rows))
	for _, r := range rows {
		var w notice.Wishes
		if err := json.Unmarshal([]byte(r.Wishes), &w); err != nil {
			return nil, sqlFault("store.WishesOf", err)
		}
		all[r.Person] = w
	}
	return all, nil
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

// NoticeKey is what links are signed with by which somebody does without a topic.
func (s *Store) NoticeKey(ctx context.Context) ([]byte, error) {
	var key string
	if err := s.db.GetContext(ctx, &key, `SELECT key FROM notice_key`); err != nil {
		return nil, sqlFault("store.NoticeKey", err)
	}
	return []byte(key), nil
}
