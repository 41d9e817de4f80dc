package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/passkey"
)

// The events of passkeys, in the stream of their person's sign-ins.
const (
	PasskeyAdded   = "passkey.added"
	PasskeyRemoved = "passkey.removed"
)

// PasskeysMost is how many passkeys a person may have at once.
const PasskeysMost = 20

var _ = fault.Register(map[string]fault.Entry{
	"passkey.not_found": {Kind: fault.NotFound},
	"passkey.twice":     {Kind: fault.Conflict},
	"passkey.too_many":  {Kind: fault.Conflict, Args: []string{"max"}},
})

// Passkey is a passkey as it is kept, and as the event tells that adds or removes it.
type Passkey struct {
	ID         string   `json:"id"`
	Person     string   `json:"person"`
	Name       string   `json:"name"`
	Credential string   `json:"credential"`
	PublicKey  string   `json:"public_key"`
	RP         string   `json:"rp_id"`
	Model      string   `json:"model,omitempty"` // AAGUID
	Transports []string `json:"transports,omitempty"`
	Synced     bool     `json:"synced"`
	By         string   `json:"by,omitempty"`     // who removed it
	Reason     string   `json:"reason,omitempty"` // why, where that was not whose it is

	AddedAt   time.Time `json:"added_at"`
	RemovedAt time.Time `json:"removed_at,omitzero"`

	// How it is used; no evidence.
	Counter    uint32    `json:"-"`
	LastUsedAt time.Time `json:"-"`
}

// Key is what a passkey's signatures are judged by.
func (p Passkey) Key() passkey.Key {
	return passkey.Key{ID: p.ID, Person: p.Person, Credential: p.Credential, Public: p.PublicKey, RP: p.RP,
		AddedAt: p.AddedAt, RemovedAt: p.RemovedAt}
}

type passkeyRow struct {
	ID, Person, Name, Credential, Model string

	PublicKey  string `db:"public_key"`
	RPID       string `db:"rp_id"`
	Transports pq.StringArray
	Synced     bool
	AddedAt    time.Time    `db:"added_at"`
	RemovedBy  string       `db:"removed_by"`
	Reason     string       `db:"remove_reason"`
	RemovedAt  sql.NullTime `db:"removed_at"`
	Counter    int64
	LastUsedAt sql.NullTime `db:"last_used_at"`
}

const passkeyColumns = `id, person, name, credential, public_key, rp_id, model, transports, synced, added_at,
	removed_by, remove_reason, removed_at, counter, last_used_at`

func (r passkeyRow) passkey() Passkey {
	return Passkey{
		ID: r.ID, Person: r.Person, Name: r.Name, Credential: r.Credential, PublicKey: r.PublicKey, RP: r.RPID,
		Model: r.Model, Transports: r.Transports, Synced: r.Synced, By: r.RemovedBy, Reason: r.Reason,
		AddedAt: r.AddedAt.UTC(), RemovedAt: orZero(r.RemovedAt), LastUsedAt: orZero(r.LastUsedAt),
		Counter: uint32(r.Counter), //nolint:gosec // kept from a uint32
	}
}

// Passkeys lists the passkeys of a person in the order they were added, those removed too.
func (s *Store) Passkeys(ctx context.Context, person string) ([]Passkey, error) {
	const query = `SELECT ` + passkeyColumns + ` FROM passkeys WHERE person = $1 ORDER BY added_at, id`
	var rows []passkeyRow
	if err := s.db.SelectContext(ctx, &rows, query, person); err != nil {
		return nil, sqlFault("store.Passkeys", err)
	}
	list := make([]Passkey, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.passkey())
	}
	return list, nil
}

// HavePasskeys tells which people have a passkey that may sign.
func (s *Store) HavePasskeys(ctx context.Context) (map[string]bool, error) {
	const query = `SELECT DISTINCT person FROM passkeys WHERE removed_at IS NULL`
	var people []string
	if err := s.db.SelectContext(ctx, &people, query); err != nil {
		return nil, sqlFault("store.HavePasskeys", err)
	}
	have := make(map[string]bool, len(people))
	for _, id := range people {
		have[id] = true
	}
	return have, nil
}

// PasskeyOf is the passkey that an authenticator calls so, removed or not.
//
// Errors: Forbidden passkey.unknown.
func (s *Store) PasskeyOf(ctx context.Context, credential string) (Passkey, error) {
	p, err := passkeyOf(ctx, s.db, credential)
	return p, sqlFault("store.PasskeyOf", err)
}

func passkeyOf(ctx context.Context, q sqlx.QueryerContext, credential string) (Passkey, error) {
	const query = `SELECT ` + passkeyColumns + ` FROM passkeys WHERE credential = $1`
	var row passkeyRow
	err := sqlx.GetContext(ctx, q, &row, query, credential)
	return row.passkey(), noRows(err, fault.New(fault.Forbidden, "passkey.unknown"))
}

