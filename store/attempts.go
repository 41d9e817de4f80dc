package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// SaveAttempt keeps a try to sign in under its state, for the browser that began
// it, and takes away some that nobody came back from.
func (x *SessionStore) SaveAttempt(ctx context.Context, state, browser, attempt string, life time.Duration) error {
	return x.store.inTx(ctx, "store.Sessions.SaveAttempt", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO sign_in_attempts (state_hash, browser_hash, attempt, expires_at)
			VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))`
		if _, err := tx.ExecContext(ctx, insert, HashToken(state), HashToken(browser), attempt, life.Seconds()); err != nil {
			return err
		}
		const sweep = `
			DELETE FROM sign_in_attempts WHERE state_hash IN (
				SELECT state_hash FROM sign_in_attempts WHERE expires_at < clock_timestamp() LIMIT $1
				FOR UPDATE SKIP LOCKED)`
		_, err := tx.ExecContext(ctx, sweep, sessionSweep)
		return err
	})
}

// TakeAttempt finds a try by its state for the browser that began it, once: of two
// who ask at the same time, one gets it.
//
// Errors: NotFound session.not_found, also where it was another browser's.
func (x *SessionStore) TakeAttempt(ctx context.Context, state, browser string) (attempt string, err error) {
	err = x.store.inTx(ctx, "store.Sessions.TakeAttempt", func(tx *sqlx.Tx) error {
		const take = `
			DELETE FROM sign_in_attempts
			WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > clock_timestamp() RETURNING attempt`
		err := tx.GetContext(ctx, &attempt, take, HashToken(state), HashToken(browser))
		return noRows(err, fault.New(fault.NotFound, "session.not_found"))
	})
	return attempt, err
}

// UseLogoutToken takes a provider's word that somebody signed out there, once, and
// ends the sessions that it names: that of the provider's session where it names
// one, else all of the subject.
//
// Errors: Conflict session.logout_used.
func (x *SessionStore) UseLogoutToken(ctx context.Context, t LogoutToken) (int, error) {
	var ended int64
	err := x.store.inTx(ctx, "store.Sessions.UseLogoutToken", func(tx *sqlx.Tx) error {
		const forget = `DELETE FROM logout_tokens WHERE expires_at < clock_timestamp()`
		if _, err := tx.ExecContext(ctx, forget); err != nil {
			return err
		}
		const use = `INSERT INTO logout_tokens (issuer, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
		result, err := tx.ExecContext(ctx, use, t.Issuer, t.ID, t.Expires.UTC())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmpFault(err, fault.New(fault.Conflict, "session.logout_used"))
		}
		const end = `
			DELETE FROM sessions WHERE issuer = $1 AND ($2 = '' OR subject = $2) AND ($3 = '' OR sid = $3)
			   AND ($2 <> '' OR $3 <> '')`
		result, err = tx.ExecContext(ctx, end, t.Issuer, t.Subject, t.Session)
		if err != nil {
			return err
		}
		ended, err = result.RowsAffected()
		return err
	})
	return int(ended), err
}

// LogoutToken says who signed out at an identity provider.
type LogoutToken struct {
	Issuer, ID       string // ID: jti, good once
	Subject, Session string // sub and sid; at least one
	Expires          time.Time
}
