package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// Letter is a mail that asks somebody to decide, and what it asked of whom. 审批邮件
type Letter struct {
	ID, Notice, Person, Task, Document string

	Round       int
	ContentHash string
	MadeAt      time.Time
	ExpiresAt   time.Time // when its link serves no more
}

var _ = fault.Register(map[string]fault.Entry{"letter.not_found": {Kind: fault.NotFound}})

type letterRow struct {
	ID, Notice, Person, Task, Document string

	Round       int
	ContentHash string    `db:"content_hash"`
	MadeAt      time.Time `db:"made_at"`
	ExpiresAt   time.Time `db:"expires_at"`
}

const letterColumns = `id, notice, person, task, document, round, content_hash, made_at, expires_at`

// LetterTokens are the hashes of what a letter is used with, which serves for Life.
type LetterTokens struct {
	Page  string // in its link
	Reply string // in the address it is answered to; "" where an answer decides nothing
	Life  time.Duration
}

// NewLetter is a letter that is about to be sent.
type NewLetter struct {
	Letter // without its times
	LetterTokens
}

// WriteLetters writes letters down before they are sent.
//
// One statement, which is a transaction of its own; sent twice it finds itself.
func (s *Store) WriteLetters(ctx context.Context, letters ...NewLetter) error {
	if len(letters) == 0 {
		return nil
	}
	rows := make([]map[string]any, 0, len(letters))
	for _, l := range letters {
		rows = append(rows, map[string]any{"id": l.ID, "notice": l.Notice, "person": l.Person, "task": l.Task,
			"document": l.Document, "round": l.Round, "content_hash": l.ContentHash, "page": l.Page, "reply": l.Reply,
			"life": l.Life.Seconds()})
	}
	const query = `
		INSERT INTO letters (id, notice, person, task, document, round, content_hash, page, reply, expires_at)
		SELECT id, notice, person, task, document, round, content_hash, page, nullif(reply, ''),
		       clock_timestamp() + make_interval(secs => life)
		FROM jsonb_to_recordset($1::jsonb) AS l (id text, notice text, person text, task text, document text, round int,
		     content_hash text, page text, reply text, life double precision)
		ON CONFLICT (id) DO NOTHING`
	_, err := s.db.ExecContext(ctx, query, string(mustJSON(rows)))
	return sqlFault("store.WriteLetters", err)
}

// LetterByPage finds the letter whose link has a token. Whether it still serves is the
// caller's to judge, against now: the database's clock.
//
// Errors: NotFound letter.not_found.
func (s *Store) LetterByPage(ctx context.Context, hash string) (l Letter, now time.Time, err error) {
	return s.letterBy(ctx, "page", hash)
}

// LetterByReply is LetterByPage of the token in the address that a letter is answered to.
//
// Errors: NotFound letter.not_found.
func (s *Store) LetterByReply(ctx context.Context, hash string) (l Letter, now time.Time, err error) {
	return s.letterBy(ctx, "reply", hash)
}

func (s *Store) letterBy(ctx context.Context, column, hash string) (l Letter, now time.Time, err error) {
	query := `SELECT ` + letterColumns + `, clock_timestamp() AS now FROM letters WHERE ` + column + ` = $1`
	var row struct {
		letterRow
		Now time.Time
	}
	if err := s.db.GetContext(ctx, &row, query, hash); err != nil {
		err = noRows(err, fault.New(fault.NotFound, "letter.not_found"))
		return Letter{}, time.Time{}, sqlFault("store.LetterBy", err)
	}
	l = Letter(row.letterRow)
	l.MadeAt, l.ExpiresAt = l.MadeAt.UTC(), l.ExpiresAt.UTC()
	return l, row.Now.UTC(), nil
}

// DropLetters forgets up to limit letters, and cards of messaging apps, whose links and
// buttons served no more an age ago, and says how many. What was decided by them is in
// the record; a card that still shows an open task stays, to be changed.
func (s *Store) DropLetters(ctx context.Context, age time.Duration, limit int) (int, error) {
	dropped := 0
	err := s.inTx(ctx, "store.DropLetters", func(tx *sqlx.Tx) error {
		dropped = 0
		for _, query := range []string{`
			DELETE FROM letters WHERE id IN (
				SELECT id FROM letters WHERE expires_at < clock_timestamp() - make_interval(secs => $1)
				ORDER BY expires_at LIMIT $2)`, `
			DELETE FROM mail_replies WHERE id IN (
				SELECT r.id FROM mail_replies r WHERE r.at < clock_timestamp() - make_interval(secs => $1)
				  AND NOT EXISTS (SELECT FROM letters l WHERE l.id = r.letter) LIMIT $2)`, `
			DELETE FROM im_tokens WHERE card IN (
				SELECT c.id FROM im_cards c WHERE c.expires_at < clock_timestamp() - make_interval(secs => $1)
				  AND c.state <> 'shown' AND EXISTS (SELECT FROM im_tokens t WHERE t.card = c.id)
				ORDER BY c.expires_at LIMIT $2)`, `
			DELETE FROM im_cards WHERE id IN (
				SELECT c.id FROM im_cards c WHERE c.expires_at < clock_timestamp() - make_interval(secs => $1)
				  AND c.state <> 'shown' AND NOT EXISTS (SELECT FROM im_tokens t WHERE t.card = c.id)
				ORDER BY c.expires_at LIMIT $2)`} {
			result, err := tx.ExecContext(ctx, query, age.Seconds(), limitOf(limit))
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			dropped += int(n)
		}
		return nil
	})
	return dropped, err
}
