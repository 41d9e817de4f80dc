package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
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
