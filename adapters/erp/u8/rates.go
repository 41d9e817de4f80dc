package u8

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// How an amount is converted 折算方式. It belongs to the currency, and the interface tells
// it by values that nobody documents: so the operator says it.
const (
	multiplied = "multiply" // 外币×汇率=本位币
	divided    = "divide"   // 外币÷汇率=本位币
)

// booked is the rate that a month is booked by 记账汇率; 3 is the one that it is adjusted by
// (调整汇率), and 1 a floating one (浮动汇率), whose day the interface does not tell.
const booked = "2"

// rateRow is one rate 汇率. Numbers keep their text: a float would change them.
type rateRow struct {
	Year     text `json:"iyear"`
	Month    text `json:"imonth"`
	Period   text `json:"iperiod"`
	Currency text `json:"cexch_name"`
	Type     text `json:"itype"`
	Rate     text `json:"rate"`
}

// first is the first day of the row's month, "" where it names none.
func (r rateRow) first() string {
	year, _ := strconv.Atoi(r.Year.String())
	month, _ := strconv.Atoi(r.Month.String())
	if month == 0 {
		month, _ = strconv.Atoi(r.Period.String())
	}
	day, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%02d-01", year, month))
	if err != nil || year == 0 {
		return ""
	}
	return day.Format(time.DateOnly)
}

// rates reads the rates that months are booked by, of the currencies that the options name.
func (p *Port) rates(ctx context.Context) ([]document.Rate, error) {
	if len(p.foreign) == 0 {
		return nil, nil
	}
	rows, err := base[rateRow](ctx, p, "exchangerate")
	if err != nil {
		return nil, err
	}
	var all []document.Rate
	for _, r := range rows {
		code, first := p.foreign[r.Currency.String()], r.first()
		if code == "" || first == "" || r.Type.String() != booked {
			continue
		}
		value := master.Cross("1", r.Rate.String())
		if p.options["rate_method"] == divided {
			value = master.Cross(r.Rate.String(), "1")
		}
		all = append(all, document.Rate{Currency: money.Currency(code), Base: p.currency, Date: first, Value: value})
	}
	return port.Recent(all, port.RatesFrom(time.Now())), nil
}
