package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// AddUrge reminds whoever has an open task, at most once in a cooldown. 催办
//
// Errors: NotFound document.not_found; Conflict urge.too_soon with the instant
// from which it may be repeated, urge.nobody where no task is open.
func (s *Store) AddUrge(ctx context.Context, id, author string, cooldown time.Duration) error {
	return s.inTx(ctx, "store.AddUrge", func(tx *sqlx.Tx) error {
		const look = `
			SELECT clock_timestamp() AS now,
			       (SELECT coalesce(max(c.at), '-infinity') > clock_timestamp() - $2::interval
			        FROM comments c WHERE c.document = d.id AND c.kind = 'urge') AS soon,
			       (SELECT coalesce(max(c.at), d.created_at) FROM comments c
			        WHERE c.document = d.id AND c.kind = 'urge') AS last
			FROM documents d WHERE d.id = $1 AND d.status <> 'draft' FOR KEY SHARE OF d`
		const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.urge.' || $1))`
		if _, err := tx.ExecContext(ctx, lock, id); err != nil {
			return err
		}
		var found struct {
			Now  time.Time
			Soon bool
			Last time.Time
		}
		wait := fmt.Sprintf("%d milliseconds", cooldown.Milliseconds())
		if err := tx.GetContext(ctx, &found, look, id, wait); err != nil {
			return noRows(err, fault.New(fault.NotFound, "document.not_found"))
		}
		if found.Soon {
			until := found.Last.Add(cooldown).UTC().Format(time.RFC3339)
			return fault.New(fault.Conflict, "urge.too_soon", fault.Arg("until", until))
		}
		return urge(ctx, tx, Comment{ID: newID(), Document: id, Author: author})
	})
}

func urge(ctx context.Context, tx *sqlx.Tx, c Comment) error {
	if err := insertComment(ctx, tx, c, "urge"); err != nil {
		return err
	}
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT DISTINCT ON (t.id, coalesce(h.person, t.assignee))
		       $1 || '.' || t.id || '.' || coalesce(h.person, t.assignee), $2, coalesce(h.person, t.assignee), '',
		       d.entity, d.id, t.id, false, jsonb_build_object('number', d.number, 'title', d.title, 'by', $3::text)
		FROM tasks t JOIN documents d ON d.id = t.document
		LEFT JOIN role_holders h ON t.assignee = 'queue:' || h.role AND h.entity IN ('', d.entity)
		     AND ` + holdsNow + `
		WHERE t.document = $4 AND t.state = 'open'`
	result, err := tx.ExecContext(ctx, tell, "urge."+c.ID, notice.Urged, c.Author, c.Document)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return fault.New(fault.Conflict, "urge.nobody")
	}
	return nil
}
