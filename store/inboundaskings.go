package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// InboundAsking is that somebody had a source read beside its schedule. 立即读取
type InboundAsking struct {
	ID      string    `db:"id"`
	Source  string    `db:"source"`
	Person  string    `db:"person"`
	AskedAt time.Time `db:"asked_at"`
}

// AskInbound keeps that somebody has a source read now, and answers with what was kept
// under the same key before.
//
// Safe to repeat with the same key. Errors: Conflict idempotency.reused.
func (s *Store) AskInbound(ctx context.Context, source, person string, idem Idempotency) (InboundAsking, error) {
	const (
		ask  = `INSERT INTO inbound_askings (id, source, person) VALUES ($1, $2, $3)`
		find = `SELECT id, source, person, asked_at FROM inbound_askings WHERE id = $1`
	)
	var asking InboundAsking
	err := s.inTx(ctx, "store.AskInbound", func(tx *sqlx.Tx) error {
		id, fresh, err := claimRequest(ctx, tx, idem, newID())
		if err != nil {
			return err
		}
		if fresh {
			if _, err := tx.ExecContext(ctx, ask, id, source, person); err != nil {
				return err
			}
		}
		return tx.GetContext(ctx, &asking, find, id)
	})
	return asking, err
}

// InboundAskings are the newest of each source, by source.
func (s *Store) InboundAskings(ctx context.Context) (map[string]InboundAsking, error) {
	const list = `
		SELECT DISTINCT ON (source) id, source, person, asked_at FROM inbound_askings ORDER BY source, asked_at DESC`
	var rows []InboundAsking
	if err := s.db.SelectContext(ctx, &rows, list); err != nil {
		return nil, sqlFault("store.InboundAskings", err)
	}
	newest := make(map[string]InboundAsking, len(rows))
	for _, r := range rows {
		newest[r.Source] = r
	}
	return newest, nil
}

// InboundCount is what came from a source: what waits, however old it is, and what was
// settled among what came within 30 days.
type InboundCount struct {
	Source    string    `db:"source"`
	Received  int       `db:"received"` // waits to be made a document
	Refused   int       `db:"refused"`  // waits for a person
	Submitted int       `db:"submitted"`
	Ignored   int       `db:"ignored"`
	NewestAt  time.Time `db:"newest_at"` // when the newest of all these came
}

// InboundCounts are those of every source that anything came from, by source.
func (s *Store) InboundCounts(ctx context.Context) (map[string]InboundCount, error) {
	const list = `
		SELECT source, max(received_at) AS newest_at,
		       count(*) FILTER (WHERE state = 'received') AS received,
		       count(*) FILTER (WHERE state = 'refused') AS refused,
		       count(*) FILTER (WHERE state = 'submitted') AS submitted,
		       count(*) FILTER (WHERE state = 'ignored') AS ignored
		FROM inbound_messages
		WHERE state IN ('received', 'refused') OR received_at > now() - interval '30 days'
		GROUP BY source`
	var rows []InboundCount
	if err := s.db.SelectContext(ctx, &rows, list); err != nil {
		return nil, sqlFault("store.InboundCounts", err)
	}
	counts := make(map[string]InboundCount, len(rows))
	for _, r := range rows {
		counts[r.Source] = r
	}
	return counts, nil
}
