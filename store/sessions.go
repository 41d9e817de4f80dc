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

type newSessionKey struct{}

// NewSession says that a session begins. Only then is one inserted: a request that was
// under way while its session ended does not bring it back.
func NewSession(ctx context.Context) context.Context {
	return context.WithValue(ctx, newSessionKey{}, true)
}

// CommitCtx keeps a session's data until it expires; of one that ended meanwhile
// nothing is kept.
func (x *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	query := `
		UPDATE sessions SET data = $2, expires_at = $3, seen_at = clock_timestamp() WHERE token_hash = $1`
	if ctx.Value(newSessionKey{}) != nil {
		query = `
			INSERT INTO sessions (token_hash, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_hash) DO UPDATE SET data = $2, expires_at = $3, seen_at = clock_timestamp()`
	}
	return x.store.inTx(ctx, "store.Sessions.Commit", func(tx *sqlx.Tx) error {
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

// SessionInfo is what is known of a session beside its data. 登录会话
type SessionInfo struct {
	ID       string // to name it by; the token is never shown
	Person   string
	Provider string // its id in our configuration

	Issuer, Subject, Sid string // who it is there, and the provider's own session

	Agent, Address string // a hint for the person whose it is: what the browser said, and from where

	CreatedAt, SeenAt, ExpiresAt time.Time // nothing in

	Own bool // the one that asks; nothing in
}

// Bind says whose session a committed one is, so that it is listed and ended for
// them.
//
// Errors: NotFound session.not_found.
func (x *SessionStore) Bind(ctx context.Context, token string, i SessionInfo) error {
	return x.store.inTx(ctx, "store.Sessions.Bind", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE sessions SET id = $2, person = $3, provider = $4, issuer = $5, subject = $6, sid = $7, agent = $8,
			       address = $9 WHERE token_hash = $1`
		result, err := tx.ExecContext(ctx, query, HashToken(token), newID(), i.Person, i.Provider, i.Issuer, i.Subject,
			i.Sid, i.Agent, i.Address)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "session.not_found")
		}
		return nil
	})
}

// sessionsMost is how many sessions of a person one list has.
const sessionsMost = 100

// List lists the sessions of a person, the last seen first; own is the hash of the
// token of which it says that it is the reader's.
func (x *SessionStore) List(ctx context.Context, person, own string) ([]SessionInfo, error) {
	const query = `
		SELECT token_hash, id, person, provider, issuer, subject, sid, agent, address, created_at, seen_at, expires_at
		FROM sessions WHERE person = $1 AND person <> '' AND expires_at > clock_timestamp()
		ORDER BY seen_at DESC, id LIMIT $2`
	var rows []struct {
		TokenHash string `db:"token_hash"`
		ID        string
		Person    string
		Provider  string
		Issuer    string
		Subject   string
		Sid       string
		Agent     string
		Address   string
		CreatedAt time.Time `db:"created_at"`
		SeenAt    time.Time `db:"seen_at"`
		ExpiresAt time.Time `db:"expires_at"`
	}
	if err := x.store.db.SelectContext(ctx, &rows, query, person, sessionsMost); err != nil {
		return nil, sqlFault("store.Sessions.List", err)
	}
	list := make([]SessionInfo, 0, len(rows))
	for _, r := range rows {
		list = append(list, SessionInfo{
			ID: r.ID, Person: r.Person, Provider: r.Provider, Issuer: r.Issuer, Subject: r.Subject, Sid: r.Sid,
			Agent: r.Agent, Address: r.Address,
			CreatedAt: r.CreatedAt.UTC(), SeenAt: r.SeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			Own: own != "" && r.TokenHash == own,
		})
	}
	return list, nil
}

// End ends one session of a person.
//
// Errors: NotFound session.not_found.
func (x *SessionStore) End(ctx context.Context, person, id string) error {
	return x.store.inTx(ctx, "store.Sessions.End", func(tx *sqlx.Tx) error {
		const query = `DELETE FROM sessions WHERE id = $1 AND person = $2 AND id <> ''`
		result, err := tx.ExecContext(ctx, query, id, person)
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
