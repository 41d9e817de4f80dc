package desk

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Reversing is a voucher in the books with what undoes it, or would.
type Reversing struct {
	Original store.VoucherRow
	Row      *store.ReversalRow // nil where nobody ever asked

	// Undo is what was booked, or would be: on the day that was asked for, or the first
	// that makes sense.
	Undo voucher.Voucher

	// What the reader may do now. Why says why they may not, where that is worth saying.
	Ask, Decide, Rule bool
	Why               *fault.Fault
}

// Reversal shows the reversal of a voucher, or what it would book.
//
// Errors: NotFound voucher.not_found; Conflict reversal.not_posted; Invalid
// reversal.of_reversal.
func (d *Desk) Reversal(ctx context.Context, who auth.Who, reference string) (Reversing, error) {
	row, err := d.Voucher(ctx, who, reference)
	if err != nil {
		return Reversing{}, err
	}
	if row.State != store.VoucherPosted {
		return Reversing{}, fault.New(fault.Conflict, "reversal.not_posted")
	}
	r := Reversing{Original: row}
	var original voucher.Voucher
	if err := json.Unmarshal([]byte(row.Voucher), &original); err != nil {
		return Reversing{}, err
	}
	if original.Kind == voucher.Reversal {
		return Reversing{}, fault.New(fault.Invalid, "reversal.of_reversal")
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return Reversing{}, err
	}
	day := max(d.today(snapshot, row.Entity), row.Date)
	asked, err := d.Store.Reversal(ctx, access.ScopeFor(who.Subject, access.VoucherRead), reference)
	switch {
	case err == nil:
		r.Row = &asked
		if asked.Status != reversal.Refused && asked.Status != reversal.GivenUp && !asked.Expired() {
			day = asked.Date
		}
	case fault.CodeOf(err) != "reversal.not_found":
		return Reversing{}, err
	}
	r.Undo = original.Reversed(day)
	return r, d.offer(ctx, who, &r)
}

