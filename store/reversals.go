package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
)

// ReversalRow is how far the reversal of one voucher has come, with what it undoes.
type ReversalRow struct {
	reversal.State
	Document, DocumentNumber, Title, Entity, Currency string

	VoucherNumber, VoucherDate string // of what is undone

	TotalMinor int64
	ChangedAt  time.Time
	Now        time.Time // of the database, as it was read
}

// Expired says whether it is a request that nobody can approve any more.
func (r ReversalRow) Expired() bool {
	return r.Status == reversal.Requested && !r.Now.Before(r.Expires)
}

const reversalColumns = `r.voucher, r.reference, r.document, r.entity, r.status, r.attempt, r.proposal, r.maker,
	r.checker, r.reason, r.date, r.code, r.detail, r.unanswered, r.erp_number, r.erp_id, r.changed_at,
	clock_timestamp() AS now,
	d.number, d.title, d.currency, d.total_minor, v.erp_number AS voucher_number, v.date AS voucher_date,
	(SELECT p.expires_at FROM proposals p WHERE p.id = r.proposal) AS expires_at`

const reversalTables = `reversals r JOIN documents d ON d.id = r.document JOIN vouchers v ON v.reference = r.voucher`

type reversalRow struct {
	Voucher, Reference, Document, Entity, Status, Proposal, Maker, Checker, Reason, Date, Code, Detail string

	Attempt       int
	Unanswered    bool
	ERPNumber     string    `db:"erp_number"`
	ERPID         string    `db:"erp_id"`
	ChangedAt     time.Time `db:"changed_at"`
	ExpiresAt     time.Time `db:"expires_at"`
	Now           time.Time
	Number        string
	Title         string
	Currency      string
	TotalMinor    int64  `db:"total_minor"`
	VoucherNumber string `db:"voucher_number"`
	VoucherDate   string `db:"voucher_date"`
}

func (r reversalRow) row() ReversalRow {
	return ReversalRow{
		State: reversal.State{
			Voucher: r.Voucher, Reference: r.Reference, Status: reversal.Status(r.Status), Attempt: r.Attempt,
			Proposal: r.Proposal, Maker: r.Maker, Checker: r.Checker, Reason: r.Reason, Date: r.Date, Code: r.Code,
			Detail: r.Detail, Unanswered: r.Unanswered, Number: r.ERPNumber, ID: r.ERPID, Expires: r.ExpiresAt.UTC(),
		},
		Document: r.Document, DocumentNumber: r.Number, Title: r.Title, Entity: r.Entity, Currency: r.Currency,
		TotalMinor: r.TotalMinor, VoucherNumber: r.VoucherNumber, VoucherDate: r.VoucherDate,
		ChangedAt: r.ChangedAt.UTC(), Now: r.Now.UTC(),
	}
}

// Reversal returns the reversal of a voucher that the scope may know of.
//
// Errors: NotFound reversal.not_found, also where nobody ever asked for one.
func (s *Store) Reversal(ctx context.Context, scope access.Scope, original string) (ReversalRow, error) {
	const query = `SELECT ` + reversalColumns + ` FROM ` + reversalTables + ` WHERE r.voucher = $5 AND ` + visible
	var row reversalRow
	err := s.db.GetContext(ctx, &row, query, scopeArgs(scope, original)...)
	return row.row(), sqlFault("store.Reversal", noRows(err, fault.New(fault.NotFound, "reversal.not_found")))
}

// ReversalFilter narrows a list of reversals.
type ReversalFilter struct {
	Statuses []reversal.Status
	Cursor   string
	Limit    int // 0 means 20; 200 at most
}

// Reversals lists the reversals in the documents that a scope may know of by a role, what
// changed last first.
//
// Errors: Invalid cursor.bad.
func (s *Store) Reversals(ctx context.Context, scope access.Scope, f ReversalFilter) (Page[ReversalRow], error) {
	limit := limitOf(f.Limit)
	key, last, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[ReversalRow]{}, err
	}
	var w where
	query := `SELECT ` + reversalColumns + ` FROM ` + reversalTables + ` WHERE true`
	if !scope.All {
		w.and(`r.entity = ANY(?)`, pq.Array(scope.Entities))
	}
	if len(f.Statuses) > 0 {
		w.and(`r.status = ANY(?)`, pq.Array(f.Statuses))
	}
	if key != "" {
		w.and(`(r.changed_at, r.voucher) < (?::text::timestamptz, ?)`, key, last)
	}
	query += w.text.String() + ` ORDER BY r.changed_at DESC, r.voucher DESC LIMIT ` + strconv.Itoa(limit+1)
	var rows []reversalRow
	if err := s.db.SelectContext(ctx, &rows, query, w.args...); err != nil {
		return Page[ReversalRow]{}, sqlFault("store.Reversals", err)
	}
	var page Page[ReversalRow]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(sortKeyOf(rows[limit-1].ChangedAt), rows[limit-1].Voucher)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.row())
	}
	return page, nil
}

// Undoing is what the worker needs to reverse a voucher.
type Undoing struct {
	State    reversal.State
	Document string
	Entity   string
	Original voucher.Voucher // as it was posted
	Last     Attempt         // the newest call made under the reversal's reference
}

