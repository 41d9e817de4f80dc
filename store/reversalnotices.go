package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/reversal"
)

// reversersOf lists who may approve what somebody asks for: finance of the document's
// entity, but that human and those whom the document concerns, with whatever account.
func reversersOf(ctx context.Context, tx *sqlx.Tx, document, maker string) ([]string, error) {
	snapshot, _, err := presentIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	return reversersIn(ctx, tx, snapshot, document, maker)
}

func reversersIn(ctx context.Context, tx *sqlx.Tx, snapshot *org.Snapshot, document, maker string) ([]string, error) {
	const find = `
		SELECT entity, submitter, requester, CASE payee_kind WHEN 'employee' THEN payee_id ELSE '' END AS payee
		FROM documents WHERE id = $1`
	var d struct{ Entity, Submitter, Requester, Payee string }
	if err := tx.GetContext(ctx, &d, find, document); err != nil {
		return nil, err
	}
	people := access.Allowed(snapshot, access.VoucherReverse, access.Object{Entity: d.Entity})
	return slices.DeleteFunc(people, func(id string) bool {
		return slices.ContainsFunc([]string{maker, d.Submitter, d.Requester, d.Payee}, func(other string) bool {
			return id == other || snapshot.Same(id, other)
		})
	}), nil
}

// tellAnswer tells what the books said: that it is booked, the maker and those whose
// document it is; that it is parked, all who may mend it.
func tellAnswer(ctx context.Context, tx *sqlx.Tx, document string, before reversal.State, a ReversalAnswer) error {
	told := reversalTold{document: document, voucher: before.Voucher, by: before.Checker, reason: before.Reason,
		date: before.Date, number: a.Number, code: a.Code, detail: a.Detail}
	id := before.Reference + "." + strconv.Itoa(a.Attempt)
	if !a.Posted {
		people, err := reversersOf(ctx, tx, document, "")
		told.people = people
		if err != nil {
			return err
		}
		return tellReversal(ctx, tx, notice.ReversalParked, id, told)
	}
	const parties = `SELECT submitter, requester FROM documents WHERE id = $1`
	var d struct{ Submitter, Requester string }
	if err := tx.GetContext(ctx, &d, parties, document); err != nil {
		return err
	}
	told.people = []string{before.Maker, d.Submitter, d.Requester}
	return tellReversal(ctx, tx, notice.ReversalPosted, id, told)
}

// reversalTold is what is said of a reversal, and to whom.
type reversalTold struct {
	document, voucher, by, reason, date string

	number, code, detail string // what the books said
	people               []string
	until                time.Time
}

// tellReversal tells each person once: the id of a notice is made of what it tells.
func tellReversal(ctx context.Context, tx *sqlx.Tx, kind, about string, t reversalTold) error {
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT DISTINCT $1 || '.' || $2 || '.' || p.person, $1, p.person, '', d.entity, d.id, '', false,
		       jsonb_build_object('number', d.number, 'title', d.title, 'amount_minor', d.total_minor::text,
		                          'currency', d.currency, 'by', $3::text, 'reason', $4::text, 'date', $5::text,
		                          'voucher', v.erp_number, 'reversal', $6::text, 'code', $7::text, 'detail', $8::text,
		                          'until_at', $9::text, 'reference', v.reference)
		FROM documents d JOIN vouchers v ON v.reference = $10, unnest($11::text[]) AS p (person)
		WHERE d.id = $12 AND p.person <> '' ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, tell, kind, about, t.by, t.reason, t.date, t.number, t.code, t.detail,
		instantText(t.until), t.voucher, pq.Array(t.people), t.document)
	return err
}

// tellEndingReversal tells of a request that soon expires, or has.
func tellEndingReversal(ctx context.Context, tx *sqlx.Tx, snapshot *org.Snapshot, p ProposalRow, expired bool) error {
	var asked reversal.Request
	if err := json.Unmarshal([]byte(p.Payload), &asked); err != nil {
		return err
	}
	told := reversalTold{document: p.Subject, voucher: asked.Voucher, by: p.Maker, reason: asked.Reason, date: asked.Date,
		until: p.Expires, people: []string{p.Maker}}
	if expired {
		return tellReversal(ctx, tx, notice.ReversalExpired, p.ID, told)
	}
	people, err := reversersIn(ctx, tx, snapshot, p.Subject, p.Maker)
	told.people = people
	if err != nil {
		return err
	}
	return tellReversal(ctx, tx, notice.ReversalExpiring, p.ID, told)
}
