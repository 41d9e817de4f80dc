package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

const commentsMost = 500

// Comment is a remark that changes no state. 评论
type Comment struct {
	ID       string // "" in: made here
	Document string
	Author   string
	Text     string
	At       time.Time // the database's clock; nothing in
}

// Comments lists a document's remarks in order, the newest 500.
func (s *Store) Comments(ctx context.Context, id string) ([]Comment, error) {
	const query = `
		SELECT * FROM (
			SELECT id, document, author, text, at FROM comments WHERE document = $1 AND kind = 'comment'
			ORDER BY at DESC, id DESC LIMIT $2) AS newest
		ORDER BY at, id`
	var comments []Comment
	err := s.db.SelectContext(ctx, &comments, query, id, commentsMost)
	for i := range comments {
		comments[i].At = comments[i].At.UTC()
	}
	return comments, sqlFault("store.Comments", err)
}

// AddComment keeps a remark and tells the submitter, the requester and whoever
// has an open task.
//
// Safe to repeat with an ID. Errors: Invalid comment.empty; NotFound document.not_found.
func (s *Store) AddComment(ctx context.Context, c Comment) (Comment, error) {
	if strings.TrimSpace(c.Text) == "" {
		return Comment{}, fault.New(fault.Invalid, "comment.empty", fault.Field("text"))
	}
	if c.ID == "" {
		c.ID = newID()
	}
	err := s.inTx(ctx, "store.AddComment", func(tx *sqlx.Tx) error {
		var err error
		c.At, err = insertComment(ctx, tx, c, "comment")
		if err != nil {
			return err
		}
		const tell = `
			INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
			SELECT $1 || '.' || told.person, $2, told.person, '', d.entity, d.id, '', false,
			       jsonb_build_object('number', d.number, 'title', d.title, 'by', $3::text, 'reason', $4::text)
			FROM documents d CROSS JOIN LATERAL (
				SELECT d.submitter AS person UNION SELECT d.requester
				UNION SELECT t.assignee FROM tasks t WHERE t.document = d.id AND t.state = 'open') AS told
			WHERE d.id = $5 AND told.person NOT IN ('', $3) AND told.person NOT LIKE 'queue:%'
			ON CONFLICT DO NOTHING`
		_, err = tx.ExecContext(ctx, tell, "comment."+c.ID, notice.Commented, c.Author, c.Text, c.Document)
		return err
	})
	if err != nil {
		return Comment{}, err
	}
	return c, nil
}

// insertComment keeps a remark once and tells when it was kept.
func insertComment(ctx context.Context, tx *sqlx.Tx, c Comment, kind string) (time.Time, error) {
	const insert = `
		INSERT INTO comments (id, document, author, kind, text)
		SELECT $1, d.id, $3, $4, $5 FROM documents d WHERE d.id = $2 AND d.status <> 'draft'
		ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, insert, c.ID, c.Document, c.Author, kind, c.Text); err != nil {
		return time.Time{}, err
	}
	var at time.Time
	err := tx.GetContext(ctx, &at, `SELECT at FROM comments WHERE id = $1 AND document = $2`, c.ID, c.Document)
	return at.UTC(), noRows(err, fault.New(fault.NotFound, "document.not_found"))
}

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
	if _, err := insertComment(ctx, tx, c, "urge"); err != nil {
		return err
	}
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT DISTINCT ON (t.id, coalesce(h.person, t.assignee))
		       $1 || '.' || t.id || '.' || coalesce(h.person, t.assignee), $2, coalesce(h.person, t.assignee), '',
		       d.entity, d.id, t.id, false, jsonb_build_object('number', d.number, 'title', d.title, 'by', $3::text)
		FROM tasks t JOIN documents d ON d.id = t.document
		LEFT JOIN role_holders h ON t.assignee = 'queue:' || h.role AND h.entity IN ('', d.entity)
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
