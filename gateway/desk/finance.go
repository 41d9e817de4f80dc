package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/store"
)

// CodeNoMapping says that a document type is not booked.
const CodeNoMapping = "booking.no_mapping"

var _ = fault.Register(map[string]fault.Entry{
	CodeNoMapping: {Kind: fault.Invalid, Args: []string{"type"}},
})

// FinanceTasks lists the steps that wait for finance in the documents one looks
// after, the longest wait first. mine cuts it to what waits for the reader.
func (d *Desk) FinanceTasks(ctx context.Context, who auth.Who, mine bool, f store.FinanceFilter) (
	store.Page[store.FinanceTask], error) {
	scope, err := lookedAfter(who)
	if err != nil {
		return store.Page[store.FinanceTask]{}, err
	}
	f.Assignee = ""
	if mine {
		f.Assignee = who.Person.ID
	}
	return d.Store.FinanceTasks(ctx, scope, f)
}

// lookedAfter is the documents whose finance somebody looks after: of those that they
// may read by a role. An operator sees that something is parked, and no document.
func lookedAfter(who auth.Who) (access.Scope, error) {
	if _, err := needAny(who, access.EffectRead); err != nil {
		return access.Scope{}, err
	}
	scope := access.ScopeFor(who.Subject, access.DocumentRead)
	scope.Person = ""
	return scope, nil
}

// FinanceCounts says how much waits for finance.
func (d *Desk) FinanceCounts(ctx context.Context, who auth.Who) (store.FinanceCounts, error) {
	scope, err := lookedAfter(who)
	if err != nil {
		return store.FinanceCounts{}, err
	}
	return d.Store.FinanceCounts(ctx, scope, who.Person.ID)
}

// VoucherPreview is the voucher that a document would be booked with as it stands.
type VoucherPreview struct {
	Document store.Document
	Voucher  voucher.Voucher
	Whys     []booking.Why // of the entries, in their order
	Mapping  string
	Version  int // of the mapping, in force

	// Fault is why no voucher can be made; the others are empty then, but for the mapping
	// where there is one.
	Fault *fault.Fault
}

// PreviewVoucher derives the voucher of a document from its content and the mapping
// in force, as the posting would today: nothing is kept and nobody is told.
//
// Errors: NotFound document.not_found, Forbidden access.denied. What is wrong with
// the document or the mapping is an answer, in Fault.
func (d *Desk) PreviewVoucher(ctx context.Context, who auth.Who, id string) (VoucherPreview, error) {
	detail, err := d.mine(ctx, who, id, access.EffectRead)
	if err != nil {
		return VoucherPreview{}, err
	}
	preview := VoucherPreview{Document: detail.Document}
	mapping, row, err := d.mappingOf(ctx, detail.Type)
	preview.Mapping, preview.Version = row.ID, row.Version
	if err == nil {
		preview.Voucher, preview.Whys, err = d.explain(ctx, mapping, detail.Document)
	}
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.NotFound) {
		preview.Fault, err = f, nil
	}
	return preview, err
}

func (d *Desk) explain(ctx context.Context, m *booking.Mapping, doc store.Document) (
	voucher.Voucher, []booking.Why, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return voucher.Voucher{}, nil, err
	}
	return booking.Explain(m, booking.BuildInput{
		Content: doc.Content, Document: doc.ID, Number: doc.Number, Revision: doc.Revision, Kind: voucher.Accrual,
		Date: d.today(snapshot, doc.Entity), EntityCurrency: money.Currency(snapshot.Entities[doc.Entity].Currency),
		Org: snapshot,
	})
}

// mappingOf is the mapping in force that a document type is booked by.
//
// Errors: Invalid booking.none where the type names none.
func (d *Desk) mappingOf(ctx context.Context, documentType string) (*booking.Mapping, store.PolicyRow, error) {
	t, err := d.Type(ctx, documentType)
	if err != nil {
		return nil, store.PolicyRow{}, err
	}
	if t.Mapping == "" {
		return nil, store.PolicyRow{}, fault.New(fault.Invalid, CodeNoMapping, fault.Arg("type", documentType))
	}
	row, err := d.Store.PolicyInForce(ctx, kindMapping, t.Mapping)
	if err != nil {
		return nil, store.PolicyRow{ID: t.Mapping}, err
	}
	m, err := booking.Parse(row.ID, []byte(row.YAML))
	return m, row, err
}
