package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// DraftInput is what an author typed so far.
type DraftInput struct {
	ID      string // "" for a new one
	Content document.Content
	Owner   string // the author; only they may save or delete it

	// Seen is the UpdatedAt that the author last saw: whoever saved the draft since, in
	// another window, is not written over. Zero: whatever it is by now is replaced.
	Seen time.Time
}

// summaryArgs are a content's fields as the columns of documents name them.
func summaryArgs(c document.Content) []any {
	return []any{
		c.Type, c.Title, c.Reason, c.Entity, c.Department, c.Requester, string(c.Payee.Kind), c.Payee.ID, c.Payee.Name,
		c.Payee.Account, string(c.Urgency), c.Total.Minor, string(c.Total.Currency), c.BaseTotal.Minor,
		string(c.BaseTotal.Currency),
	}
}

// SaveDraft keeps a draft; nothing of it has to be right yet.
//
// Safe to repeat with an ID; without one it makes another draft.
// Errors: NotFound draft.not_found, also for somebody else's; Conflict
// document.not_draft, draft.saved_elsewhere where it is not as Seen and not as it would
// become; NotFound attachment.not_found.
func (s *Store) SaveDraft(ctx context.Context, in DraftInput) (Document, error) {
	content, err := json.Marshal(in.Content)
	if err != nil {
		return Document{}, err
	}
	id := in.ID
	err = s.inTx(ctx, "store.SaveDraft", func(tx *sqlx.Tx) error {
		if in.ID == "" {
			id = newID()
		} else if before, err := lockDraft(ctx, tx, in.ID, in.Owner); err != nil {
			return err
		} else if same, err := before.keeps(in, string(content)); same || err != nil {
			return err
		}
		const query = `
			INSERT INTO documents (id, submitter, draft, type, title, reason, entity, department, requester, payee_kind,
			            payee_id, payee_name, payee_account, urgency, total_minor, currency, base_minor, base_currency)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
			ON CONFLICT (id) DO UPDATE SET draft = $3, type = $4, title = $5, reason = $6, entity = $7,
			       department = $8, requester = $9, payee_kind = $10, payee_id = $11, payee_name = $12,
			       payee_account = $13, urgency = $14, total_minor = $15, currency = $16, base_minor = $17,
			       base_currency = $18, updated_at = clock_timestamp()`
		args := append([]any{id, in.Owner, string(content)}, summaryArgs(in.Content)...)
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		return attach(ctx, tx, id, in.Owner, in.Content)
	})
	if err != nil {
		return Document{}, err
	}
	return s.Document(ctx, access.Scope{Person: in.Owner}, id)
}

// draftRow is a draft under its lock.
type draftRow struct {
	Status, Submitter, Draft string

	UpdatedAt time.Time `db:"updated_at"`
}

// keeps says whether a draft is already as it would become; saved elsewhere since its
// author looked, it is not written over.
func (r draftRow) keeps(in DraftInput, content string) (bool, error) {
	if r.Draft == content || in.Seen.IsZero() || in.Seen.Equal(r.UpdatedAt) {
		return r.Draft == content, nil
	}
	return false, fault.New(fault.Conflict, "draft.saved_elsewhere",
		fault.Arg("at", r.UpdatedAt.UTC().Format(time.RFC3339Nano)))
}

// lockDraft locks a draft for its author.
func lockDraft(ctx context.Context, tx *sqlx.Tx, id, owner string) (draftRow, error) {
	const query = `
		SELECT status, submitter, coalesce(draft, '') AS draft, updated_at FROM documents WHERE id = $1 FOR UPDATE`
	var row draftRow
	err := tx.GetContext(ctx, &row, query, id)
	switch {
	case err != nil:
		return row, noRows(err, fault.New(fault.NotFound, "draft.not_found"))
	case row.Submitter != owner:
		return row, fault.New(fault.NotFound, "draft.not_found")
	case row.Status != "draft":
		return row, fault.New(fault.Conflict, "document.not_draft", fault.Arg("status", row.Status))
	}
	return row, nil
}

// DeleteDraft deletes a draft of the scope's person. What was submitted is never deleted.
//
// Errors: NotFound draft.not_found; Conflict document.not_draft.
func (s *Store) DeleteDraft(ctx context.Context, scope access.Scope, id string) error {
	return s.inTx(ctx, "store.DeleteDraft", func(tx *sqlx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, scope.Person); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE id = $1 AND status = 'draft'`, id)
		return err
	})
}

// attach links the attachments that a content names to its document. Only what
// the actor uploaded, or what the document shows already, can be named.
//
// Errors: NotFound attachment.not_found.
func attach(ctx context.Context, tx *sqlx.Tx, id, actor string, c document.Content) error {
	named := map[string]bool{}
	var ids []string
	add := func(attachments []document.Attachment) {
		for _, a := range attachments {
			if !named[a.ID] {
				named[a.ID] = true
				ids = append(ids, a.ID)
			}
		}
	}
	add(c.Attachments)
	for _, line := range c.Lines {
		add(line.Attachments)
	}
	if len(ids) == 0 {
		return nil
	}
	const query = `
		WITH allowed AS (
			SELECT a.id FROM attachments a
			WHERE a.id = ANY($3) AND (a.uploader = $2
			   OR EXISTS (SELECT 1 FROM attached x WHERE x.attachment = a.id AND x.document = $1))
		), linked AS (
			INSERT INTO attached (attachment, document) SELECT id, $1 FROM allowed ON CONFLICT DO NOTHING
		)
		SELECT n.id FROM unnest($3::text[]) AS n (id) WHERE n.id NOT IN (SELECT id FROM allowed) LIMIT 1`
	var missing []string
	if err := tx.SelectContext(ctx, &missing, query, id, actor, pq.Array(ids)); err != nil {
		return err
	}
	if len(missing) > 0 {
		return fault.New(fault.NotFound, "attachment.not_found", fault.Arg("id", missing[0]))
	}
	return nil
}

// newID makes an identifier that sorts by its time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
