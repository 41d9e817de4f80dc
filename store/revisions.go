package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// RevisionInput is new content, stored before the act that names it.
type RevisionInput struct {
	Document string
	Actor    string
	Content  document.Content
	Hash     string // of Content
}

// RevisionRow is one revision of a document without its content.
type RevisionRow struct {
	Revision    int
	Hash        string
	Actor       string
	CreatedAt   time.Time
	SubmittedAt time.Time // zero while it waits for its act
}

// SaveRevision keeps the next content of a returned document and tells its
// number. It replaces one that was not resubmitted.
//
// Safe to repeat. Errors: NotFound document.not_found, attachment.not_found;
// Conflict document.not_open where the document was not returned, draft.changed
// where the content is of another type, entity, submitter or requester; Invalid
// offset.*, where the advance does not bear it.
func (s *Store) SaveRevision(ctx context.Context, in RevisionInput) (int, error) {
	content, err := canonicalContent(in.Content, in.Hash)
	if err != nil {
		return 0, err
	}
	revision := 0
	err = s.inTx(ctx, "store.SaveRevision", func(tx *sqlx.Tx) error {
		const lock = `
			SELECT status, revision, type, entity, submitter, requester FROM documents
			WHERE id = $1 AND status <> 'draft' FOR UPDATE`
		var row struct {
			Status, Type, Entity, Submitter, Requester string
			Revision                                   int
		}
		if err := tx.GetContext(ctx, &row, lock, in.Document); err != nil {
			return noRows(err, fault.New(fault.NotFound, "document.not_found"))
		}
		if row.Status != "returned" {
			return fault.New(fault.Conflict, "document.not_open", fault.Arg("status", row.Status))
		}
		c := in.Content
		if c.Type != row.Type || c.Entity != row.Entity || c.Submitter != row.Submitter || c.Requester != row.Requester {
			return fault.New(fault.Conflict, "draft.changed")
		}
		if err := holdOffset(ctx, tx, in.Document, c); err != nil {
			return err
		}
		revision = row.Revision + 1
		if err := saveRevision(ctx, tx, in, revision, content); err != nil {
			return err
		}
		return attach(ctx, tx, in.Document, in.Actor, in.Content)
	})
	return revision, err
}

// Revision returns one revision's content and its hash.
//
// Errors: NotFound revision.not_found.
func (s *Store) Revision(ctx context.Context, id string, n int) (document.Content, string, error) {
	const query = `SELECT hash, content FROM revisions WHERE document = $1 AND revision = $2`
	var row struct{ Hash, Content string }
	if err := s.db.GetContext(ctx, &row, query, id, n); err != nil {
		missing := fault.New(fault.NotFound, "revision.not_found")
		return document.Content{}, "", sqlFault("store.Revision", noRows(err, missing))
	}
	var c document.Content
	err := json.Unmarshal([]byte(row.Content), &c)
	return c, row.Hash, sqlFault("store.Revision", err)
}

// Revisions lists a document's revisions in order.
func (s *Store) Revisions(ctx context.Context, id string) ([]RevisionRow, error) {
	const query = `
		SELECT revision, hash, actor, created_at, submitted_at FROM revisions WHERE document = $1 ORDER BY revision`
	var rows []struct {
		Revision    int
		Hash, Actor string
		CreatedAt   time.Time    `db:"created_at"`
		SubmittedAt sql.NullTime `db:"submitted_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, query, id); err != nil {
		return nil, sqlFault("store.Revisions", err)
	}
	revisions := make([]RevisionRow, 0, len(rows))
	for _, r := range rows {
		revisions = append(revisions, RevisionRow{
			Revision: r.Revision, Hash: r.Hash, Actor: r.Actor,
			CreatedAt: r.CreatedAt.UTC(), SubmittedAt: orZero(r.SubmittedAt),
		})
	}
	return revisions, nil
}
