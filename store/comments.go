package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// The limits of remarks.
const (
	commentsMost     = 500
	MentionsMost     = 20 // people whom one remark names
	CommentFilesMost = 10 // files that one remark shows
)

var _ = fault.Register(map[string]fault.Entry{
	"comment.not_found":     {Kind: fault.NotFound},
	"comment.not_yours":     {Kind: fault.Forbidden},
	"comment.reply_unknown": {Kind: fault.Invalid},
})

// Comment is a remark that changes no state. 评论
type Comment struct {
	ID          string // "" in: made here
	Document    string
	Author      string
	Text        string
	ReplyTo     string // the remark it answers, "" for none
	Mentions    []string
	Attachments []document.Attachment
	At          time.Time // the database's clock; nothing in
	WithdrawnAt time.Time // when its author took it back; nothing in
}

// CommentInput is a remark to be kept. 评论、提及
type CommentInput struct {
	Comment
	CopyIn []string // of the mentioned, who are copied in with it
	Tell   []string // whom else to tell of it: who is answered, while they may read
}

type commentRow struct {
	ID, Document, Author, Text string
	ReplyTo                    string `db:"reply_to"`
	Mentions                   pq.StringArray
	At                         time.Time
	WithdrawnAt                sql.NullTime `db:"withdrawn_at"`
}

const commentColumns = `id, document, author, text, coalesce(reply_to, '') AS reply_to, mentions, at, withdrawn_at`

func (r commentRow) comment() Comment {
	return Comment{
		ID: r.ID, Document: r.Document, Author: r.Author, Text: r.Text, ReplyTo: r.ReplyTo, Mentions: r.Mentions,
		At: r.At.UTC(), WithdrawnAt: orZero(r.WithdrawnAt),
	}
}

// Comments lists a document's remarks in order, the newest 500, those taken back
// among them with what they said: whom to show it is the caller's to judge.
func (s *Store) Comments(ctx context.Context, id string) ([]Comment, error) {
	const query = `
		SELECT * FROM (
			SELECT ` + commentColumns + ` FROM comments WHERE document = $1 AND kind = 'comment'
			ORDER BY at DESC, id DESC LIMIT $2) AS newest
		ORDER BY at, id`
	list, err := selectComments(ctx, s.db, query, id, commentsMost)
	return list, sqlFault("store.Comments", err)
}

// Comment returns one remark.
//
// Errors: NotFound comment.not_found.
func (s *Store) Comment(ctx context.Context, document, id string) (Comment, error) {
	c, err := commentByID(ctx, s.db, document, id, "")
	return c, sqlFault("store.Comment", err)
}

func commentByID(ctx context.Context, q sqlx.QueryerContext, document, id, lock string) (Comment, error) {
	const query = `SELECT ` + commentColumns + ` FROM comments WHERE id = $1 AND document = $2 AND kind = 'comment'`
	list, err := selectComments(ctx, q, query+lock, id, document)
	if err != nil {
		return Comment{}, err
	}
	if len(list) == 0 {
		return Comment{}, fault.New(fault.NotFound, "comment.not_found")
	}
	return list[0], nil
}

func selectComments(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) ([]Comment, error) {
	var rows []commentRow
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil || len(rows) == 0 {
		return nil, err
	}
	at, ids := map[string]int{}, make([]string, 0, len(rows))
	list := make([]Comment, 0, len(rows))
	for i, r := range rows {
		at[r.ID], ids, list = i, append(ids, r.ID), append(list, r.comment())
	}
	const files = `
		SELECT x.comment, a.id, a.name, a.type, a.size, a.sha256 FROM comment_files x
		JOIN attachments a ON a.id = x.attachment WHERE x.comment = ANY($1) ORDER BY x.comment, x.n`
	var shown []struct {
		Comment string
		document.Attachment
	}
	if err := sqlx.SelectContext(ctx, q, &shown, files, pq.Array(ids)); err != nil {
		return nil, err
	}
	for _, f := range shown {
		list[at[f.Comment]].Attachments = append(list[at[f.Comment]].Attachments, f.Attachment)
	}
	return list, nil
}

// AddComment keeps a remark with its files, copies in whom it names and who
// cannot read it otherwise, and tells: whom it names, that they were named;
// submitter, requester, open assignees and who is answered, that there is one.
//
// Safe to repeat with an ID: the first remark is the answer. Errors: Invalid
// comment.empty, comment.reply_unknown; NotFound document.not_found,
// attachment.not_found; those of cc.Check and cc.Admit.
func (s *Store) AddComment(ctx context.Context, in CommentInput) (Comment, error) {
	if strings.TrimSpace(in.Text) == "" {
		return Comment{}, fault.New(fault.Invalid, "comment.empty", fault.Field("text"))
	}
	if in.ID == "" {
		in.ID = newID()
	}
	var saved Comment
	err := s.inTx(ctx, "store.AddComment", func(tx *sqlx.Tx) error {
		const lock = `SELECT pg_advisory_xact_lock(hashtext('countersign.comment.' || $1))` // of a request sent twice
		if _, err := tx.ExecContext(ctx, lock, in.ID); err != nil {
			return err
		}
		var err error
		if saved, err = commentByID(ctx, tx, in.Document, in.ID, ""); fault.CodeOf(err) != "comment.not_found" {
			return err
		}
		if err := addComment(ctx, tx, in); err != nil {
			return err
		}
		saved, err = commentByID(ctx, tx, in.Document, in.ID, "")
		return err
	})
	if err != nil {
		return Comment{}, err
	}
	return saved, nil
}

