package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/notice"
)

// MailReply is an answer to a letter, and what became of it. 邮件回复
type MailReply struct {
	ID, Letter, Person string // its Message-ID; the letter's id; whose it is

	Outcome string // ReplyTaken or ReplyRefused
	Code    string // of the refusal
	Act     string // in the inbox
}

// What becomes of an answer to a letter.
const (
	ReplyTaken   = "taken"
	ReplyRefused = "refused"
)

// answersMost is how many answers to one letter somebody is told of: what answers us by
// itself is not answered for ever.
const answersMost = 3

// HasMailReply says whether an answer came before.
func (s *Store) HasMailReply(ctx context.Context, id string) (bool, error) {
	var has bool
	err := s.db.GetContext(ctx, &has, `SELECT EXISTS (SELECT FROM mail_replies WHERE id = $1)`, id)
	return has, sqlFault("store.HasMailReply", err)
}

// KeepMailReply writes down what became of an answer, and tells its writer, once.
//
// Safe to repeat.
func (s *Store) KeepMailReply(ctx context.Context, r MailReply, tell notice.Notice) error {
	return s.inTx(ctx, "store.KeepMailReply", func(tx *sqlx.Tx) error {
		const keep = `
			INSERT INTO mail_replies (id, letter, person, outcome, code, act) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO NOTHING`
		result, err := tx.ExecContext(ctx, keep, r.ID, r.Letter, r.Person, r.Outcome, r.Code, r.Act)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		const owe = `
			INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
			SELECT $1 || '.' || encode(sha256(convert_to($2, 'UTF8')), 'hex'), $1, $3, '', '', $4, '', $5, $6::jsonb
			WHERE (SELECT count(*) FROM mail_replies WHERE letter = $7) <= $8
			ON CONFLICT DO NOTHING`
		_, err = tx.ExecContext(ctx, owe, tell.Kind, r.ID, r.Person, tell.Document, tell.Quiet, string(mustJSON(tell.Data)),
			r.Letter, answersMost)
		return err
	})
}
