package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
)

// The states of a reconciliation.
const (
	ReconciliationRunning = "running"
	ReconciliationDone    = "done"
	ReconciliationFailed  = "failed"
)

// Reconciliation is one comparison of both sides over a range of days. 对账
type Reconciliation struct {
	ID, Connection string
	Entities       []string
	From, Until    string // YYYY-MM-DD, both included
	AskedBy        string // "" for the schedule
	State          string
	Code, Detail   string // why it failed
	Ours, Theirs   int64  // vouchers compared
	Differences    int64
	Open           int64 // differences that nobody explained; only in lists and alone
	StartedAt      time.Time
	FinishedAt     time.Time // zero while it runs
}

// FoundDifference is a difference of a run, and what was last said of it.
type FoundDifference struct {
	reconciliation.Difference

	Run, Connection string
	N               int64 // names it within its run
	Fingerprint     string
	DocumentNumber  string // "" where nobody knows the reference
	Ruling          Ruling // ID "" where nobody ruled
}

type reconciliationRow struct {
	ID, Connection string
	Entities       pq.StringArray
	From           string `db:"from_day"`
	Until          string `db:"until_day"`
	AskedBy        string `db:"asked_by"`
	State, Code    string
	Detail         string
	Ours, Theirs   int64
	Differences    int64
	Open           int64
	StartedAt      time.Time    `db:"started_at"`
	FinishedAt     sql.NullTime `db:"finished_at"`
}

func (r reconciliationRow) row() Reconciliation {
	return Reconciliation{
		ID: r.ID, Connection: r.Connection, Entities: r.Entities, From: r.From, Until: r.Until, AskedBy: r.AskedBy,
		State: r.State, Code: r.Code, Detail: r.Detail, Ours: r.Ours, Theirs: r.Theirs, Differences: r.Differences,
		Open: r.Open, StartedAt: r.StartedAt.UTC(), FinishedAt: orZero(r.FinishedAt),
	}
}

// explained says whether the newest ruling on a difference x explains it.
const explained = `EXISTS (SELECT FROM reconciliation_rulings e WHERE e.connection = x.connection
	AND e.fingerprint = x.fingerprint AND e.ruling = 'explained')`

// seenOf is what a scope may know of a difference x of a run r.
const seenOf = `($1 OR x.entity = ANY($2) OR x.entity = '' AND r.entities <@ $2)`

const reconciliationColumns = `r.id, r.connection, r.entities, r.from_day, r.until_day, r.asked_by, r.state, r.code,
	r.detail, r.ours, r.theirs, r.differences, r.started_at, r.finished_at,
	(SELECT count(*) FROM reconciliation_differences x WHERE x.run = r.id AND ` + seenOf + `
	 AND NOT ` + explained + `) AS open`

// BeginReconciliation keeps that a comparison begins. Safe to repeat.
func (s *Store) BeginReconciliation(ctx context.Context, r Reconciliation) error {
	const begin = `
		INSERT INTO reconciliations (id, connection, entities, from_day, until_day, asked_by, state)
		VALUES ($1, $2, $3, $4, $5, $6, 'running') ON CONFLICT (id) DO NOTHING`
	return s.inTx(ctx, "store.BeginReconciliation", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, begin, r.ID, r.Connection, pq.Array(r.Entities), r.From, r.Until, r.AskedBy)
		return err
	})
}

// AskReconciliation keeps that somebody asks for a comparison, and answers with its id:
// that of the first request under the same key.
//
// Safe to repeat with the same key. Errors: Conflict idempotency.reused.
func (s *Store) AskReconciliation(ctx context.Context, r Reconciliation, idem Idempotency) (string, error) {
	const ask = `
		INSERT INTO reconciliations (id, connection, entities, from_day, until_day, asked_by, state)
		VALUES ($1, $2, $3, $4, $5, $6, 'running')`
	id := newID()
	err := s.inTx(ctx, "store.AskReconciliation", func(tx *sqlx.Tx) error {
		var fresh bool
		var err error
		if id, fresh, err = claimRequest(ctx, tx, idem, id); err != nil || !fresh {
			return err
		}
		_, err = tx.ExecContext(ctx, ask, id, r.Connection, pq.Array(r.Entities), r.From, r.Until, r.AskedBy)
		return err
	})
	return id, err
}

// EndReconciliation keeps how it ended. Safe to repeat: the first end stands.
func (s *Store) EndReconciliation(ctx context.Context, r Reconciliation) error {
	const end = `
		UPDATE reconciliations SET state = $2, code = $3, detail = $4, ours = $5, theirs = $6,
		       finished_at = clock_timestamp(),
		       differences = (SELECT count(*) FROM reconciliation_differences WHERE run = $1)
		WHERE id = $1 AND state = 'running'`
	return s.inTx(ctx, "store.EndReconciliation", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, end, r.ID, r.State, r.Code, r.Detail, r.Ours, r.Theirs)
		return err
	})
}