func addComment(ctx context.Context, tx *sqlx.Tx, in CommentInput) error {
	if in.ReplyTo != "" {
		to, err := commentByID(ctx, tx, in.Document, in.ReplyTo, "")
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && to.ReplyTo != "" {
			return fault.New(fault.Invalid, "comment.reply_unknown", fault.Field("reply_to"))
		}
		if err != nil {
			return err
		}
	}
	if len(in.CopyIn) > 0 { // before the remark holds the document's row
		if err := lockCopies(ctx, tx, in.Document); err != nil {
			return err
		}
	}
	if err := insertComment(ctx, tx, in.Comment, "comment"); err != nil {
		return err
	}
	if err := showFiles(ctx, tx, in.Comment); err != nil {
		return err
	}
	if len(in.CopyIn) > 0 {
		copies := CopyInput{Batch: in.ID, Document: in.Document, By: in.Author, How: cc.ByMention, People: in.CopyIn}
		if err := addCopies(ctx, tx, copies); err != nil {
			return err
		}
	}
	return tellCommented(ctx, tx, in)
}

// insertComment keeps a remark under an id that is new.
func insertComment(ctx context.Context, tx *sqlx.Tx, c Comment, kind string) error {
	const insert = `
		INSERT INTO comments (id, document, author, kind, text, mentions, reply_to)
		SELECT $1, d.id, $3, $4, $5, $6, nullif($7, '')
		FROM documents d WHERE d.id = $2 AND d.status <> 'draft'`
	result, err := tx.ExecContext(ctx, insert, c.ID, c.Document, c.Author, kind, c.Text,
		pq.Array(append([]string{}, c.Mentions...)), c.ReplyTo)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return cmpFault(err, fault.New(fault.NotFound, "document.not_found"))
	}
	return nil
}

// showFiles links the files of a remark: its author's own uploads.
func showFiles(ctx context.Context, tx *sqlx.Tx, c Comment) error {
	const link = `
		INSERT INTO comment_files (comment, attachment, n)
		SELECT $1, a.id, $3 FROM attachments a WHERE a.id = $2 AND a.uploader = $4 ON CONFLICT DO NOTHING`
	for i, a := range c.Attachments { // ten at most
		result, err := tx.ExecContext(ctx, link, c.ID, a.ID, i, c.Author)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmpFault(err, fault.New(fault.NotFound, "attachment.not_found", fault.Arg("id", a.ID)))
		}
	}
	return nil
}

// tellCommented tells each person once: who is named hears that they were.
func tellCommented(ctx context.Context, tx *sqlx.Tx, c CommentInput) error {
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $1 || '.' || told.person, CASE WHEN told.person = ANY($6) THEN $2 ELSE $3 END, told.person, '', d.entity,
		       d.id, '', false, jsonb_build_object('number', d.number, 'title', d.title, 'by', $4::text, 'reason', $5::text,
		                                           'amount_minor', d.total_minor::text, 'currency', d.currency)
		FROM documents d CROSS JOIN LATERAL (
			SELECT d.submitter AS person UNION SELECT d.requester
			UNION SELECT t.assignee FROM tasks t WHERE t.document = d.id AND t.state = 'open'
			UNION SELECT m.person FROM unnest($6::text[]) AS m (person)
			UNION SELECT m.person FROM unnest($8::text[]) AS m (person)) AS told
		WHERE d.id = $7 AND told.person NOT IN ('', $4) AND told.person NOT LIKE 'queue:%'
		ON CONFLICT DO NOTHING`
	mentions, others := append([]string{}, c.Mentions...), append([]string{}, c.Tell...) // never null
	_, err := tx.ExecContext(ctx, tell, "comment."+c.ID, notice.Mentioned, notice.Commented, c.Author, c.Text,
		pq.Array(mentions), c.Document, pq.Array(others))
	return err
}

// WithdrawComment takes a remark of one's own from sight. What it said stays on
// record, for audit; whoever was told has been told.
//
// Safe to repeat. Errors: NotFound comment.not_found; Forbidden comment.not_yours.
func (s *Store) WithdrawComment(ctx context.Context, document, id, by string) (Comment, error) {
	var withdrawn Comment
	err := s.inTx(ctx, "store.WithdrawComment", func(tx *sqlx.Tx) error {
		c, err := commentByID(ctx, tx, document, id, " FOR UPDATE")
		if err != nil {
			return err
		}
		withdrawn = c
		if c.Author != by {
			return fault.New(fault.Forbidden, "comment.not_yours")
		}
		if !c.WithdrawnAt.IsZero() {
			return nil
		}
		const update = `UPDATE comments SET withdrawn_at = clock_timestamp() WHERE id = $1 RETURNING withdrawn_at`
		err = tx.GetContext(ctx, &withdrawn.WithdrawnAt, update, id)
		withdrawn.WithdrawnAt = withdrawn.WithdrawnAt.UTC()
		return err
	})
	if err != nil {
		return Comment{}, err
	}
	return withdrawn, nil
}
