package yonbip

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// listPage is how many vouchers a page of List looks through.
const listPage = 100

// List returns one page of the vouchers dated in a range that carry a reference
// of ours. Its order is YonBIP's own, which its documents do not promise. Safe to
// repeat.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	for _, day := range []string{asked.From, asked.Until} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return port.Listed{}, port.Fault(port.CodeRefused, "the date "+day+" is not one")
		}
	}
	number, err := strconv.Atoi(cmp.Or(asked.Cursor, "1"))
	if err != nil || number < 1 {
		return port.Listed{}, port.Fault(port.CodeRefused, "not a page: "+asked.Cursor)
	}
	size := min(cmp.Or(asked.Limit, listPage), listPage)
	heads, last, err := p.heads(ctx, listQuery{PeriodStart: asked.From[:7], PeriodEnd: asked.Until[:7],
		MakeTimeStart: asked.From, MakeTimeEnd: asked.Until}, number, size)
	if err != nil {
		return port.Listed{}, err
	}
	var page port.Listed
	for _, h := range heads {
		if !strings.HasPrefix(h.Description, port.ReferencePrefix) {
			continue
		}
		f, err := p.read(ctx, h.ID.String())
		if err != nil {
			return port.Listed{}, err
		}
		page.Vouchers = append(page.Vouchers, f)
	}
	if !last {
		page.Next = strconv.Itoa(number + 1)
	}
	return page, nil
}
