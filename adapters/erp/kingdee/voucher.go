package kingdee

import (
	"context"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	formVoucher  = "GL_VOUCHER"
	referenceMax = 80
	linesMax     = 1000 // of one voucher
	rateDigits   = 10   // decimals of an exchange rate
)

// object is one JSON object of the protocol.
type object = map[string]any

// number is a reference to something by its number.
func number(text string) object { return object{"FNumber": text} }

// exact is an amount as a JSON number with all its decimals; never a float.
func exact(a money.Amount) json.Number { return json.Number(a.Text()) }

// model is a voucher as Save wants it, and its lines as they will be found.
func (p *Port) model(v voucher.Voucher) (object, []port.Line, error) {
	if len(v.Entries) > linesMax {
		return nil, nil, port.Fault(port.CodeRefused, "too many entries")
	}
	entries := make([]object, 0, len(v.Entries))
	lines := make([]port.Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		entry, line, err := p.entry(e)
		if err != nil {
			return nil, nil, err
		}
		entries, lines = append(entries, entry), append(lines, line)
	}
	head, err := p.header(v.Reference, v.Date, v.Journal)
	if err != nil {
		return nil, nil, err
	}
	head["FEntity"] = entries
	return head, lines, nil
}

// header is the head of a voucher. Its period is that of its date.
func (p *Port) header(reference, date, journal string) (object, error) {
	year, month, ok := yearAndMonth(date)
	if !ok {
		return nil, port.Fault(port.CodeRefused, "the date "+date+" is not one")
	}
	group := p.options["voucher_group"]
	if strings.HasPrefix(journal, "PRE") { // the mapping names a 凭证字 of its own
		group = journal
	}
	return object{"FVOUCHERID": 0, "FAccountBookID": number(p.options["account_book"]), "FDate": date,
		"FVOUCHERGROUPID": number(group), "FYEAR": year, "FPERIOD": month, p.options["reference_field"]: reference}, nil
}

// entry is one line. A K3Cloud account takes exactly the dimensions it was set
// up with, so what it keeps nothing of is left out.
func (p *Port) entry(e voucher.Entry) (object, port.Line, error) {
	line, base := port.LineOf(e), port.Base(e)
	if base.Currency != p.currency {
		return nil, line, port.Fault(port.CodeRefused,
			"the books are kept in "+string(p.currency)+", not "+string(base.Currency))
	}
	amount := e.Amount
	if amount.Currency == "" {
		amount = base
	}
	currency := p.currencies[string(amount.Currency)]
	if currency == "" {
		return nil, line, port.BadOption("currencies", "does not name "+string(amount.Currency))
	}
	values, err := p.dimensions.Values(e)
	if err != nil {
		return nil, line, err
	}
	entry := object{"FEXPLANATION": e.Text, "FACCOUNTID": number(e.Account), "FCURRENCYID": number(currency),
		"FEXCHANGERATETYPE": number(p.options["rate_type"]), "FEXCHANGERATE": rate(amount, base), "FAMOUNTFOR": exact(amount)}
	if e.Side == voucher.Debit {
		entry["FDEBIT"] = exact(base)
	} else {
		entry["FCREDIT"] = exact(base)
	}
	if len(values) > 0 {
		detail := object{}
		for field, code := range values {
			detail["FDETAILID__"+field] = number(code)
		}
		entry["FDetailID"] = detail
	}
	line.Party = values[p.dimensions.Field(e.Account, port.OfParty)]
	line.Dimensions = p.Capabilities().Splits(e)
	return entry, line, nil
}

// rate is how much base one unit of amount is worth, as exact as K3Cloud keeps it.
func rate(amount, base money.Amount) json.Number {
	if amount == base || amount.Minor == 0 {
		return "1"
	}
	value := new(big.Rat).Quo(units(base), units(amount))
	return json.Number(strings.TrimRight(strings.TrimRight(value.FloatString(rateDigits), "0"), "."))
}

func units(a money.Amount) *big.Rat {
	value, _ := new(big.Rat).SetString(a.Text())
	return value
}

// save writes a new voucher. An answer of success without an id is not believed.
func (p *Port) save(ctx context.Context, model object) (id, number string, err error) {
	data := object{"NeedUpDateFields": []any{}, "IsDeleteEntry": "true", "ValidateFlag": "true", "NumberSearch": "true",
		"InterationFlags": "", "Model": model}
	got, err := p.operation(ctx, "Save", object{"formid": formVoucher, "data": data})
	if err != nil {
		return "", "", err
	}
	raw, number := got.Result.ID, got.Result.Number
	if entities := got.Result.ResponseStatus.SuccessEntitys; len(entities) == 1 {
		raw, number = entities[0].ID, entities[0].Number
	}
	if id = strings.Trim(string(raw), `"`); !isID(id) {
		return "", "", port.Fault(port.CodeUnknown, "saved, but without an id")
	}
	return id, number, nil
}

// operate submits, audits, calls back or deletes one voucher.
func (p *Port) operate(ctx context.Context, operation, id string) error {
	if !isID(id) {
		return port.Fault(port.CodeRefused, "not a voucher: "+id)
	}
	_, err := p.operation(ctx, operation, object{"formid": formVoucher, "data": object{"Numbers": []any{}, "Ids": id}})
	return err
}

// operation asks for something that writes and reads its ResponseStatus.
func (p *Port) operation(ctx context.Context, operation string, body object) (result, error) {
	var got result
	answer, err := p.client.call(ctx, operation, true, body)
	if err != nil {
		return got, err
	}
	if json.Unmarshal(answer, &got) != nil || got.Result.ResponseStatus == nil {
		return got, port.Fault(port.CodeUnknown, operation+" answered without a ResponseStatus")
	}
	if status := got.Result.ResponseStatus; !bool(status.IsSuccess) {
		return got, port.Sort(words, p.client.hide(status.said()))
	}
	return got, nil
}

func isID(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n > 0
}

func yearAndMonth(date string) (year, month int, ok bool) {
	if len(date) != len("2006-01-02") {
		return 0, 0, false
	}
	year, err := strconv.Atoi(date[:4])
	month, other := strconv.Atoi(date[5:7])
	return year, month, err == nil && other == nil
}
