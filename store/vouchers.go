package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
)

// VoucherPosted is the state of a voucher that is in the books; it never changes again.
const VoucherPosted = "posted"

// VoucherRow is a voucher as the books know it. 凭证
type VoucherRow struct {
	Reference, Document, Kind, Entity string

	DocumentNumber   string // nothing in
	State            string // pending, draft, posted, parked or void
	ID, Number, Date string // the ERP's id and number; the posting date, YYYY-MM-DD
	Again            string // its number since it was missing there and posted again; "" where it never was
	Hash             string
	Voucher          string // canonical JSON; not in lists
	Code, Detail     string // why it is parked
	CreatedAt        time.Time
	PostedAt         time.Time
}

// VoucherFilter narrows a list of vouchers.
type VoucherFilter struct {
	States    []string
	Document  string
	Cursor    string
	Limit     int // 0 means 20; 200 at most
	WithTotal bool
}

type voucherRow struct {
	Reference, Document, Kind, Entity, Number, State, Date, Hash, Voucher, Code, Detail string

	ERPID     string       `db:"erp_id"`
	ERPNumber string       `db:"erp_number"`
	Again     string       `db:"posted_again"`
	CreatedAt time.Time    `db:"created_at"`
	PostedAt  sql.NullTime `db:"posted_at"`
}

func (r voucherRow) row() VoucherRow {
	return VoucherRow{
		Reference: r.Reference, Document: r.Document, DocumentNumber: r.Number, Kind: r.Kind, Entity: r.Entity,
		State: r.State, ID: r.ERPID, Number: r.ERPNumber, Again: r.Again, Date: r.Date, Hash: r.Hash, Voucher: r.Voucher,
		Code: r.Code, Detail: r.Detail, CreatedAt: r.CreatedAt.UTC(), PostedAt: orZero(r.PostedAt),
	}
}

const voucherColumns = `v.reference, v.document, d.number, v.kind, v.entity, v.state, v.erp_id, v.erp_number, v.date,
	v.hash, v.code, v.detail, v.created_at, v.posted_at,
	coalesce((SELECT g.erp_number FROM reconciliation_rulings g WHERE g.reference = v.reference AND g.outcome = 'posted'
	          ORDER BY g.outcome_at DESC, g.id DESC LIMIT 1), '') AS posted_again`

