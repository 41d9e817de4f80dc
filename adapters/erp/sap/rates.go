package sap

import (
	"context"
	"math/big"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// published is where a key user's view lies: its service and its set.
var published = regexp.MustCompile(`^\w+/\w+$`)

// checkRates says what is wrong with where the options look for rates.
func (p *Port) checkRates() error {
	if (p.options["rates_path"] == "") != (p.options["factors_path"] == "") {
		return port.BadOption("rates_path",
			"and factors_path belong together: a rate means nothing without its factors; write both or none")
	}
	for _, name := range []string{"rates_path", "factors_path"} {
		if path := p.options[name]; path != "" && !published.MatchString(path) {
			return port.BadOption(name, "is "+path+": write service and set, such as YY1_RATES_CDS/YY1_Rates")
		}
	}
	return nil
}

// decimal is a number as OData V2 writes it, a text, or as JSON does. It stays a text.
type decimal string

// UnmarshalJSON reads either form.
func (d *decimal) UnmarshalJSON(raw []byte) error {
	*d = decimal(strings.TrimSpace(strings.Trim(string(raw), `"`)))
	return nil
}

// rateRow is a row of I_ExchangeRateRawData (TCURR). The factors in that table have no
// meaning; a rate with a minus is quoted the other way round 间接标价.
type rateRow struct {
	Source string  `json:"SourceCurrency"`
	From   string  `json:"ValidityStartDate"`
	Rate   decimal `json:"ExchangeRate"`
}

// factorRow is a row of I_ExchangeRateFactorsRawData (TCURF): from a day on, a rate of two
// currencies is of so many units of the one in so many of the other.
type factorRow struct {
	Source      string  `json:"SourceCurrency"`
	Target      string  `json:"TargetCurrency"`
	From        string  `json:"ValidityStartDate"`
	SourceUnits decimal `json:"NumberOfSourceCurrencyUnits"`
	TargetUnits decimal `json:"NumberOfTargetCurrencyUnits"`
	Alternative string  `json:"AlternativeExchangeRateType"` // the type that SAP takes instead; "" = none
}

// factors are all those of a rate type, by source and target.
type factors map[[2]string][]factorRow

// on is what holds on a day: the last that begins on or before it, or nothing.
func (f factors) on(source, target, date string) factorRow {
	var held factorRow
	for _, row := range f[[2]string{source, target}] {
		if row.From <= date && row.From >= held.From {
			held = row
		}
	}
	return held
}

// rates reads those into the company code's currency, of one type, where the options say
// in which services they are: SAP has none of its own that lists them. No day is asked
// for, because what begins long ago may still hold.
func (p *Port) rates(ctx context.Context) ([]document.Rate, error) {
	if p.options["rates_path"] == "" {
		return nil, nil
	}
	known := factors{}
	ofType := "ExchangeRateType eq " + quoted(p.options["rate_type"])
	err := pages(ctx, p, set{path: p.options["factors_path"], filter: ofType,
		fields: "SourceCurrency,TargetCurrency,ValidityStartDate,NumberOfSourceCurrencyUnits," +
			"NumberOfTargetCurrencyUnits,AlternativeExchangeRateType",
		order: "SourceCurrency,TargetCurrency,ValidityStartDate"}, func(r factorRow) {
		r.From = day(r.From)
		pair := [2]string{r.Source, r.Target}
		known[pair] = append(known[pair], r)
	})
	if err != nil {
		return nil, err
	}
	var all []document.Rate
	err = pages(ctx, p, set{path: p.options["rates_path"],
		filter: ofType + " and TargetCurrency eq " + quoted(string(p.currency)),
		fields: "SourceCurrency,ValidityStartDate,ExchangeRate", order: "SourceCurrency,ValidityStartDate"},
		func(r rateRow) {
			if value, ours := p.valued(r, known); ours {
				all = append(all, document.Rate{Currency: money.Currency(r.Source), Base: p.currency, Date: day(r.From),
					Value: value})
			}
		})
	return port.Recent(all, port.RatesFrom(p.now())), err
}

// valued is what one unit of the source currency is in ours, "" where no factors tell it,
// see master.Clean. Not ours are the rates of a pair for which SAP takes another type.
//
//	plain       source units of theirs are rate × target units of ours
//	with minus  the factors are those of the opposite pair: source units of ours are
//	            rate × target units of theirs
func (p *Port) valued(r rateRow, known factors) (value string, ours bool) {
	base := string(p.currency)
	if rate, indirect := strings.CutPrefix(string(r.Rate), "-"); indirect {
		f := known.on(base, r.Source, day(r.From))
		return master.Cross(product(rate, string(f.TargetUnits)), string(f.SourceUnits)), f.Alternative == ""
	}
	f := known.on(r.Source, base, day(r.From))
	return master.Cross(string(f.SourceUnits), product(string(r.Rate), string(f.TargetUnits))), f.Alternative == ""
}

// product is exact, "" where either is no number.
func product(a, b string) string {
	x, ok := new(big.Rat).SetString(a)
	y, known := new(big.Rat).SetString(b)
	if !ok || !known {
		return ""
	}
	return x.Mul(x, y).RatString()
}
