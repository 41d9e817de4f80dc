package kingdee

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// Reverse saves the voucher once more with negative amounts (红字), under a
// reference of its own, and posts it. It looks for that reference first.
//
// Errors: after Unknown, call it again: it finds what was saved.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	red, there, err := port.Only(reference, before)
	if err != nil {
		return port.Found{}, err
	}
	if there && (red.State == port.Posted || red.Date == date) {
		return p.Post(ctx, red)
	}
	if there { // a draft that was meant for another day
		if err := p.Discard(ctx, red); err != nil {
			return port.Found{}, err
		}
	}
	black, err := p.byID(ctx, f.ID)
	if err != nil {
		return port.Found{}, err
	}
	if p.state(black.status) != port.Posted {
		return port.Found{}, port.Fault(port.CodeRefused, "only a posted voucher can be reversed")
	}
	model, err := p.header(reference, date, "")
	if err != nil {
		return port.Found{}, err
	}
	model["FEntity"] = p.reds(black)
	id, _, err := p.save(ctx, model)
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, port.Found{ID: id, Reference: reference})
}

// reds are the entries of a voucher with the signs turned, everything else kept.
func (p *Port) reds(black head) []object {
	entries := make([]object, 0, len(black.rows))
	for _, r := range black.rows {
		entry := object{"FEXPLANATION": cut("冲销 "+black.number+" "+r.text, explanationMax), "FACCOUNTID": number(r.account),
			"FCURRENCYID": number(r.currency), "FEXCHANGERATETYPE": number(p.options["rate_type"]),
			"FEXCHANGERATE": json.Number(r.rate), "FAMOUNTFOR": turned(r.amount)}
		if !isZero(r.debit) {
			entry["FDEBIT"] = turned(r.debit)
		}
		if !isZero(r.credit) {
			entry["FCREDIT"] = turned(r.credit)
		}
		if len(r.dimensions) > 0 {
			detail := object{}
			for field, code := range r.dimensions {
				detail["FDETAILID__"+field] = number(code)
			}
			entry["FDetailID"] = detail
		}
		entries = append(entries, entry)
	}
	return entries
}

// explanationMax is how long an explanation 摘要 may be, in characters.
const explanationMax = 200

// turned is the number with its sign turned, digit for digit.
func turned(text string) json.Number {
	if positive, negative := strings.CutPrefix(text, "-"); negative {
		return json.Number(positive)
	}
	return json.Number("-" + text)
}

func isZero(text string) bool { return strings.Trim(text, "-0.") == "" }

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}
