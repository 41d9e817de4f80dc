package erpnext

import (
	"cmp"
	"context"

	"github.com/countersign/countersign/adapters/erp/port"
)

const listPage = 50 // entries in one page: each is read by itself

// List returns one page of the entries dated in a range that carry a reference of
// ours, by their names. Safe to repeat.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Listed{}, err
	}
	limit := min(cmp.Or(asked.Limit, listPage), listPage)
	filters := []any{[]any{p.reference, "like", port.ReferencePrefix + "%"}, []any{"company", "=", at.name},
		[]any{"posting_date", ">=", asked.From}, []any{"posting_date", "<=", asked.Until}}
	if asked.Cursor != "" {
		filters = append(filters, []any{"name", ">", asked.Cursor})
	}
	found, err := p.entries(ctx, at, listing{doctype: journalEntry, filters: filters, limit: limit})
	if err != nil {
		return port.Listed{}, err
	}
	page := port.Listed{Vouchers: found}
	if len(found) == limit {
		page.Next = found[limit-1].ID
	}
	return page, nil
}
