package tryton

import (
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// rates are those of other currencies in the company's. Tryton tells how many units of a
// currency one unit of its reference currency is; where the company's own currency has no
// rate on a day, Tryton converts nothing either.
func (p *Port) rates(ctx context.Context, at company, since time.Time) ([]document.Rate, error) {
	const model = "currency.currency.rate"
	fields := []string{"currency.code", "date", "rate"}
	var all []port.Quote
	keep := func(r masterRow) {
		if r.Currency != nil && r.Rate != nil {
			all = append(all, port.Quote{Currency: money.Currency(r.Currency.Code), Day: r.Date.text(), Units: r.Rate.Decimal})
		}
	}
	ours := []any{[]any{"currency.code", "=", string(at.currency)}}
	if err := p.pages(ctx, table{model, ours, fields, keep}, time.Time{}); err != nil {
		return nil, err
	}
	others := []any{[]any{"currency.code", "!=", string(at.currency)}}
	if err := p.pages(ctx, table{model, others, fields, keep}, since); err != nil {
		return nil, err
	}
	return port.Quotes(all, at.currency, "", port.RatesFrom(time.Now())), nil
}
