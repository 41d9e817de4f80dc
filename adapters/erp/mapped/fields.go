package mapped

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// Values are what a template may ask for, by name; lists hold one set an item.
type Values struct {
	Fields map[string]any
	Lists  map[string][]Values
}

// Of offers a voucher to the templates.
func Of(v voucher.Voucher, reference string) Values {
	entries := make([]Values, 0, len(v.Entries))
	for i, e := range v.Entries {
		entries = append(entries, entryFields(i+1, e))
	}
	base := ""
	if len(v.Entries) > 0 {
		base = string(port.Base(v.Entries[0]).Currency)
	}
	return Values{Lists: map[string][]Values{"entries": entries}, Fields: map[string]any{
		"reference": reference, "short": v.Short, "document": v.Document, "number": v.Number, "kind": string(v.Kind),
		"revision": v.Revision, "entity": v.Entity, "journal": v.Journal, "date": v.Date, "text": v.Text,
		"base_currency": base, "year": part(v.Date, 0, 4), "month": part(v.Date, 5, 7)}}
}

// entryFields offers one entry. Amounts are decimal text; those ending in
// _number are JSON numbers, for ERPs that want them.
func entryFields(no int, e voucher.Entry) Values {
	base := port.Base(e)
	fields := map[string]any{"no": no, "account": e.Account, "side": string(e.Side), "text": e.Text, "party": e.Party,
		"cost_center": e.CostCenter, "tax": e.Tax, "base": base.Text(), "base_number": json.Number(base.Text()),
		"base_currency": string(base.Currency), "amount": e.Amount.Text(), "amount_number": json.Number(e.Amount.Text()),
		"currency": string(e.Amount.Currency), "foreign_currency": "", "foreign_amount": "",
		"debit": "", "credit": "", "debit_number": json.Number("0"), "credit_number": json.Number("0")}
	fields["dimensions"] = nil
	if len(e.Dimensions) > 0 {
		fields["dimensions"] = e.Dimensions
	}
	fields[string(e.Side)], fields[string(e.Side)+"_number"] = base.Text(), json.Number(base.Text())
	if e.Amount.Currency != base.Currency {
		fields["foreign_currency"], fields["foreign_amount"] = string(e.Amount.Currency), e.Amount.Text()
	}
	return Values{Fields: fields}
}

// Sample has every field that a call may ask for, to check its template with.
func Sample(call string) Values {
	switch {
	case call == CallFind:
		return Values{Fields: map[string]any{"reference": ""}}
	case call == CallList:
		return window(port.Listing{}, "")
	case strings.HasPrefix(call, OfMaster):
		return Values{}
	case call == CallCreate, call == CallReverse:
		v := Of(voucher.Voucher{Entries: []voucher.Entry{{Side: voucher.Debit}}}, "")
		if call == CallReverse {
			v.Fields["id"] = ""
		}
		return v
	}
	return key("")
}

// key is what a call on a voucher that is there may ask for.
func key(id string) Values { return Values{Fields: map[string]any{"id": id}} }

// window is what a list may ask for.
func window(asked port.Listing, limit string) Values {
	return Values{Fields: map[string]any{"from": asked.From, "until": asked.Until, "prefix": port.ReferencePrefix,
		"cursor": asked.Cursor, "limit": limit}}
}

func part(text string, from, to int) string {
	if len(text) < to {
		return ""
	}
	return text[from:to]
}

// Substitute resolves one string. What does not begin with "$." is itself.
func (v Values) Substitute(text string) (any, error) {
	name, ok := strings.CutPrefix(text, "$.")
	if !ok {
		return text, nil
	}
	value, ok := v.Fields[name]
	if one, dimension := strings.CutPrefix(name, "dimension."); !ok && dimension && one != "" {
		if _, ok = v.Fields["dimensions"]; ok { // of an entry
			all, _ := v.Fields["dimensions"].(map[string]string)
			return all[one], nil
		}
	}
	if !ok {
		return nil, fmt.Errorf("no field is called %s", name)
	}
	return value, nil
}
