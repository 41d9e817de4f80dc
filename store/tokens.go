package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/fault"
)

// tokenTouch is how precisely the last use of a token is kept.
const tokenTouch = "1 minute"

// Token is a machine's credential; only its hash is stored.
type Token struct {
	ID     string // "" in: made here
	Hash   string // HashToken of the secret
	Person string // whom it acts for
	Name   string
	Scopes []string

	CreatedAt, ExpiresAt, RevokedAt, LastUsedAt time.Time // zero where there is none
}

type tokenRow struct {
	ID, Hash, Person, Name string

	Scopes     pq.StringArray
	CreatedAt  time.Time    `db:"created_at"`
	ExpiresAt  sql.NullTime `db:"expires_at"`
	RevokedAt  sql.NullTime `db:"revoked_at"`
	LastUsedAt sql.NullTime `db:"last_used_at"`
	Expired    bool
}

const tokenColumns = `id, hash, person, name, scopes, created_at, expires_at, revoked_at, last_used_at,
	coalesce(expires_at <= clock_timestamp(), false) OR revoked_at IS NOT NULL AS expired`

func (r tokenRow) token() Token {
	return Token{
		ID: r.ID, Hash: r.Hash, Person: r.Person, Name: r.Name, Scopes: r.Scopes, CreatedAt: r.CreatedAt.UTC(),
		ExpiresAt: orZero(r.ExpiresAt), RevokedAt: orZero(r.RevokedAt), LastUsedAt: orZero(r.LastUsedAt),
	}
}

// CreateToken keeps a token's hash.
//
// Errors: Conflict store.conflict where the hash is known.
func (s *Store) CreateToken(ctx context.Context, t Token) (Token, error) {
	if t.ID == "" {
		t.ID = newID()
	}
	if t.Scopes == nil {
		t.Scopes = []string{}
	}
	var row tokenRow
	err := s.inTx(ctx, "store.CreateToken", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO tokens (id, hash, person, name, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING ` + tokenColumns
		return tx.GetContext(ctx, &row, query, t.ID, t.Hash, t.Person, t.Name, pq.Array(t.Scopes), orNull(t.ExpiresAt))
	})
	return row.token(), err
}

// TokenByHash finds a token that may still be used, and notes the use.
//
// Errors: NotFound token.not_found; Forbidden token.expired, also where it was revoked.
func (s *Store) TokenByHash(ctx context.Context, hash string) (Token, error) {
	return s.tokens.get(hash, func() (Token, error) { return s.tokenByHash(ctx, hash) })
}

func (s *Store) tokenByHash(ctx context.Context, hash string) (Token, error) {
	var row tokenRow
	if err := s.db.GetContext(ctx, &row, `SELECT `+tokenColumns+` FROM tokens WHERE hash = $1`, hash); err != nil {
		return Token{}, sqlFault("store.TokenByHash", noRows(err, fault.New(fault.NotFound, "token.not_found")))
	}
	if row.Expired {
		return Token{}, fault.New(fault.Forbidden, "token.expired")
	}
	if time.Since(orZero(row.LastUsedAt)) < time.Minute {
		return row.token(), nil
	}
	err := s.inTx(ctx, "store.TokenByHash", func(tx *sqlx.Tx) error {
		const touch = `
			UPDATE tokens SET last_used_at = clock_timestamp()
			WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '` + tokenTouch + `')`
		_, err := tx.ExecContext(ctx, touch, row.ID)
		return err
	})
	return row.token(), err
}

// RevokeToken ends a token of a person.
//
// Safe to repeat. Errors: NotFound token.not_found.
func (s *Store) RevokeToken(ctx context.Context, person, id string) error {
	defer s.tokens.forget()
	return s.inTx(ctx, "store.RevokeToken", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE tokens SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1 AND person = $2`
		result, err := tx.ExecContext(ctx, query, id, person)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "token.not_found")
		}
		return nil
	})
}

// Tokens lists a person's tokens, the ended ones too, the newest first.
func (s *Store) Tokens(ctx context.Context, person string) ([]Token, error) {
	const query = `SELECT ` + tokenColumns + ` FROM tokens WHERE person = $1 ORDER BY created_at DESC, id DESC LIMIT 200`
	var rows []tokenRow
	if err := s.db.SelectContext(ctx, &rows, query, person); err != nil {
		return nil, sqlFault("store.Tokens", err)
	}
	tokens := make([]Token, 0, len(rows))
	for _, r := range rows {
		tokens = append(tokens, r.token())
	}
	return tokens, nil
}
