package yonbip

import (
	"context"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// Reverse saves the voucher once more with its sides swapped, under a reference
// of its own. It looks for that reference first. How red letters (红字) are written
// is in none of YonBIP's documents, so the sides are swapped instead.
//
// Errors: Invalid erp.unsupported for a voucher in a foreign currency: the rate
// cannot be read back exactly.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	there, found, err := port.Only(reference, before)
	if err != nil || found {
		return there, err
	}
	d, err := p.detail(ctx, f.ID)
	if err != nil {
		return port.Found{}, err
	}
	if stateOf(d.Status) != port.Posted {
		return port.Found{}, port.Fault(port.CodeRefused, "only a posted voucher can be reversed")
	}
	v := voucher.Voucher{Reference: reference, Date: date, Text: strings.TrimSpace("冲销 " + d.Display), Number: d.Display}
	for _, b := range d.Bodies {
		e, err := p.swapped(ctx, b)
		if err != nil {
			return port.Found{}, err
		}
		v.Entries = append(v.Entries, e)
	}
	made, err := p.Create(ctx, v)
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, made)
}

// swapped is an entry on the other side, with what can be read of its dimensions.
func (p *Port) swapped(ctx context.Context, b detailLine) (voucher.Entry, error) {
	line, err := p.line(ctx, b)
	if err != nil {
		return voucher.Entry{}, err
	}
	e := voucher.Entry{Side: voucher.Credit, Account: line.Account, Party: line.Party, Text: b.Description,
		Amount: line.Debit}
	original := b.DebitOriginal
	if line.Debit.IsZero() {
		e.Side, e.Amount, original = voucher.Debit, line.Credit, b.CreditOriginal
	}
	if paid, err := amountOf(original, p.currency); err != nil || paid != e.Amount {
		return e, port.Fault(port.CodeUnsupported, "reverse it in YonBIP, then book it anew",
			fault.Arg("what", "the reversal of a voucher in a foreign currency"))
	}
	e.Base = e.Amount
	return port.Refill(e, p.dimensions.Read(line.Account, func(field string) string {
		return b.code(p.types[field])
	})), nil
}
