package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// advancesMost is how many open advances one person is shown.
const advancesMost = 100

// undone says whether the voucher of document d is reversed, or about to be: there is no
// advance in the books then.
const undone = `EXISTS (SELECT FROM reversals u WHERE u.document = d.id
	AND u.status IN ('approved', 'parked', 'posted'))`

// advanceColumns tell an advance and what is open of it: its total less what
// other documents settle. A document that is still under approval holds what it
// asks for; one that was rejected, withdrawn or voided does not; of a returned one the
// dearest content counts that may still be decided on, and of a pending one the
// dearest that an approver is about to set. $1 is not counted.
const advanceColumns = `
	d.id AS document, d.number, d.type, d.entity, d.requester, d.total_minor, d.currency,
	d.status = 'closed' AND d.voucher_ref <> '' AND NOT ` + undone + ` AS posted,
	d.total_minor - coalesce((
		SELECT sum(held.minor) FROM (
			SELECT max((r.content::jsonb #>> '{offset,amount,minor}')::bigint) AS minor
			FROM revisions r JOIN documents o ON o.id = r.document
			WHERE r.content LIKE '%"offset":{%' AND r.content::jsonb #>> '{offset,document}' = d.id
			  AND (r.revision = o.revision OR r.revision > o.revision AND o.status IN ('returned', 'pending'))
			  AND o.status NOT IN ('rejected', 'withdrawn', 'voided') AND o.id <> $1
			GROUP BY r.document) held), 0) AS open_minor`

type advanceRow struct {
	Document, Number, Type, Entity, Requester, Currency string

	Posted     bool
	TotalMinor int64 `db:"total_minor"`
	OpenMinor  int64 `db:"open_minor"`
}

func (r advanceRow) advance() document.Advance {
	currency := money.Currency(r.Currency)
	return document.Advance{
		Document: r.Document, Number: r.Number, Type: r.Type, Entity: r.Entity, Requester: r.Requester, Posted: r.Posted,
		Total: money.Amount{Minor: r.TotalMinor, Currency: currency},
		Open:  money.Amount{Minor: r.OpenMinor, Currency: currency},
	}
}

// Advance finds a document that may be settled by its number; what besides
// settles of it is not counted. 借款余额
//
// Errors: NotFound document.not_found.
func (s *Store) Advance(ctx context.Context, entity, number, besides string) (document.Advance, error) {
	const query = `SELECT ` + advanceColumns + ` FROM documents d WHERE d.entity = $2 AND d.number = $3`
	var row advanceRow
	if err := s.db.GetContext(ctx, &row, query, besides, entity, number); err != nil {
		return document.Advance{}, sqlFault("store.Advance", noRows(err, fault.New(fault.NotFound, "document.not_found")))
	}
	return row.advance(), nil
}

// OpenAdvances lists somebody's advances that are in the books and not settled,
// the oldest first.
func (s *Store) OpenAdvances(ctx context.Context, advanceType, entity, requester, besides string) (
	[]document.Advance, error) {
	const query = `
		SELECT document, number, type, entity, requester, total_minor, currency, posted, open_minor FROM (
			SELECT ` + advanceColumns + `, d.sorted_at FROM documents d
			WHERE d.type = $2 AND d.entity = $3 AND d.requester = $4 AND d.status = 'closed' AND d.voucher_ref <> ''
			  AND NOT ` + undone + `
		) AS advances WHERE open_minor > 0 ORDER BY sorted_at, document LIMIT $5`
	var rows []advanceRow
	err := s.db.SelectContext(ctx, &rows, query, besides, advanceType, entity, requester, advancesMost)
	if err != nil {
		return nil, sqlFault("store.OpenAdvances", err)
	}
	open := make([]document.Advance, 0, len(rows))
	for _, r := range rows {
		open = append(open, r.advance())
	}
	return open, nil
}

// lockOffset has whoever settles an advance, or undoes it, take turns.
const lockOffset = `SELECT pg_advisory_xact_lock(hashtextextended('countersign.offset:' || $1, 0))`

// holdOffset makes sure that the advance bears what a content settles of it. It
// holds the advance until the commit: of two reports at once, the second sees the
// first.
//
// Errors: those of document.Advance.Allows.
func holdOffset(ctx context.Context, tx *sqlx.Tx, id string, c document.Content) error {
	if c.Offset == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, lockOffset, c.Offset.Document); err != nil {
		return err
	}
	const query = `SELECT ` + advanceColumns + ` FROM documents d WHERE d.id = $2 AND d.status <> 'draft'`
	var row advanceRow
	if err := tx.GetContext(ctx, &row, query, id, c.Offset.Document); err != nil {
		return noRows(err, fault.New(fault.Invalid, "offset.unknown_advance", fault.Field("offset.advance"),
			fault.Arg("number", c.Offset.Number)))
	}
	return row.advance().Allows(c)
}

// DocumentNumbered is the id of a document by its number, of any company that the scope
// may read: numbers are counted for each company, and where several have it, that of the
// preferred one.
//
// Errors: NotFound document.not_found if there is none, or if the scope may not read it.
func (s *Store) DocumentNumbered(ctx context.Context, scope access.Scope, number, preferred string) (string, error) {
	const query = `SELECT d.id FROM documents d WHERE d.number = $5 AND ` + readable + `
		ORDER BY d.entity = $6 DESC, d.entity LIMIT 1`
	var id string
	err := s.db.GetContext(ctx, &id, query, scopeArgs(scope, number, preferred)...)
	return id, sqlFault("store.DocumentNumbered", noRows(err, fault.New(fault.NotFound, "document.not_found")))
}

// DocumentByNumber returns one document without its content.
//
// Errors: NotFound document.not_found if there is none, or if the scope may not
// know of it.
func (s *Store) DocumentByNumber(ctx context.Context, scope access.Scope, entity, number string) (Document, error) {
	const query = `SELECT ` + documentColumns + ` FROM documents d WHERE d.entity = $5 AND d.number = $6 AND ` + visible
	var row documentRow
	if err := s.db.GetContext(ctx, &row, query, scopeArgs(scope, entity, number)...); err != nil {
		return Document{}, sqlFault("store.DocumentByNumber", noRows(err, fault.New(fault.NotFound, "document.not_found")))
	}
	return row.document(), nil
}
