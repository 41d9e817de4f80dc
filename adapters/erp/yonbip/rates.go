package yonbip

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// How an amount is converted 汇率折算方式.
const (
	multiplied = "1" // by the direct rate
	divided    = "2"
)

// rateRow is one rate 汇率. Numbers keep their text: a float would change them.
type rateRow struct {
	Source text `json:"sourceCurrencyId___code"` // ISO 4217
	Target text `json:"targetCurrencyId___code"`
	Day    text `json:"quotationDate"`
	Scheme text `json:"exchangerateSchemeId"`
	Type   text `json:"exchangeRateType___code"`
	Direct text `json:"exchangeRate"` // 直接汇率
	Method text `json:"exchangeConversionMethod"`
	Enable text `json:"enable"`
}

// value is what one unit of the source currency is in the target's; "" where the rate is
// no number, see master.Clean.
func (r rateRow) value() string {
	if r.Method == divided {
		return master.Cross(r.Direct.String(), "1")
	}
	return master.Cross("1", r.Direct.String())
}

// rates reads those into the books' currency, of the type that options.rate_type names:
// nothing says by itself which type is ours. What is out of use or counted in a way that
// nobody documents is left out. No day can be asked for, so all of them come.
//
// Errors: Invalid erp.bad_config where they stand in several schemes and the options name none.
func (p *Port) rates(ctx context.Context, m *port.Master) error {
	if p.options["rate_type"] == "" {
		return nil
	}
	var all []document.Rate
	schemes := map[string]bool{}
	err := records(ctx, p, pathRates, object{}, func(r rateRow) {
		if !p.counts(r) {
			return
		}
		schemes[r.Scheme.String()] = true
		all = append(all, document.Rate{Currency: money.Currency(r.Source), Base: p.currency, Value: r.value(),
			Date: r.Day.String()[:min(len(r.Day), len(time.DateOnly))]})
	})
	if err != nil {
		return err
	}
	if len(schemes) > 1 {
		return port.BadOption("rate_scheme", "is empty, and rates of the type "+p.options["rate_type"]+
			" stand in several: write one of "+strings.Join(slices.Sorted(maps.Keys(schemes)), ", "))
	}
	m.Rates = port.Recent(all, port.RatesFrom(time.Now()))
	return nil
}

// counts says whether a rate is one of those that the books are kept with.
func (p *Port) counts(r rateRow) bool {
	scheme := p.options["rate_scheme"]
	return r.Type.String() == p.options["rate_type"] && (scheme == "" || r.Scheme.String() == scheme) &&
		r.Target.String() == string(p.currency) && r.Source != r.Target && r.Enable == inUse &&
		(r.Method == multiplied || r.Method == divided)
}
