package u8

import (
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	linesMax    = 1000 // of one voucher
	abstractMax = 120  // characters of a 摘要
)

// object is one JSON object of the protocol.
type object = map[string]any

// body is a voucher as voucher/add wants it: debit and credit entries apart.
func (p *Port) body(v voucher.Voucher) (object, error) {
	if len(v.Entries) > linesMax || len(v.Date) != len("2006-01-02") {
		return nil, port.Fault(port.CodeRefused, "too many entries, or a date that is none")
	}
	var debits, credits []object
	for i, e := range v.Entries {
		entry, err := p.entry(e)
		if err != nil {
			return nil, err
		}
		entry["entry_id"] = strconv.Itoa(i + 1)
		if i == 0 {
			entry["abstract"] = marked(entry["abstract"].(string), v.Reference) //nolint:forcetypeassert // entry made it
		}
		if e.Side == voucher.Debit {
			debits = append(debits, entry)
		} else {
			credits = append(credits, entry)
		}
	}
	month, _ := strconv.Atoi(v.Date[5:7])
	return object{"voucher": object{"voucher_type": p.options["voucher_type"], "fiscal_year": v.Date[:4],
		"accounting_period": strconv.Itoa(month), "voucher_id": "0", "date": v.Date, "enter": p.options["maker"],
		"attachment_number": "0", "voucher_making_system": "CDM", "reserve2": voucher.Short(v.Reference),
		"debit": object{"entry": debits}, "credit": object{"entry": credits}}}, nil
}

// entry is one line in the currency of the books. «natural» is the home currency,
// «primary» the transaction's: how U8 wants a foreign one is in no document, so
// the text tells it.
func (p *Port) entry(e voucher.Entry) (object, error) {
	base := port.Base(e)
	if base.Currency != p.currency {
		return nil, port.Fault(port.CodeRefused, "the books are kept in "+string(p.currency)+", not "+string(base.Currency))
	}
	values, err := p.dimensions.Values(e)
	if err != nil {
		return nil, err
	}
	side, text := "debit", e.Text
	if e.Side == voucher.Credit {
		side = "credit"
	}
	if e.Amount.Currency != "" && e.Amount.Currency != base.Currency {
		text = strings.TrimSpace(text + " " + string(e.Amount.Currency) + " " + e.Amount.Text())
	}
	entry := object{"account_code": e.Account, "abstract": cut(text), "currency": p.options["currency_name"],
		"natural_" + side + "_currency": base.Text(), "primary_" + side + "_amount": base.Text()}
	if len(values) > 0 {
		entry["auxiliary"] = values
	}
	return entry, nil
}

func cut(text string) string {
	if r := []rune(text); len(r) > abstractMax {
		return string(r[:abstractMax])
	}
	return text
}

// row is one entry as voucherdetails tells it.
type row struct {
	Date     string `json:"date"`
	Number   text   `json:"ino_id"`
	Digest   string `json:"digest"`
	Account  text   `json:"code"`
	Debit    text   `json:"md"`
	Credit   text   `json:"mc"`
	Person   text   `json:"cperson_id"`
	Supplier text   `json:"csup_id"`
	Customer text   `json:"ccus_id"`
	Dept     text   `json:"cdept_id"`
	Item     text   `json:"citem_id"`
}

// value is what the row holds in a dimension, by the name it is sent under.
func (r row) value(field string) string {
	return map[string]text{"cperson_id": r.Person, "csup_id": r.Supplier, "ccus_id": r.Customer,
		"cdept_id": r.Dept, "citem_id": r.Item}[columns[field]].String()
}

// voucher is the one that the row belongs to: a number is unique within its month.
func (r row) voucher() string {
	day := r.day()
	return day[:min(len(day), len("2006-01"))] + "/" + r.Number.String()
}

func (r row) day() string { return r.Date[:min(len(r.Date), len("2006-01-02"))] }

// found puts rows together to vouchers.
func (p *Port) found(reference string, rows []row) ([]port.Found, error) {
	var found []port.Found
	at := map[string]int{}
	for _, r := range rows {
		id := r.voucher()
		if _, seen := at[id]; !seen {
			at[id] = len(found)
			found = append(found, port.Found{Reference: reference, ID: id, Number: r.Number.String(), State: port.Posted,
				Date: r.day()})
		}
		line, err := p.line(r)
		if err != nil {
			return nil, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", id))
		}
		found[at[id]].Lines = append(found[at[id]].Lines, line)
	}
	for i := range found {
		found[i].Totals = port.Sum(found[i].Lines)
	}
	return found, nil
}

func (p *Port) line(r row) (port.Line, error) {
	line := port.Line{Account: r.Account.String()}
	if field := p.dimensions.Field(line.Account, port.OfParty); field != "" {
		line.Party = r.value(field)
	}
	line.Dimensions = voucher.SplitsOf(p.dimensions.Read(line.Account, r.value))
	var err error
	if line.Debit, err = amountOf(r.Debit, p.currency); err == nil {
		line.Credit, err = amountOf(r.Credit, p.currency)
	}
	return line, err
}

func amountOf(t text, c money.Currency) (money.Amount, error) {
	if t == "" {
		return money.Zero(c), nil
	}
	return port.ParseAmount(t.String(), c)
}

// swapped is an entry of the opposite voucher.
func (p *Port) swapped(r row) (voucher.Entry, error) {
	line, err := p.line(r)
	if err != nil {
		return voucher.Entry{}, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", r.Number.String()))
	}
	e := voucher.Entry{Side: voucher.Credit, Account: line.Account, Party: line.Party, Amount: line.Debit,
		Base: line.Debit}
	if line.Debit.IsZero() {
		e.Side, e.Amount, e.Base = voucher.Debit, line.Credit, line.Credit
	}
	return port.Refill(e, p.dimensions.Read(line.Account, r.value)), nil
}

// text is a JSON string or number, kept as text; null is "".
type text string

// UnmarshalJSON reads either form.
func (t *text) UnmarshalJSON(raw []byte) error {
	if *t = text(strings.Trim(string(raw), `"`)); *t == "null" {
		*t = ""
	}
	return nil
}

// String is the text itself.
func (t text) String() string { return string(t) }
