package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// questionSweep is how many expired questions one commit takes away.
const questionSweep = 20

// AskPasskey notes what somebody was asked to sign, for a while.
func (s *Store) AskPasskey(ctx context.Context, nonce, person, challenge string, life time.Duration) error {
	return s.inTx(ctx, "store.AskPasskey", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO passkey_questions (nonce_hash, person, challenge, expires_at)
			VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))`
		if _, err := tx.ExecContext(ctx, insert, HashToken(nonce), person, challenge, life.Seconds()); err != nil {
			return err
		}
		const sweep = `
			DELETE FROM passkey_questions WHERE nonce_hash IN (
				SELECT nonce_hash FROM passkey_questions WHERE expires_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED)`
		_, err := tx.ExecContext(ctx, sweep, questionSweep)
		return err
	})
}

// AnswerPasskey takes a question that somebody answered: nobody answers it again.
//
// Errors: Conflict passkey.expired where it was not asked of them, was answered, or is
// too old.
func (s *Store) AnswerPasskey(ctx context.Context, nonce, person, challenge string) error {
	return s.inTx(ctx, "store.AnswerPasskey", func(tx *sqlx.Tx) error {
		const take = `
			DELETE FROM passkey_questions
			WHERE nonce_hash = $1 AND person = $2 AND challenge = $3 AND expires_at > clock_timestamp() RETURNING 1`
		return noRows(tx.GetContext(ctx, new(int), take, HashToken(nonce), person, challenge),
			fault.New(fault.Conflict, "passkey.expired"))
	})
}
