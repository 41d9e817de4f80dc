package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// headsOverlap reaches back before the instant asked for: a transaction that was
// under way then may have committed later. A head told twice is harmless.
const headsOverlap = time.Minute

// Head is where a stream's chain ends.
type Head struct {
	Stream string    `json:"stream"`
	Seq    int64     `json:"seq"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
}

// Checkpoint is a signed statement of heads; its file leaves the database, so
// that who rewrites the whole chain is still found out.
type Checkpoint struct {
	N           int64     // from 1
	At          time.Time // of what it states
	Predecessor string    // Hash of the checkpoint before, "" for the first
	Hash        string    // of Body
	Body        string    // what was signed: canonical JSON of heads, instant and predecessor
	Signature   evidence.Signature
}

// HeadsSince lists the heads that changed since an instant, a minute before it included.
func (s *Store) HeadsSince(ctx context.Context, since time.Time) ([]Head, error) {
	const query = `
		SELECT id AS stream, seq, head_hash AS hash, updated_at AS at FROM documents
		WHERE status <> 'draft' AND updated_at > $1
		UNION ALL
		SELECT stream, seq, head_hash, updated_at FROM streams WHERE updated_at > $1
		ORDER BY stream`
	var heads []Head
	err := s.db.SelectContext(ctx, &heads, query, since.UTC().Add(-headsOverlap))
	for i := range heads {
		heads[i].At = heads[i].At.UTC()
	}
	return heads, sqlFault("store.HeadsSince", err)
}

// SaveCheckpoint keeps a checkpoint after its predecessor.
//
// Safe to repeat with the same hash. Errors: Conflict checkpoint.stale where
// another one came between.
func (s *Store) SaveCheckpoint(ctx context.Context, c Checkpoint) (Checkpoint, error) {
	err := s.inTx(ctx, "store.SaveCheckpoint", func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('countersign.checkpoint'))`); err != nil {
			return err
		}
		var last []checkpointRow
		if err := tx.SelectContext(ctx, &last, checkpointsQuery, 1); err != nil {
			return err
		}
		if len(last) > 0 && last[0].Hash == c.Hash {
			c = last[0].checkpoint()
			return nil
		}
		c.N = 1
		predecessor := ""
		if len(last) > 0 {
			c.N, predecessor = last[0].N+1, last[0].Hash
		}
		if c.Predecessor != predecessor {
			return fault.New(fault.Conflict, "checkpoint.stale")
		}
		const insert = `
			INSERT INTO checkpoints (n, at, predecessor, hash, body, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)`
		_, err := tx.ExecContext(ctx, insert, c.N, c.At.UTC(), c.Predecessor, c.Hash, c.Body, c.Signature.KeyID,
			c.Signature.Value)
		return err
	})
	return c, err
}

type checkpointRow struct {
	N           int64
	At          time.Time
	Predecessor string
	Hash        string
	Body        string
	KeyID       string `db:"key_id"`
	Signature   string
}

func (r checkpointRow) checkpoint() Checkpoint {
	return Checkpoint{
		N: r.N, At: r.At.UTC(), Predecessor: r.Predecessor, Hash: r.Hash, Body: r.Body,
		Signature: evidence.Signature{KeyID: r.KeyID, Value: r.Signature},
	}
}

const checkpointsQuery = `
	SELECT n, at, predecessor, hash, body, key_id, signature FROM checkpoints ORDER BY n DESC LIMIT $1`

// Checkpoints lists the newest checkpoints, the newest first.
func (s *Store) Checkpoints(ctx context.Context, limit int) ([]Checkpoint, error) {
	var rows []checkpointRow
	if err := s.db.SelectContext(ctx, &rows, checkpointsQuery, limitOf(limit)); err != nil {
		return nil, sqlFault("store.Checkpoints", err)
	}
	checkpoints := make([]Checkpoint, 0, len(rows))
	for _, r := range rows {
		checkpoints = append(checkpoints, r.checkpoint())
	}
	return checkpoints, nil
}
