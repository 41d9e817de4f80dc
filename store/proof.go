package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/proof"
)

// ActsOf lists the acts of a document by their ids, in the order in which they were
// received; with ids of anything else among them, those are passed over.
func (s *Store) ActsOf(ctx context.Context, document string, ids []string) ([]ActRow, error) {
	const query = `SELECT ` + actColumns + ` FROM inbox WHERE document = $1 AND id = ANY($2) ORDER BY received_at, id`
	var rows []actRow
	if err := s.db.SelectContext(ctx, &rows, query, document, pq.Array(ids)); err != nil {
		return nil, sqlFault("store.ActsOf", err)
	}
	acts := make([]ActRow, 0, len(rows))
	for _, r := range rows {
		act, err := r.row()
		if err != nil {
			return nil, sqlFault("store.ActsOf", err)
		}
		acts = append(acts, act)
	}
	return acts, nil
}

// Contents lists the revisions of a document that were submitted or approved, in
// order, with what they say, byte for byte as it is kept.
func (s *Store) Contents(ctx context.Context, document string) ([]proof.Revision, error) {
	const query = `
		SELECT revision, hash, actor, submitted_at, content FROM revisions
		WHERE document = $1 AND submitted_at IS NOT NULL ORDER BY revision`
	var rows []struct {
		Revision             int
		Hash, Actor, Content string
		SubmittedAt          sql.NullTime `db:"submitted_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, query, document); err != nil {
		return nil, sqlFault("store.Contents", err)
	}
	revisions := make([]proof.Revision, 0, len(rows))
	for _, r := range rows {
		revisions = append(revisions, proof.Revision{
			Revision: r.Revision, Hash: r.Hash, Actor: r.Actor, At: r.SubmittedAt.Time.UTC(),
			Content: json.RawMessage(r.Content),
		})
	}
	return revisions, nil
}