// SaveDifferences keeps what a run found. Safe to repeat.
func (s *Store) SaveDifferences(ctx context.Context, found []FoundDifference) error {
	if len(found) == 0 {
		return nil
	}
	const save = `
		INSERT INTO reconciliation_differences
		       (run, connection, kind, reference, document, entity, erp_id, erp_number, ours, theirs, fingerprint)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`
	return s.inTx(ctx, "store.SaveDifferences", func(tx *sqlx.Tx) error {
		for _, d := range found {
			_, err := tx.ExecContext(ctx, save, d.Run, d.Connection, string(d.Kind), d.Reference, d.Document, d.Entity, d.ERPID,
				d.Number, d.Ours, d.Theirs, d.Fingerprint)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// postedMost is how many of our vouchers are read at once.
const postedMost = 500

// PostedVouchers reads the vouchers of entities that are in the books with a date in a
// range, a page in the order of date and reference, after the one named by both.
func (s *Store) PostedVouchers(ctx context.Context, entities []string, from, until string, after VoucherRow) (
	[]VoucherRow, error) {
	const query = `
		SELECT v.reference, v.document, v.kind, v.entity, v.state, v.erp_id, v.erp_number, v.date, v.hash, v.voucher,
		       v.code, v.detail, v.created_at, v.posted_at
		FROM vouchers v
		WHERE v.date >= $1 AND v.date <= $2 AND v.entity = ANY($3) AND v.state = 'posted' AND (v.date, v.reference) > ($4, $5)
		ORDER BY v.date, v.reference LIMIT $6`
	var rows []voucherRow
	err := s.db.SelectContext(ctx, &rows, query, from, until, pq.Array(entities), after.Date, after.Reference, postedMost)
	return vouchersOf(rows), sqlFault("store.PostedVouchers", err)
}

// VouchersNamed reads the vouchers with the references, in whatever state.
func (s *Store) VouchersNamed(ctx context.Context, references []string) ([]VoucherRow, error) {
	const query = `
		SELECT v.reference, v.document, v.kind, v.entity, v.state, v.erp_id, v.erp_number, v.date, v.hash, v.voucher,
		       v.code, v.detail, v.created_at, v.posted_at
		FROM vouchers v WHERE v.reference = ANY($1)`
	var rows []voucherRow
	err := s.db.SelectContext(ctx, &rows, query, pq.Array(references))
	return vouchersOf(rows), sqlFault("store.VouchersNamed", err)
}

// VouchersShort reads the vouchers of short references: those of an ERP whose fields hold
// no others. It looks at every voucher, so ask it for what is not known otherwise.
func (s *Store) VouchersShort(ctx context.Context, shorts []string) ([]VoucherRow, error) {
	const query = `
		SELECT v.reference, v.document, v.kind, v.entity, v.state, v.erp_id, v.erp_number, v.date, v.hash, v.voucher,
		       v.code, v.detail, v.created_at, v.posted_at
		FROM vouchers v WHERE substring(v.voucher FROM '"short":"([^"]*)"') = ANY($1)`
	var rows []voucherRow
	err := s.db.SelectContext(ctx, &rows, query, pq.Array(shorts))
	return vouchersOf(rows), sqlFault("store.VouchersShort", err)
}

func vouchersOf(rows []voucherRow) []VoucherRow {
	list := make([]VoucherRow, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.row())
	}
	return list
}

// Reconciliations lists the comparisons that a scope may know of, the newest first;
// connection "" lists those of all.
//
// Errors: Invalid cursor.bad.
func (s *Store) Reconciliations(ctx context.Context, scope access.Scope, connection, cursor string) (
	Page[Reconciliation], error) {
	key, id, err := readTimeCursor(cursor)
	if err != nil {
		return Page[Reconciliation]{}, err
	}
	const query = `
		SELECT ` + reconciliationColumns + ` FROM reconciliations r
		WHERE ($1 OR r.entities && $2) AND ($3 = '' OR r.connection = $3)
		  AND ($4::text = '' OR (r.started_at, r.id) < (nullif($4::text, '')::timestamptz, $5))
		ORDER BY r.started_at DESC, r.id DESC LIMIT $6`
	var rows []reconciliationRow
	err = s.db.SelectContext(ctx, &rows, query, scope.All, pq.Array(scope.Entities), connection, key, id, PageDefault+1)
	var page Page[Reconciliation]
	if len(rows) > PageDefault {
		rows = rows[:PageDefault]
		page.Next = cursorOf(sortKeyOf(rows[PageDefault-1].StartedAt), rows[PageDefault-1].ID)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.row())
	}
	return page, sqlFault("store.Reconciliations", err)
}

// Reconciliation is one comparison.
//
// Errors: NotFound reconciliation.not_found.
func (s *Store) Reconciliation(ctx context.Context, scope access.Scope, id string) (Reconciliation, error) {
	const query = `
		SELECT ` + reconciliationColumns + ` FROM reconciliations r WHERE ($1 OR r.entities && $2) AND r.id = $3`
	var row reconciliationRow
	err := s.db.GetContext(ctx, &row, query, scope.All, pq.Array(scope.Entities), id)
	return row.row(), sqlFault("store.Reconciliation", noRows(err, fault.New(fault.NotFound, "reconciliation.not_found")))
}
