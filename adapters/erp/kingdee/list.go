package kingdee

import (
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// List returns one page of the vouchers dated in a range that carry a reference
// of ours, by their ids. Safe to repeat.
//
// K3Cloud counts rows, which are entries: the last voucher of a full page may be
// cut off, so it is left for the next one.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	for _, text := range []string{asked.From, asked.Until} {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return port.Listed{}, port.Fault(port.CodeRefused, "the date "+text+" is not one")
		}
	}
	filter := p.options["reference_field"] + " like '" + port.ReferencePrefix + "%' and FDate>='" + asked.From +
		"' and FDate<='" + asked.Until + "'"
	if asked.Cursor != "" {
		if !isID(asked.Cursor) {
			return port.Listed{}, port.Fault(port.CodeRefused, "not a page: "+asked.Cursor)
		}
		filter += " and FVOUCHERID>" + asked.Cursor
	}
	rows, err := p.page(ctx, p.voucherQuestion(filter), 0)
	if err != nil {
		return port.Listed{}, err
	}
	heads, more := p.heads(rows), false
	if len(rows) == pageSize && len(heads) > 1 {
		heads, more = heads[:len(heads)-1], true
	}
	if asked.Limit > 0 && len(heads) > asked.Limit {
		heads, more = heads[:asked.Limit], true
	}
	var page port.Listed
	for _, h := range heads {
		f, err := p.found(h)
		if err != nil {
			return port.Listed{}, err
		}
		page.Vouchers = append(page.Vouchers, f)
	}
	if more {
		page.Next = heads[len(heads)-1].id
	}
	return page, nil
}