// SaveVoucher keeps what the books answered, and how the call ended that told so.
// A posted voucher stays as it is.
//
// Safe to repeat. Errors: Conflict voucher.changed where it is posted as another.
func (s *Store) SaveVoucher(ctx context.Context, v VoucherRow, call Ended) error {
	const save = `
		WITH ended AS (` + endAttempt + `)
		INSERT INTO vouchers (reference, document, kind, entity, state, erp_id, erp_number, date, hash, voucher,
		                      code, detail, posted_at)
		VALUES ($1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
		        CASE WHEN $8 = 'posted' THEN clock_timestamp() END)
		ON CONFLICT (reference) DO UPDATE SET state = $8, erp_id = $9, erp_number = $10, date = $11, hash = $12,
		       voucher = $13, code = $14, detail = $15, posted_at = excluded.posted_at
		WHERE vouchers.state <> 'posted'`
	result, err := s.db.ExecContext(ctx, save, v.Reference, call.N, call.Class, call.Detail, v.Document, v.Kind, v.Entity,
		v.State, v.ID, v.Number, v.Date, v.Hash, v.Voucher, v.Code, v.Detail)
	if err != nil {
		return sqlFault("store.SaveVoucher", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return sqlFault("store.SaveVoucher", err)
	}
	const same = `SELECT hash = $2 AND erp_number = $3 AND $4 = 'posted' FROM vouchers WHERE reference = $1`
	var stands bool
	if err := s.db.GetContext(ctx, &stands, same, v.Reference, v.Hash, v.Number, v.State); err != nil {
		return sqlFault("store.SaveVoucher", err)
	}
	if !stands {
		return fault.New(fault.Conflict, "voucher.changed", fault.Arg("reference", v.Reference))
	}
	return nil
}

// Voucher returns one voucher of a document that the scope may know of.
//
// Errors: NotFound voucher.not_found.
func (s *Store) Voucher(ctx context.Context, scope access.Scope, reference string) (VoucherRow, error) {
	const query = `
		SELECT ` + voucherColumns + `, v.voucher FROM vouchers v JOIN documents d ON d.id = v.document
		WHERE v.reference = $5 AND ` + visible
	var row voucherRow
	err := s.db.GetContext(ctx, &row, query, scopeArgs(scope, reference)...)
	if err != nil {
		return VoucherRow{}, sqlFault("store.Voucher", noRows(err, fault.New(fault.NotFound, "voucher.not_found")))
	}
	return row.row(), nil
}

// voucherList is a list of vouchers as SQL: what a role lets somebody read, along an
// index in the order of the list, and what is of documents that concern them.
type voucherList struct {
	where
	filter         VoucherFilter
	limit          int
	key, reference string // the end of the page before
}

// columns of a source, and its conditions and order.
func (l *voucherList) newest(columns, from, condition string) string {
	w := where{args: l.args}
	if len(l.filter.States) > 0 {
		w.and(`v.state = ANY(?)`, pq.Array(l.filter.States))
	}
	if l.filter.Document != "" {
		w.and(`v.document = ?`, l.filter.Document)
	}
	if l.key != "" {
		w.and(`(v.created_at, v.reference) < (?::text::timestamptz, ?)`, l.key, l.reference)
	}
	l.args = w.args
	return `(SELECT ` + columns + ` FROM ` + from + ` WHERE ` + condition + w.text.String() + `
		ORDER BY v.created_at DESC, v.reference DESC LIMIT ` + strconv.Itoa(l.limit) + `)`
}

// sources are statements that give the newest vouchers a scope may know of.
func (l *voucherList) sources(scope access.Scope) []string {
	const columns = `v.reference, v.created_at`
	if scope.All && len(l.filter.States) == 0 {
		return []string{l.newest(columns, `vouchers v`, `true`)}
	}
	var all []string
	each := func(values []string, condition string) {
		if len(values) > 0 {
			all = append(all, `(SELECT s.* FROM unnest(`+l.value(pq.Array(values))+`::text[]) AS given (one)
				CROSS JOIN LATERAL `+l.newest(columns, `vouchers v`, condition)+` AS s)`)
		}
	}
	switch {
	case scope.All:
		each(l.filter.States, `v.state = given.one`)
		return all
	case len(l.filter.States) > 0 && len(scope.Entities) > 0:
		each(l.filter.States, `v.state = given.one AND v.entity = ANY(`+l.value(pq.Array(scope.Entities))+`)`)
	default:
		each(scope.Entities, `v.entity = given.one`)
	}
	if len(scope.Departments) > 0 {
		all = append(all, l.newest(columns, `documents d JOIN vouchers v ON v.document = d.id`,
			`d.department = ANY(`+l.value(pq.Array(scope.Departments))+`)`))
	}
	if scope.Person != "" {
		person := l.value(scope.Person)
		all = append(all, l.newest(columns, `(SELECT id FROM documents WHERE submitter = `+person+`
			UNION SELECT id FROM documents WHERE requester = `+person+`
			UNION SELECT document FROM tasks WHERE assignee = `+person+`
			UNION SELECT document FROM tasks WHERE decided_by = `+person+` AND decided_by <> '') AS concerning
			JOIN vouchers v ON v.document = concerning.id`, `true`))
	}
	return all
}

// Vouchers lists the vouchers of the documents that the scope may know of, the newest first.
//
// Errors: Invalid cursor.bad.
func (s *Store) Vouchers(ctx context.Context, scope access.Scope, f VoucherFilter) (Page[VoucherRow], error) {
	limit := limitOf(f.Limit)
	l := &voucherList{filter: f, limit: limit + 1}
	var err error
	if l.key, l.reference, err = readTimeCursor(f.Cursor); err != nil {
		return Page[VoucherRow]{}, err
	}
	sources := l.sources(scope)
	if len(sources) == 0 {
		return Page[VoucherRow]{}, nil
	}
	query := `
		SELECT ` + voucherColumns + ` FROM (` + strings.Join(sources, ` UNION `) + `) AS c
		JOIN vouchers v ON v.reference = c.reference JOIN documents d ON d.id = v.document
		ORDER BY c.created_at DESC, c.reference DESC LIMIT ` + l.value(limit+1)
	var rows []voucherRow
	if err := s.db.SelectContext(ctx, &rows, query, l.args...); err != nil {
		return Page[VoucherRow]{}, sqlFault("store.Vouchers", err)
	}
	var page Page[VoucherRow]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(sortKeyOf(rows[limit-1].CreatedAt), rows[limit-1].Reference)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.row())
	}
	if f.WithTotal {
		all := &voucherList{filter: f, limit: TotalMost}
		page.Total = new(int64)
		query := `SELECT count(*) FROM (` + strings.Join(all.sources(scope), ` UNION `) + `) AS seen`
		err = s.db.GetContext(ctx, page.Total, query, all.args...)
	}
	return page, sqlFault("store.Vouchers", err)
}
