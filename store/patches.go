package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// SaveChanged keeps the content that an approver is about to set by a sanction or
// an amendment, and tells its revision. seen is the hash of the content that it
// changes. It replaces one that took no effect; an act that named that one is then
// refused as revision.changed.
//
// Safe to repeat. Errors: NotFound document.not_found; Conflict task.changed where
// another content is decided on by now, document.not_open where it is not under
// approval; Invalid offset.*, where the advance does not bear it any more.
func (s *Store) SaveChanged(ctx context.Context, in RevisionInput, seen string) (int, error) {
	content, err := canonicalContent(in.Content, in.Hash)
	if err != nil {
		return 0, err
	}
	revision := 0
	err = s.inTx(ctx, "store.SaveChanged", func(tx *sqlx.Tx) error {
		const lock = `
			SELECT status, revision, content_hash FROM documents WHERE id = $1 AND status <> 'draft' FOR UPDATE`
		var row struct {
			Status      string
			Revision    int
			ContentHash string `db:"content_hash"`
		}
		if err := tx.GetContext(ctx, &row, lock, in.Document); err != nil {
			return noRows(err, fault.New(fault.NotFound, "document.not_found"))
		}
		switch {
		case row.Status != string(approval.Pending):
			return fault.New(fault.Conflict, "document.not_open", fault.Arg("status", row.Status))
		case row.ContentHash != seen:
			return fault.New(fault.Conflict, "task.changed")
		}
		if err := holdOffset(ctx, tx, in.Document, in.Content); err != nil {
			return err
		}
		revision = row.Revision + 1
		return saveRevision(ctx, tx, in, revision, content)
	})
	return revision, err
}

func saveRevision(ctx context.Context, tx *sqlx.Tx, in RevisionInput, revision int, content string) error {
	const save = `
		INSERT INTO revisions (document, revision, hash, content, actor) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (document, revision) DO UPDATE
		SET hash = $3, content = $4, actor = $5, created_at = clock_timestamp()`
	_, err := tx.ExecContext(ctx, save, in.Document, revision, in.Hash, content, in.Actor)
	return err
}

// provePatch proves that the content which a sanction or an amendment names is the
// one before it with exactly its patch. Who stored it is not believed.
//
// Errors: Conflict revision.changed.
func (p *projection) provePatch(ctx context.Context, q sqlx.QueryerContext) error {
	const query = `
		SELECT revision, content FROM revisions WHERE document = $1 AND revision IN ($2, $2 - 1) ORDER BY revision`
	var rows []struct {
		Revision int
		Content  string
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, p.document, p.Revision); err != nil {
		return err
	}
	if len(rows) != 2 {
		return fault.New(fault.Conflict, "revision.changed")
	}
	proved, err := approval.Leads(p.patch, []byte(rows[0].Content), []byte(rows[1].Content))
	if err == nil && !proved {
		err = fault.New(fault.Conflict, "revision.changed")
	}
	return err
}