// offer says what the reader may do with a reversal now.
func (d *Desk) offer(ctx context.Context, who auth.Who, r *Reversing) error {
	err := d.mayReverse(ctx, who, r.Original)
	if f, ok := fault.As(err); ok && f.Kind == fault.Forbidden {
		if f.Code != "access.denied" {
			r.Why = f
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.Row == nil {
		r.Ask = true
		return nil
	}
	r.Rule = r.Row.Status == reversal.Parked
	if r.Row.Status != reversal.Requested || r.Row.Expired() {
		r.Ask = r.Row.Requestable(r.Row.Now) == nil
		return nil
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	r.Decide = r.Row.Maker != who.Person.ID && !snapshot.Same(r.Row.Maker, who.Person.ID)
	return nil
}

// mayReverse holds the right, and that the document does not concern who has it. The
// database holds both as well.
//
// Errors: Forbidden access.denied, reversal.whole_company, reversal.interested.
func (d *Desk) mayReverse(ctx context.Context, who auth.Who, v store.VoucherRow) error {
	may, why := access.Can(who.Subject, access.VoucherReverse, access.Object{Entity: v.Entity})
	if why == access.OutOfReach {
		return fault.New(fault.Forbidden, "reversal.whole_company", fault.Arg("entity", v.Entity))
	}
	if !may {
		return need(who, access.VoucherReverse, access.Object{Entity: v.Entity})
	}
	doc, err := d.Store.Document(ctx, access.Scope{All: true}, v.Document)
	if err != nil {
		return err
	}
	err = d.uninvolved(ctx, who.Person.ID, doc)
	if fault.CodeOf(err) == "intervention.interested" {
		return fault.New(fault.Forbidden, "reversal.interested", fault.Arg("person", who.Person.ID))
	}
	return err
}

// reversible is a voucher that somebody may have undone.
func (d *Desk) reversible(ctx context.Context, who auth.Who, reference string) (store.VoucherRow, error) {
	row, err := d.Voucher(ctx, who, reference)
	if err != nil {
		return store.VoucherRow{}, err
	}
	return row, d.mayReverse(ctx, who, row)
}

// AskReversal asks for a voucher to be undone, for a second person to approve.
//
// Safe to repeat with the same key. Errors: NotFound voucher.not_found; Forbidden
// access.denied, reversal.interested; those of reversal.Request.Check and
// State.Requestable; Conflict reversal.not_posted, reversal.settled.
func (d *Desk) AskReversal(ctx context.Context, who auth.Who, r reversal.Request, key Key) error {
	row, err := d.reversible(ctx, who, r.Voucher)
	if err != nil {
		return err
	}
	r.Document, r.Reason = row.Document, strings.TrimSpace(r.Reason)
	payload, err := evidence.Canonical(r)
	if err != nil {
		return err
	}
	hash, err := evidence.HashOf(r)
	if err != nil {
		return err
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	_, err = d.Store.Propose(ctx, store.ProposalInput{
		ID: idOf(who, key), Kind: proposal.Reversal, Subject: row.Document, Hash: hash, Payload: string(payload),
		Note: r.Reason, Maker: who.Person.ID, Idem: idem,
	})
	return err
}

// DecideReversal is the second person's word on a request, named by its proposal: what
// they saw is what they decide on.
//
// Safe to repeat with the same key. Errors: NotFound voucher.not_found,
// reversal.not_found; Forbidden access.denied, reversal.interested, proposal.own;
// Conflict reversal.moved_on, proposal.decided, proposal.expired, reversal.settled;
// Invalid proposal.reason_required.
func (d *Desk) DecideReversal(
	ctx context.Context, who auth.Who, reference, asked string, v proposal.Verdict, key Key,
) error {
	row, err := d.reversible(ctx, who, reference)
	if err != nil {
		return err
	}
	r, err := d.Store.Reversal(ctx, access.Scope{All: true}, row.Reference)
	if err != nil {
		return err
	}
	if r.Proposal != asked {
		return fault.New(fault.Conflict, "reversal.moved_on", fault.Field("proposal"))
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	v.Checker = who.Person.ID
	_, err = d.Store.Decide(ctx, asked, v, idem)
	return err
}

// RuleReversal is finance's word on a reversal that is parked.
//
// Safe to repeat with the same key. Errors: NotFound voucher.not_found,
// reversal.not_found; Forbidden access.denied, reversal.interested; those of
// reversal.State.Rule.
func (d *Desk) RuleReversal(ctx context.Context, who auth.Who, reference string, r reversal.Said, key Key) error {
	row, err := d.reversible(ctx, who, reference)
	if err != nil {
		return err
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	r.Opinion = strings.TrimSpace(r.Opinion)
	return d.Store.RuleReversal(ctx, row.Reference, who.Person.ID, r, idem)
}

// ReversalOf is how far the reversal of a voucher has come, nil where nobody ever asked.
//
// Errors: Forbidden access.denied.
func (d *Desk) ReversalOf(ctx context.Context, who auth.Who, reference string) (*store.ReversalRow, error) {
	scope, err := needAny(who, access.VoucherRead)
	if err != nil {
		return nil, err
	}
	row, err := d.Store.Reversal(ctx, scope, reference)
	if fault.CodeOf(err) == "reversal.not_found" {
		return nil, nil
	}
	return &row, err
}

// ReversalEvents is the record of what was reversed of a document's vouchers, in order.
//
// Errors: NotFound document.not_found.
func (d *Desk) ReversalEvents(ctx context.Context, who auth.Who, id string) ([]evidence.Event, error) {
	if _, err := d.Document(ctx, who, id); err != nil {
		return nil, err
	}
	return d.events(ctx, reversal.StreamPrefix+id)
}

// Reversals lists those of the documents whose finance one looks after.
func (d *Desk) Reversals(
	ctx context.Context, who auth.Who, f store.ReversalFilter,
) (store.Page[store.ReversalRow], error) {
	scope, err := lookedAfter(who)
	if err != nil {
		return store.Page[store.ReversalRow]{}, err
	}
	return d.Store.Reversals(ctx, scope, f)
}
