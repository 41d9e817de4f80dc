package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// How long a claimed start may take before it is given again.
const (
	startBackoffBase = "5 seconds"
	startBackoffMost = "60 seconds"
)

// Start is a document whose workflow is to be started.
type Start struct {
	Document, Number, Type, Title, Entity, Department, Urgency, Submitter string

	Bulk bool // starts after everything interactive
}

const startColumns = `d.id AS document, d.number, d.type, d.title, d.entity, d.department, d.urgency, d.submitter,
	s.bulk`

// ClaimStarts takes up to limit documents whose workflow is not known to run,
// the interactive ones first. A start may be given twice; the workflow's id
// makes that harmless.
func (s *Store) ClaimStarts(ctx context.Context, limit int) ([]Start, error) {
	const query = `
		WITH due AS (
			SELECT document FROM starts WHERE done_at IS NULL AND next_try <= statement_timestamp()
			ORDER BY bulk, next_try LIMIT $1 FOR UPDATE SKIP LOCKED
		), s AS (
			UPDATE starts o SET tries = o.tries + 1, next_try = clock_timestamp() + least(
			       interval '` + startBackoffMost + `', interval '` + startBackoffBase + `' * power(2, least(o.tries, 20)))
			FROM due WHERE o.document = due.document RETURNING o.document, o.bulk, o.created_at
		)
		SELECT ` + startColumns + ` FROM s JOIN documents d ON d.id = s.document ORDER BY s.bulk, s.created_at`
	var starts []Start
	err := s.inTx(ctx, "store.ClaimStarts", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &starts, query, limitOf(limit))
	})
	return starts, err
}

// StartDone says that a document's workflow runs, or ran. The first Record of a
// document says so too: whoever starts a workflow need not.
//
// Safe to repeat.
func (s *Store) StartDone(ctx context.Context, id string) error {
	return s.inTx(ctx, "store.StartDone", func(tx *sqlx.Tx) error {
		const query = `UPDATE starts SET done_at = clock_timestamp() WHERE document = $1 AND done_at IS NULL`
		_, err := tx.ExecContext(ctx, query, id)
		return err
	})
}

// StartOf tells how to start a document's workflow, started or not.
//
// Errors: NotFound document.not_found.
func (s *Store) StartOf(ctx context.Context, id string) (Start, error) {
	const query = `SELECT ` + startColumns + ` FROM starts s JOIN documents d ON d.id = s.document WHERE s.document = $1`
	var start Start
	err := s.db.GetContext(ctx, &start, query, id)
	return start, sqlFault("store.StartOf", noRows(err, fault.New(fault.NotFound, "document.not_found")))
}