// Undo reads what is to be reversed under a reference, as it was approved.
//
// Errors: NotFound reversal.not_found.
func (s *Store) Undo(ctx context.Context, reference string) (Undoing, error) {
	const query = `SELECT ` + reversalState + `, entity,
		       (SELECT v.voucher FROM vouchers v WHERE v.reference = r.voucher) AS text
		FROM reversals r WHERE reference = $1`
	var row struct {
		reversalRow
		Text string
	}
	if err := s.db.GetContext(ctx, &row, query, reference); err != nil {
		return Undoing{}, sqlFault("store.Undo", noRows(err, fault.New(fault.NotFound, "reversal.not_found")))
	}
	u := Undoing{State: row.row().State, Document: row.Document, Entity: row.Entity}
	if err := json.Unmarshal([]byte(row.Text), &u.Original); err != nil {
		return Undoing{}, sqlFault("store.Undo", err)
	}
	last, _, err := s.LastAttempt(ctx, reference)
	u.Last = last
	return u, err
}

// reversalState are the columns of what is folded from the events.
const reversalState = `voucher, reference, document, status, attempt, proposal, maker, checker, reason, date,
	code, detail, unanswered, erp_number, erp_id`

// ReversalStart is an approved reversal whose workflow is to be started.
type ReversalStart struct {
	Document, Number, Entity, Reference string

	Attempt int
}

// ClaimReversals takes up to limit approved reversals that the books did not answer yet,
// each again after a while: a workflow that runs, or ran, is not started twice, and one
// that somebody ended is.
func (s *Store) ClaimReversals(ctx context.Context, limit int) ([]ReversalStart, error) {
	const query = `
		WITH due AS (
			SELECT voucher FROM reversals WHERE next_try <= statement_timestamp()
			ORDER BY next_try LIMIT $1 FOR UPDATE SKIP LOCKED
		)
		UPDATE reversals r SET tries = r.tries + 1, next_try = clock_timestamp() + least(
		       interval '` + startBackoffMost + `', interval '` + startBackoffBase + `' * power(2, least(r.tries, 20)))
		FROM due, documents d WHERE r.voucher = due.voucher AND d.id = r.document
		RETURNING r.document, d.number, r.entity, r.reference, r.attempt`
	var starts []ReversalStart
	err := s.inTx(ctx, "store.ClaimReversals", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &starts, query, limitOf(limit))
	})
	return starts, err
}

// originalIn reads what is to be undone, within a transaction.
//
// Errors: NotFound voucher.not_found; Conflict reversal.not_posted.
func originalIn(ctx context.Context, tx *sqlx.Tx, document, original string) (voucher.Voucher, string, error) {
	const query = `SELECT state, entity, voucher FROM vouchers WHERE reference = $1 AND document = $2`
	var row struct{ State, Entity, Voucher string }
	if err := tx.GetContext(ctx, &row, query, original, document); err != nil {
		return voucher.Voucher{}, "", noRows(err, fault.New(fault.NotFound, "voucher.not_found"))
	}
	if row.State != VoucherPosted {
		return voucher.Voucher{}, "", fault.New(fault.Conflict, "reversal.not_posted")
	}
	var v voucher.Voucher
	err := json.Unmarshal([]byte(row.Voucher), &v)
	return v, row.Entity, err
}

// unsettled refuses to undo an advance that another document settles, booked or under
// approval: what that one books would hang in the air. It holds the advance until the
// commit, so that a report that comes at the same time sees the reversal.
//
// Errors: Conflict reversal.settled.
func unsettled(ctx context.Context, tx *sqlx.Tx, document string) error {
	if _, err := tx.ExecContext(ctx, lockOffset, document); err != nil {
		return err
	}
	const query = `SELECT ` + advanceColumns + ` FROM documents d WHERE d.id = $2`
	var row advanceRow
	if err := tx.GetContext(ctx, &row, query, "", document); err != nil {
		return err
	}
	if row.OpenMinor < row.TotalMinor {
		return fault.New(fault.Conflict, "reversal.settled")
	}
	return nil
}

// lockReversals has whoever changes the reversals of a document take turns.
func lockReversals(ctx context.Context, tx *sqlx.Tx, document string) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('countersign.reversal:' || $1, 0))`
	_, err := tx.ExecContext(ctx, lock, document)
	return err
}

// reversalIn is how far a reversal has come, told by its events, under the lock of its
// document.
func reversalIn(ctx context.Context, tx *sqlx.Tx, document, original string) (reversal.State, error) {
	if err := lockReversals(ctx, tx, document); err != nil {
		return reversal.State{}, err
	}
	events, err := eventsBetween(ctx, tx, reversal.StreamPrefix+document, 1, eventsMost)
	if err != nil {
		return reversal.State{}, err
	}
	return reversal.Of(original, events)
}

// noSuchReversal turns a missing row into the fault of this room.
func noSuchReversal(err error) error {
	return noRows(err, fault.New(fault.NotFound, "reversal.not_found"))
}
