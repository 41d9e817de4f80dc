package httpjson

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// listPage is how many vouchers are asked for at once, as $.limit.
const listPage = 100

// List returns one page of the vouchers of a range of days, by the mapping's call
// «list». Safe to repeat.
//
// Errors: Invalid erp.unsupported where the mapping has no such call.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	call, ok := p.mapping.Calls["list"]
	if !ok {
		return port.Listed{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "list"))
	}
	whole, err := p.ask(ctx, exchange{call: call, values: values{fields: map[string]any{
		"from": asked.From, "until": asked.Until, "prefix": port.ReferencePrefix, "cursor": asked.Cursor,
		"limit": strconv.Itoa(cmp.Or(min(asked.Limit, listPage), listPage)),
	}}})
	if err != nil {
		return port.Listed{}, err
	}
	items, ok := at(whole, call.Answer).([]any)
	if !ok {
		return port.Listed{}, port.Fault(port.CodeUnavailable, "list did not answer with a list")
	}
	var page port.Listed
	for _, item := range items {
		f, err := p.found(item, false)
		if err != nil {
			return port.Listed{}, err
		}
		if strings.HasPrefix(f.Reference, port.ReferencePrefix) && asked.From <= f.Date && f.Date <= asked.Until {
			page.Vouchers = append(page.Vouchers, f)
		}
	}
	if page.Next = text(whole, call.Next); call.Next != "" && page.Next == asked.Cursor {
		page.Next = "" // an ERP that repeats its cursor would never end
	}
	return page, nil
}
