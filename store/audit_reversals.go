package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
)

// reversalFile is the reversal of one voucher with its own voucher, as it was meant.
type reversalFile struct {
	reversalRow
	Original string // the voucher that it undoes, as it was posted
	Undone   string // its own; "" where none was meant yet
	State    string // of that
	Hash     string
	Posted   string // the ERP's number of it
}

// reversals proves that every voucher that was undone was undone once, as one person
// asked and another approved, and by its exact opposite.
func (a *auditor) reversals(ctx context.Context) error {
	const list = `
		SELECT r.voucher, r.reference, r.document, r.entity, r.status, r.attempt, r.proposal, r.maker, r.checker, r.reason,
		       r.date, r.code, r.detail, r.unanswered, r.erp_number, r.erp_id, o.voucher AS original,
		       coalesce(u.voucher, '') AS undone, coalesce(u.state, '') AS state, coalesce(u.hash, '') AS hash,
		       coalesce(u.erp_number, '') AS posted
		FROM reversals r JOIN vouchers o ON o.reference = r.voucher LEFT JOIN vouchers u ON u.reference = r.reference
		WHERE r.voucher > $1 ORDER BY r.voucher LIMIT $2`
	for last := ""; ; {
		var rows []reversalFile
		if err := a.tx.SelectContext(ctx, &rows, list, last, auditBatch); err != nil {
			return err
		}
		for _, r := range rows {
			last = r.Voucher
			if err := a.reversal(ctx, r); err != nil {
				return err
			}
		}
		if len(rows) < auditBatch {
			return a.reversalsLost(ctx)
		}
	}
}

// reversal holds one row against its events, its proposals and its voucher.
func (a *auditor) reversal(ctx context.Context, r reversalFile) error {
	stream := reversal.StreamPrefix + r.Document
	events, err := eventsBetween(ctx, a.tx, stream, 1, eventsMost)
	if err != nil {
		return err
	}
	state, err := reversal.Of(r.Voucher, events)
	if err != nil {
		a.found(stream, 0, "fold.impossible", "%v", err)
		return nil
	}
	is, told := r.row().State, state
	is.Expires = told.Expires
	if is != told {
		a.found(stream, 0, "reversal.differs", "the row of %s says %+v, its events %+v", r.Voucher, is, told)
	}
	a.undone(stream, r, state)
	return a.reversalsAsked(ctx, stream, events)
}

// undone holds what was booked: the exact opposite of the original, on the day that was
// approved, under the number that is told.
func (a *auditor) undone(stream string, r reversalFile, state reversal.State) {
	if state.Status == reversal.Posted && (r.State != VoucherPosted || r.Posted != state.Number) {
		a.found(stream, 0, "reversal.not_booked", "%s is told as booked, and its voucher is %q %q",
			r.Reference, r.State, r.Posted)
	}
	if r.State == VoucherPosted && state.Status != reversal.Posted && state.Status != reversal.Approved {
		a.found(stream, 0, "reversal.unapproved", "%s is booked, and its events say %q", r.Reference, state.Status)
	}
	if r.Undone == "" {
		return
	}
	var original, undone voucher.Voucher
	err := json.Unmarshal([]byte(r.Original), &original)
	if err == nil {
		err = json.Unmarshal([]byte(r.Undone), &undone)
	}
	meant, wrong := evidence.HashOf(original.Reversed(undone.Date))
	hash, broken := evidence.HashOf(json.RawMessage(r.Undone))
	if err != nil || wrong != nil || broken != nil || hash != r.Hash || hash != meant {
		a.found(stream, 0, "reversal.not_opposite", "%s is not the opposite of %s", r.Reference, r.Voucher)
	}
	if state.Status == reversal.Posted && undone.Date != state.Date {
		a.found(stream, 0, "reversal.differs", "%s is booked on %s, and %s was approved",
			r.Reference, undone.Date, state.Date)
	}
}

// reversalsAsked holds the events of a stream against what was proposed and decided.
func (a *auditor) reversalsAsked(ctx context.Context, stream string, events []evidence.Event) error {
	const query = `SELECT ` + proposalColumns + ` FROM proposals WHERE kind = 'reversal' AND subject = $1 ORDER BY id`
	var rows []proposalRow
	if err := a.tx.SelectContext(ctx, &rows, query, stream[len(reversal.StreamPrefix):]); err != nil {
		return err
	}
	for _, row := range rows {
		p := row.proposal()
		hash, err := evidence.HashOf(json.RawMessage(p.Payload))
		if err != nil || hash != p.Hash || !toldAsProposed(p, events) {
			a.found(stream, 0, "proposal.differs", "%s: it is not what its events say", p.ID)
		}
	}
	for _, e := range events {
		var d reversal.Data
		_ = json.Unmarshal(e.Data, &d) // the fold said so already
		known := d.Proposal == "" || slices.ContainsFunc(rows, func(r proposalRow) bool { return r.ID == d.Proposal })
		if !known {
			a.found(stream, e.Seq, "proposal.missing", "%s", d.Proposal)
		}
	}
	return nil
}

// toldAsProposed says whether the events tell a proposal as its row has it.
func toldAsProposed(p ProposalRow, events []evidence.Event) bool {
	var asked reversal.Request
	if json.Unmarshal([]byte(p.Payload), &asked) != nil {
		return false
	}
	causes := map[string]evidence.Event{}
	for _, e := range events {
		causes[e.Cause] = e
	}
	var d reversal.Data
	requested, there := causes["request:"+p.ID]
	if !there || json.Unmarshal(requested.Data, &d) != nil || requested.Actor != p.Maker || d.Hash != p.Hash ||
		fmt.Sprint(d.Voucher, d.Date, d.Reason) != fmt.Sprint(asked.Voucher, asked.Date, asked.Reason) {
		return false
	}
	_, approved := causes["approve:"+p.ID]
	_, refused := causes["refuse:"+p.ID]
	decided := causes["approve:"+p.ID].Actor + causes["refuse:"+p.ID].Actor
	return approved == (p.State == proposal.Approved) && refused == (p.State == proposal.Refused) && decided == p.Checker
}

// reversalsLost proves that no reversal has events and no row, or a voucher and no row.
func (a *auditor) reversalsLost(ctx context.Context) error {
	const query = `
		SELECT DISTINCT e.stream, e.data::jsonb ->> 'voucher' AS voucher FROM events e
		WHERE e.kind LIKE 'reversal.%' AND NOT EXISTS (SELECT FROM reversals r
			WHERE e.stream = $2 || r.document AND r.voucher = e.data::jsonb ->> 'voucher')
		UNION
		SELECT $2 || v.document, v.reference FROM vouchers v
		WHERE v.kind = 'reversal' AND NOT EXISTS (SELECT FROM reversals r WHERE r.reference = v.reference)
		ORDER BY 1, 2 LIMIT $1`
	var rows []struct{ Stream, Voucher string }
	if err := a.tx.SelectContext(ctx, &rows, query, a.most, reversal.StreamPrefix); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Stream, 0, "reversal.missing", "the row of %s is gone", r.Voucher)
	}
	return nil
}