// AddPasskey keeps a passkey, records it, and tells its owner.
//
// Errors: Conflict passkey.twice where the authenticator has one already, passkey.too_many.
func (s *Store) AddPasskey(ctx context.Context, p Passkey) (Passkey, error) {
	err := s.inTx(ctx, "store.AddPasskey", func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext($1))`, identityStream+p.Person); err != nil {
			return err
		}
		const count = `SELECT count(*), date_trunc('microseconds', clock_timestamp()) FROM passkeys
			WHERE person = $1 AND removed_at IS NULL`
		var standing int
		if err := tx.QueryRowxContext(ctx, count, p.Person).Scan(&standing, &p.AddedAt); err != nil {
			return err
		}
		if standing >= PasskeysMost {
			return fault.New(fault.Conflict, "passkey.too_many", fault.Arg("max", "20"))
		}
		p.ID, p.AddedAt = newID(), p.AddedAt.UTC()
		const insert = `
			INSERT INTO passkeys (id, person, name, credential, public_key, rp_id, model, transports, synced, added_at, counter)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (credential) DO NOTHING RETURNING id`
		err := tx.GetContext(ctx, new(string), insert, p.ID, p.Person, p.Name, p.Credential, p.PublicKey, p.RP, p.Model,
			pq.Array(append([]string{}, p.Transports...)), p.Synced, p.AddedAt, p.Counter)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.Conflict, "passkey.twice")
		}
		if err != nil {
			return err
		}
		if err := recordPasskey(ctx, tx, PasskeyAdded, "add_passkey:"+p.ID, p, p.Person); err != nil {
			return err
		}
		return tellOfPasskey(ctx, tx, PasskeyAdded, PasskeyAdded+"."+p.ID, p)
	})
	return p, err
}

// RemovePasskey takes a passkey from its person, records who did, and tells them. Its
// key is kept for what it signed.
//
// An act that was received before it signs, one after it does not: CommitAct holds the row.
// Errors: NotFound passkey.not_found.
func (s *Store) RemovePasskey(ctx context.Context, person, id, by string) error {
	return s.inTx(ctx, "store.RemovePasskey", func(tx *sqlx.Tx) error {
		p, err := removePasskey(ctx, tx, passkey.Removal{Key: id, Person: person, By: by})
		if err != nil {
			return err
		}
		return tellOfPasskey(ctx, tx, PasskeyRemoved, PasskeyRemoved+"."+id, p)
	})
}

// removePasskey ends a passkey and records it in the stream of whose it was.
func removePasskey(ctx context.Context, tx *sqlx.Tx, r passkey.Removal) (Passkey, error) {
	const lock = `SELECT 1 FROM passkeys WHERE id = $1 AND person = $2 AND removed_at IS NULL FOR UPDATE`
	if err := tx.GetContext(ctx, new(int), lock, r.Key, r.Person); err != nil {
		return Passkey{}, noRows(err, fault.New(fault.NotFound, "passkey.not_found"))
	}
	const remove = `
		UPDATE passkeys SET removed_at = date_trunc('microseconds', clock_timestamp()), removed_by = $2, remove_reason = $3
		WHERE id = $1 RETURNING ` + passkeyColumns
	var row passkeyRow
	if err := tx.GetContext(ctx, &row, remove, r.Key, r.By, r.Reason); err != nil {
		return Passkey{}, err
	}
	p := row.passkey()
	return p, recordPasskey(ctx, tx, PasskeyRemoved, "remove_passkey:"+r.Key, p, r.By)
}

func recordPasskey(ctx context.Context, tx *sqlx.Tx, kind, cause string, p Passkey, by string) error {
	return recordFact(ctx, tx, identityStream+p.Person, cause,
		evidence.Draft{Kind: kind, Actor: by, Data: mustJSON(p)})
}

// tellOfPasskey enqueues a notice to whose passkey it is.
func tellOfPasskey(ctx context.Context, tx *sqlx.Tx, kind, id string, p Passkey) error {
	const insert = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		VALUES ($1, $2, $3, '', '', '', '', false, $4) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, insert, id, kind, p.Person, string(mustJSON(map[string]string{"passkey": p.Name})))
	return err
}

// PasskeyUsed notes that a passkey signed. Where it counts and its counter did not go
// on, somebody may have a copy of it: its owner is told.
//
// behind is whether that is so.
func (s *Store) PasskeyUsed(ctx context.Context, p Passkey, act string, counter uint32) (behind bool, err error) {
	err = s.inTx(ctx, "store.PasskeyUsed", func(tx *sqlx.Tx) error {
		var last int64
		const lock = `SELECT counter FROM passkeys WHERE id = $1 FOR UPDATE`
		if err := tx.GetContext(ctx, &last, lock, p.ID); err != nil {
			return err
		}
		const used = `UPDATE passkeys SET counter = greatest(counter, $2), last_used_at = clock_timestamp() WHERE id = $1`
		if _, err := tx.ExecContext(ctx, used, p.ID, counter); err != nil {
			return err
		}
		if behind = last > 0 && int64(counter) <= last; behind {
			return tellOfPasskey(ctx, tx, notice.PasskeyBehind, notice.PasskeyBehind+"."+act, p)
		}
		return nil
	})
	return behind, err
}

// SignedWithPasskey are the acts on a document that somebody's passkey signed.
func (s *Store) SignedWithPasskey(ctx context.Context, document string) ([]string, error) {
	const query = `SELECT id FROM inbox WHERE document = $1 AND canonical LIKE '%"passkey":{%'
		AND canonical::jsonb -> 'passkey' IS NOT NULL`
	var acts []string
	err := s.db.SelectContext(ctx, &acts, query, document)
	return acts, sqlFault("store.SignedWithPasskey", err)
}
