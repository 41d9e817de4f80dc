package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
)

// EffectIntent is what is about to be sent to the ERP: written before the socket.
type EffectIntent struct {
	Reference string // natural key
	Attempt   int    // rulings so far (approval.Effect.Attempt): only a new ruling may change the content
	Document  string
	Kind      string
	Entity    string
	Voucher   string // canonical JSON
	Hash      string // of Voucher
}

// Attempt is one call to the ERP, written before it is made.
type Attempt struct {
	Reference   string
	N           int // from 1
	Op          string
	RequestHash string
	StartedAt   time.Time
	Class       string // ok, refused, unknown or busy; "" while nobody knows
	Detail      string
	FinishedAt  time.Time
}

// ParkedEffect is a document that waits for a ruling: on a voucher that the ERP
// refused, or on a route that could not be found (its reference is plan:<round>). 挂起
type ParkedEffect struct {
	Reference, Document, Number, Title, Entity, Code, Detail string

	Attempt  int // which a ruling names
	ParkedAt time.Time
}

// BeginEffect keeps what is to be sent, before it is sent.
//
// Safe to repeat. Errors: Conflict voucher.changed where the reference and
// attempt stand for other content.
func (s *Store) BeginEffect(ctx context.Context, in EffectIntent) error {
	return s.inTx(ctx, "store.BeginEffect", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO effects (reference, attempt, document, kind, entity, voucher, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
		inserted, err := tx.ExecContext(ctx, insert, in.Reference, in.Attempt, in.Document, in.Kind, in.Entity, in.Voucher,
			in.Hash)
		if err != nil {
			return err
		}
		if n, err := inserted.RowsAffected(); err != nil || n == 1 {
			return err
		}
		const find = `SELECT document, hash FROM effects WHERE reference = $1 AND attempt = $2`
		var stored struct{ Document, Hash string }
		if err := tx.GetContext(ctx, &stored, find, in.Reference, in.Attempt); err != nil {
			return err
		}
		if stored.Hash != in.Hash || stored.Document != in.Document {
			return fault.New(fault.Conflict, "voucher.changed", fault.Arg("reference", in.Reference))
		}
		return nil
	})
}

type attemptRow struct {
	Reference   string
	N           int
	Op          string
	RequestHash string    `db:"request_hash"`
	StartedAt   time.Time `db:"started_at"`
	Class       string
	Detail      string
	FinishedAt  sql.NullTime `db:"finished_at"`
}

const attemptColumns = `reference, n, op, request_hash, started_at, coalesce(class, '') AS class,
	coalesce(detail, '') AS detail, finished_at`

func (r attemptRow) attempt() Attempt {
	return Attempt{
		Reference: r.Reference, N: r.N, Op: r.Op, RequestHash: r.RequestHash, StartedAt: r.StartedAt.UTC(),
		Class: r.Class, Detail: r.Detail, FinishedAt: orZero(r.FinishedAt),
	}
}

// StartAttempt writes down that a call is about to be made. Each call gets the
// next number; the key of the effect stays its reference.
//
// Errors: NotFound effect.not_found where BeginEffect was not called.
func (s *Store) StartAttempt(ctx context.Context, reference, op, requestHash string) (Attempt, error) {
	var row attemptRow
	err := s.inTx(ctx, "store.StartAttempt", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO effect_attempts (reference, n, op, request_hash)
			SELECT $1, coalesce((SELECT max(n) FROM effect_attempts WHERE reference = $1), 0) + 1, $2, $3
			WHERE EXISTS (SELECT FROM effects WHERE reference = $1)
			RETURNING ` + attemptColumns
		err := tx.GetContext(ctx, &row, insert, reference, op, requestHash)
		return noRows(err, fault.New(fault.NotFound, "effect.not_found"))
	})
	return row.attempt(), err
}

// FinishAttempt writes down how a call ended: ok, refused, unknown or busy.
//
// Safe to repeat with the same class. Errors: NotFound effect.not_found;
// Conflict effect.answered where it ended otherwise.
func (s *Store) FinishAttempt(ctx context.Context, a Attempt, class, detail string) error {
	return s.inTx(ctx, "store.FinishAttempt", func(tx *sqlx.Tx) error {
		const update = `
			UPDATE effect_attempts SET class = $3, detail = $4, finished_at = clock_timestamp()
			WHERE reference = $1 AND n = $2 AND class IS NULL`
		updated, err := tx.ExecContext(ctx, update, a.Reference, a.N, class, detail)
		if err != nil {
			return err
		}
		if n, err := updated.RowsAffected(); err != nil || n == 1 {
			return err
		}
		const find = `SELECT coalesce(class, '') FROM effect_attempts WHERE reference = $1 AND n = $2`
		var stored string
		if err := tx.GetContext(ctx, &stored, find, a.Reference, a.N); err != nil {
			return noRows(err, fault.New(fault.NotFound, "effect.not_found"))
		}
		if stored != class {
			return fault.New(fault.Conflict, "effect.answered", fault.Arg("reference", a.Reference))
		}
		return nil
	})
}

// LastAttempt returns the newest call made for a reference; false where none was.
func (s *Store) LastAttempt(ctx context.Context, reference string) (Attempt, bool, error) {
	const query = `
		SELECT ` + attemptColumns + ` FROM effect_attempts WHERE reference = $1 ORDER BY n DESC LIMIT 1`
	var row attemptRow
	err := s.db.GetContext(ctx, &row, query, reference)
	if errors.Is(err, sql.ErrNoRows) {
		return Attempt{}, false, nil
	}
	return row.attempt(), err == nil, sqlFault("store.LastAttempt", err)
}

// Attempts lists every call made for a reference, in order.
func (s *Store) Attempts(ctx context.Context, reference string) ([]Attempt, error) {
	const query = `SELECT ` + attemptColumns + ` FROM effect_attempts WHERE reference = $1 ORDER BY n`
	var rows []attemptRow
	if err := s.db.SelectContext(ctx, &rows, query, reference); err != nil {
		return nil, sqlFault("store.Attempts", err)
	}
	attempts := make([]Attempt, 0, len(rows))
	for _, r := range rows {
		attempts = append(attempts, r.attempt())
	}
	return attempts, nil
}

// ParkedEffects lists what waits for a ruling, the longest wait first.
func (s *Store) ParkedEffects(ctx context.Context, scope access.Scope) ([]ParkedEffect, error) {
	const query = `
		SELECT d.parked_ref AS reference, d.id AS document, d.number, d.title, d.entity, d.parked_code AS code,
		       d.parked_detail AS detail, d.parked_attempt AS attempt, d.parked_at AS parkedat
		FROM documents d WHERE d.parked_code <> '' AND ` + visible + ` ORDER BY d.parked_at, d.id LIMIT 500`
	var parked []ParkedEffect
	err := s.db.SelectContext(ctx, &parked, query, scopeArgs(scope)...)
	return parked, sqlFault("store.ParkedEffects", err)
}
