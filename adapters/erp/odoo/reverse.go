package odoo

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// fullLine is all of a line that its opposite needs.
type fullLine struct {
	line
	Name     text        `json:"name"`
	Currency link        `json:"currency_id"`
	Foreign  json.Number `json:"amount_currency"`
}

// Reverse books the opposite of a posted entry and posts it; Odoo shows the two
// as reversals of each other. It is created like any other entry, so that it
// carries our reference from the first moment on: Odoo's own reversal wizard
// writes a ref of its own words. Open items are left for Odoo to match. 红冲
//
// Errors: after Unknown, call it again: it finds what was left.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	switch len(before) {
	case 0:
		draft, err := p.opposite(ctx, at, f, reference, date)
		if err != nil {
			return port.Found{}, err
		}
		return p.Post(ctx, draft)
	case 1:
		return p.Post(ctx, before[0])
	}
	return port.Found{}, port.Fault(port.CodeAmbiguous, "", fault.Arg("reference", reference),
		fault.Arg("count", strconv.Itoa(len(before))))
}

// opposite creates the draft that undoes a posted entry.
func (p *Port) opposite(ctx context.Context, at company, f port.Found, reference, date string) (port.Found, error) {
	now, err := p.read(ctx, at, f.ID)
	if err != nil {
		return port.Found{}, err
	}
	if now.State != port.Posted {
		return port.Found{}, port.Fault(port.CodeRefused, "only a posted entry can be reversed")
	}
	if err := p.mayBook(ctx, at, date); err != nil {
		return port.Found{}, err
	}
	id, _ := strconv.ParseInt(f.ID, 10, 64)
	names := []string{"move_id", "account_id", "partner_id", "debit", "credit", "name", "currency_id", "amount_currency"}
	if at.fields.analytic != "" {
		names = append(names, at.fields.analytic)
	}
	var lines []fullLine
	err = p.search(ctx, at.context(), query{model: "account.move.line", domain: []any{[]any{"move_id", "=", id}},
		limit: linesMax, fields: names}, &lines)
	if err != nil {
		return port.Found{}, err
	}
	var head []struct {
		Journal link `json:"journal_id"`
	}
	err = p.search(ctx, at.context(), query{model: "account.move", domain: []any{[]any{"id", "=", id}}, limit: 1,
		fields: []string{"journal_id"}}, &head)
	if err != nil {
		return port.Found{}, err
	}
	if len(head) == 0 {
		return port.Found{}, port.Fault(port.CodeRefused, "entry "+f.ID+" is gone")
	}
	records := make([]any, 0, len(lines))
	for _, l := range lines {
		record, err := l.swapped(at)
		if err != nil {
			return port.Found{}, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
		}
		records = append(records, []any{0, 0, record})
	}
	created, err := p.insert(ctx, at, object{"move_type": "entry", "ref": reference, "date": date,
		"journal_id": head[0].Journal.id, "reversed_entry_id": id, "line_ids": records})
	return port.Found{ID: created, Reference: reference, State: port.Draft, Date: date}, err
}

// swapped is the line with its sides exchanged.
func (l fullLine) swapped(at company) (object, error) {
	read, err := l.read(at.currency)
	if err != nil {
		return nil, err
	}
	record := object{"account_id": l.Account.id, "name": string(l.Name),
		"debit": number(read.Credit), "credit": number(read.Debit)}
	if l.Partner.id != 0 {
		record["partner_id"] = l.Partner.id
	}
	if currency := l.Currency; currency.id != 0 && currency.name != string(at.currency) {
		record["currency_id"] = currency.id
		record["amount_currency"] = negated(l.Foreign)
	}
	if len(l.Analytic) > 0 && l.Analytic[0] == '{' {
		record[at.fields.analytic] = l.Analytic
	}
	return record, nil
}

// negated turns the sign of a number without reading it as a float.
func negated(n json.Number) json.Number {
	switch text := n.String(); {
	case text == "":
		return "0"
	case text[0] == '-':
		return json.Number(text[1:])
	default:
		return json.Number("-" + text)
	}
}
