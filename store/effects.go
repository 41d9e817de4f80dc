package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// EffectIntent is what is about to be sent to the ERP: written before the socket.
type EffectIntent struct {
	Reference string // natural key
	Attempt   int    // rulings so far (approval.Effect.Attempt): only a new ruling may change the content
	Document  string
	Kind      string
	Entity    string
	Date      string // the voucher's, YYYY-MM-DD
	Voucher   string // canonical JSON
	Hash      string // of Voucher
}

// Posting is what is known when a voucher is to be posted.
type Posting struct {
	Number  string // the document's
	Content document.Content
	Voucher VoucherRow // as it stands; Voucher "" where none was intended
	Last    Attempt    // the newest call made for it; N 0 for none
}

// Ended is how a call ended; N 0 says nothing.
type Ended struct {
	N             int
	Class, Detail string
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
	Reference, Document, Type, Number, Title, Entity, Code, Detail string

	Attempt  int // which a ruling names
	ParkedAt time.Time
}

// Posting reads what is to be posted under a reference, and how far it is.
//
// Errors: NotFound revision.not_found.
func (s *Store) Posting(ctx context.Context, id, reference string, revision int) (Posting, error) {
	const query = `
		SELECT d.number, r.content,
		       coalesce(v.kind, '') AS kind, coalesce(v.entity, '') AS entity, coalesce(v.state, '') AS state,
		       coalesce(v.erp_id, '') AS erp_id, coalesce(v.erp_number, '') AS erp_number, coalesce(v.date, '') AS date,
		       coalesce(v.hash, '') AS hash, coalesce(v.voucher, '') AS voucher, coalesce(v.code, '') AS code,
		       coalesce(v.detail, '') AS detail,
		       coalesce(a.n, 0) AS n, coalesce(a.op, '') AS op, coalesce(a.request_hash, '') AS request_hash,
		       a.started_at, coalesce(a.class, '') AS class, coalesce(a.detail, '') AS words
		FROM documents d
		JOIN revisions r ON r.document = d.id AND r.revision = $3
		LEFT JOIN vouchers v ON v.reference = $2
		LEFT JOIN LATERAL (SELECT n, op, request_hash, started_at, class, detail FROM effect_attempts
		                   WHERE reference = $2 ORDER BY n DESC LIMIT 1) a ON true
		WHERE d.id = $1`
	var row struct {
		voucherRow
		Content     string
		N           int
		Op          string
		RequestHash string       `db:"request_hash"`
		StartedAt   sql.NullTime `db:"started_at"`
		Class       string
		Words       string
	}
	if err := s.db.GetContext(ctx, &row, query, id, reference, revision); err != nil {
		return Posting{}, sqlFault("store.Posting", noRows(err, fault.New(fault.NotFound, "revision.not_found")))
	}
	row.Reference, row.Document = reference, id
	p := Posting{Number: row.Number, Voucher: row.row(), Last: Attempt{
		Reference: reference, N: row.N, Op: row.Op, RequestHash: row.RequestHash, StartedAt: orZero(row.StartedAt),
		Class: row.Class, Detail: row.Words,
	}}
	return p, sqlFault("store.Posting", json.Unmarshal([]byte(row.Content), &p.Content))
}

// intended is the part of a statement that shows what is to be sent, once it
// differs from what was shown; a posted voucher stays as it is.
const intended = `
	INSERT INTO vouchers (reference, document, kind, entity, state, erp_id, erp_number, date, hash, voucher, code, detail)
	SELECT $1, $2, $3, $4, 'pending', '', '', $5, $7, $6, '', '' FROM intent
	ON CONFLICT (reference) DO UPDATE SET state = 'pending', erp_id = '', erp_number = '', date = $5, hash = $7,
	       voucher = $6, code = '', detail = ''
	WHERE vouchers.state <> 'posted' AND vouchers.hash <> $7`

// BeginEffect keeps what is to be sent, before it is sent, and shows it as a
// pending voucher.
//
// Safe to repeat. Errors: Conflict voucher.changed where the reference and
// attempt stand for other content.
func (s *Store) BeginEffect(ctx context.Context, in EffectIntent) error {
	const begin = `
		WITH intent AS (
			INSERT INTO effects (reference, document, kind, entity, voucher, hash, attempt)
			VALUES ($1, $2, $3, $4, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING reference
		), shown AS (` + intended + `)
		SELECT EXISTS (SELECT FROM intent)`
	const again = `
		WITH intent AS (
			SELECT reference FROM effects WHERE reference = $1 AND attempt = $8 AND hash = $7 AND document = $2
		), shown AS (` + intended + `)
		SELECT EXISTS (SELECT FROM intent)`
	for _, query := range []string{begin, again} {
		var stands bool
		err := s.db.GetContext(ctx, &stands, query, in.Reference, in.Document, in.Kind, in.Entity, in.Date, in.Voucher,
			in.Hash, in.Attempt)
		if err != nil || stands {
			return sqlFault("store.BeginEffect", err)
		}
	}
	return fault.New(fault.Conflict, "voucher.changed", fault.Arg("reference", in.Reference))
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

// StartAttempt writes down that a call is about to be made, and how the one
// before ended. Each call gets the next number; the key of the effect stays its
// reference.
//
// Errors: NotFound effect.not_found where BeginEffect was not called.
func (s *Store) StartAttempt(ctx context.Context, reference, op, requestHash string, before Ended) (Attempt, error) {
	const query = `
		WITH ended AS (` + endAttempt + `)
		INSERT INTO effect_attempts (reference, n, op, request_hash)
		SELECT $1, coalesce((SELECT max(n) FROM effect_attempts WHERE reference = $1), 0) + 1, $5, $6
		WHERE EXISTS (SELECT FROM effects WHERE reference = $1)
		RETURNING ` + attemptColumns
	var row attemptRow
	err := s.db.GetContext(ctx, &row, query, reference, before.N, before.Class, before.Detail, op, requestHash)
	return row.attempt(), sqlFault("store.StartAttempt", noRows(err, fault.New(fault.NotFound, "effect.not_found")))
}

// endAttempt is a statement, or a part of one, that says how a call ended.
const endAttempt = `
	UPDATE effect_attempts SET class = $3, detail = $4, finished_at = clock_timestamp()
	WHERE reference = $1 AND n = $2 AND class IS NULL`

// FinishAttempt writes down how a call ended: ok, refused, unknown or busy.
//
// Safe to repeat with the same class. Errors: NotFound effect.not_found;
// Conflict effect.answered where it ended otherwise.
func (s *Store) FinishAttempt(ctx context.Context, a Attempt, class, detail string) error {
	return s.inTx(ctx, "store.FinishAttempt", func(tx *sqlx.Tx) error {
		updated, err := tx.ExecContext(ctx, endAttempt, a.Reference, a.N, class, detail)
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
		SELECT d.parked_ref AS reference, d.id AS document, d.type, d.number, d.title, d.entity, d.parked_code AS code,
		       d.parked_detail AS detail, d.parked_attempt AS attempt, d.parked_at AS parkedat
		FROM documents d WHERE d.parked_code <> '' AND ` + visible + ` ORDER BY d.parked_at, d.id LIMIT 500`
	var parked []ParkedEffect
	err := s.db.SelectContext(ctx, &parked, query, scopeArgs(scope)...)
	return parked, sqlFault("store.ParkedEffects", err)
}
