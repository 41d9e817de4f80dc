package doctype

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

func (v *validation) lines() {
	n, most := len(v.c.Lines), v.t.Limits.MaxLines
	if n == 0 {
		if !v.t.LinesOptional {
			v.add("document.no_lines", "lines")
		}
		return
	}
	if n > most {
		v.add("document.too_many_lines", "lines", fault.Arg("count", strconv.Itoa(n)), fault.Arg("max", strconv.Itoa(most)))
		return
	}
	amounts := make([]money.Amount, 0, n)
	for i, l := range v.c.Lines {
		v.line("lines["+strconv.Itoa(i)+"]", l)
		amounts = append(amounts, l.Amount)
	}
	v.sum(amounts)
}

func (v *validation) sum(amounts []money.Amount) {
	total, err := money.Sum(v.c.Currency, amounts...)
	if err != nil {
		if fault.CodeOf(err) == "money.too_large" {
			v.add("money.too_large", "lines", fault.Arg("currency", string(v.c.Currency)))
		}
		return // lines of another currency were reported one by one
	}
	if v.t.Limits.MaxAmount == "" {
		return
	}
	most, err := money.Parse(v.t.Limits.MaxAmount, v.c.Currency)
	if err == nil && total.Minor > most.Minor {
		v.add("document.too_much", "lines", fault.Arg("max", most.Text()), fault.Arg("currency", string(v.c.Currency)))
	}
}

func (v *validation) line(path string, l document.Line) {
	category, known := v.t.Category(l.Category)
	if !known {
		v.add("line.unknown_category", path+".category", fault.Arg("category", shown(l.Category)),
			fault.Arg("allowed", strings.Join(v.t.categoryNames(), ", ")))
	}
	v.text(path+".description", l.Description, TextMax)
	v.text(path+".cost_center", l.CostCenter, CodeMax)
	v.text(path+".invoice", l.Invoice, CodeMax)
	v.files(path+".attachments", l.Attachments)
	v.lineDate(path+".date", l.Date)
	if known && category.NeedsInvoice && strings.TrimSpace(l.Invoice) == "" {
		v.add("line.needs_invoice", path+".invoice", fault.Arg("category", l.Category))
	}
	if known {
		v.place(path, l, category)
	}
	if v.amount(path, l) && known {
		v.taxRate(path+".tax", l, category)
	}
}

func (v *validation) lineDate(path, date string) {
	switch {
	case date == "" && v.t.LineDates:
		v.add("line.missing_date", path)
	case date == "":
	case !isDate(date):
		v.add("line.bad_date", path, fault.Arg("value", shown(date)))
	case date > v.today:
		v.add("line.future_date", path, fault.Arg("value", date), fault.Arg("today", v.today))
	}
}

// amount holds that a line's money is of the document's currency, positive, and
// more than the tax inside it.
func (v *validation) amount(path string, l document.Line) bool {
	ok := v.lineCurrency(path+".amount", l.Amount)
	if l.Tax.Currency != "" || l.Tax.Minor != 0 { // no tax at all may be left out
		ok = v.lineCurrency(path+".tax", l.Tax) && ok
	}
	if !ok {
		return false
	}
	switch {
	case l.Amount.Minor <= 0:
		v.add("line.not_positive", path+".amount")
	case l.Tax.Minor < 0:
		v.add("line.negative_tax", path+".tax")
	case l.Tax.Minor >= l.Amount.Minor:
		v.add("line.tax_too_high", path+".tax", fault.Arg("tax", l.Tax.Text()), fault.Arg("max", l.Amount.Text()))
	default:
		return true
	}
	return false
}

func (v *validation) lineCurrency(path string, a money.Amount) bool {
	if a.Currency == v.c.Currency {
		return true
	}
	v.add("line.wrong_currency", path,
		fault.Arg("currency", shown(string(a.Currency))), fault.Arg("want", shown(string(v.c.Currency))))
	return false
}

// taxRate holds that the tax is what one of the category's rates gives, within
// one minor unit for the rounding of the invoice's own lines.
func (v *validation) taxRate(path string, l document.Line, c Category) {
	if l.Tax.Minor == 0 || len(c.TaxRates) == 0 {
		return
	}
	if slices.ContainsFunc(c.TaxRates, func(rate string) bool { return taxFits(l.Amount.Minor, l.Tax.Minor, rate) }) {
		return
	}
	v.add("line.bad_tax_rate", path, fault.Arg("allowed", strings.Join(c.TaxRates, ", ")))
}

// taxFits compares gross × rate / (100 + rate) with the tax, exactly.
func taxFits(gross, tax int64, rate string) bool {
	r, ok := new(big.Rat).SetString(rate)
	if !ok {
		return false
	}
	inside := new(big.Rat).Mul(new(big.Rat).SetInt64(gross), r)
	inside.Quo(inside, new(big.Rat).Add(r, big.NewRat(100, 1)))
	off := new(big.Rat).Sub(inside, new(big.Rat).SetInt64(tax))
	return off.Abs(off).Cmp(big.NewRat(1, 1)) <= 0
}
