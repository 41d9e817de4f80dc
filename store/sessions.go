package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// sessionSweep is how many expired sessions one commit takes away.
const sessionSweep = 20

// SessionStore keeps browser sessions under the hash of their token, for scs.
// Who reads the table cannot sign in with what they find.
type SessionStore struct{ store *Store }

var _ scs.CtxStore = (*SessionStore)(nil)

// Sessions is the store of the browser sessions.
func (s *Store) Sessions() *SessionStore { return &SessionStore{store: s} }

// HashToken is how a bearer token or a session token is stored: hex SHA-256.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// FindCtx returns a session's data; false where it is unknown or expired.
func (x *SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	const query = `SELECT data FROM sessions WHERE token_hash = $1 AND expires_at > clock_timestamp()`
	var data []byte
	err := x.store.db.GetContext(ctx, &data, query, HashToken(token))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, sqlFault("store.Sessions.Find", err)
}

// CommitCtx keeps a session's data until it expires.
func (x *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return x.store.inTx(ctx, "store.Sessions.Commit", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO sessions (token_hash, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_hash) DO UPDATE SET data = $2, expires_at = $3`
		if _, err := tx.ExecContext(ctx, query, HashToken(token), data, expiry.UTC()); err != nil {
			return err
		}
		const sweep = `
			DELETE FROM sessions WHERE token_hash IN (
				SELECT token_hash FROM sessions WHERE expires_at < clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED)`
		_, err := tx.ExecContext(ctx, sweep, sessionSweep)
		return err
	})
}

// DeleteCtx ends a session.
//
// Safe to repeat.
func (x *SessionStore) DeleteCtx(ctx context.Context, token string) error {
	return x.store.inTx(ctx, "store.Sessions.Delete", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE token_hash = $1`, HashToken(token))
		return err
	})
}

// Bind says whose session a committed one is, so that EndAll finds it.
//
// Errors: NotFound session.not_found.
func (x *SessionStore) Bind(ctx context.Context, token, person string) error {
	return x.store.inTx(ctx, "store.Sessions.Bind", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sessions SET person = $2 WHERE token_hash = $1`, HashToken(token), person)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "session.not_found")
		}
		return nil
	})
}

// EndAll ends every session of a person and tells how many there were.
func (x *SessionStore) EndAll(ctx context.Context, person string) (int, error) {
	var ended int64
	err := x.store.inTx(ctx, "store.Sessions.EndAll", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE person = $1 AND person <> ''`, person)
		if err != nil {
			return err
		}
		ended, err = result.RowsAffected()
		return err
	})
	return int(ended), err
}

// Find is FindCtx for scs's first interface; scs calls the other one.
func (x *SessionStore) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for scs's first interface; scs calls the other one.
func (x *SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for scs's first interface; scs calls the other one.
func (x *SessionStore) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }
