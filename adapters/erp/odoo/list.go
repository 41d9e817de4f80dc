package odoo

import (
	"cmp"
	"context"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
)

const listPage = 100 // entries in one page

// List returns one page of the entries dated in a range that carry a reference of
// ours, by their ids. Safe to repeat.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Listed{}, err
	}
	domain := []any{[]any{"ref", "=like", port.ReferencePrefix + "%"},
		[]any{"date", ">=", asked.From}, []any{"date", "<=", asked.Until}}
	if asked.Cursor != "" {
		after, err := strconv.ParseInt(asked.Cursor, 10, 64)
		if err != nil {
			return port.Listed{}, port.Fault(port.CodeRefused, "not a page: "+asked.Cursor)
		}
		domain = append(domain, []any{"id", ">", after})
	}
	limit := min(cmp.Or(asked.Limit, listPage), listPage)
	found, err := p.moves(ctx, at, domain, limit)
	if err != nil {
		return port.Listed{}, err
	}
	page := port.Listed{Vouchers: found}
	if len(found) == limit {
		page.Next = found[limit-1].ID
	}
	return page, nil
}
