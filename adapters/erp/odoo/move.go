package odoo

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	linesMax       = 1000   // of one voucher
	defaultJournal = "MISC" // where a voucher names none: Odoo's own for miscellaneous operations
	wholly         = 100    // percent of a line that go to its analytic account
)

// moveValues makes the record of a voucher, and its lines as they will be found.
func (p *Port) moveValues(ctx context.Context, at company, v voucher.Voucher) (object, []port.Line, error) {
	if _, err := time.Parse(time.DateOnly, v.Date); err != nil {
		return nil, nil, port.Fault(port.CodeRefused, err.Error())
	}
	if len(v.Entries) > linesMax {
		return nil, nil, port.Fault(port.CodeRefused, "too many entries")
	}
	journal := v.Journal
	if journal == "" {
		journal = defaultJournal
	}
	journalID, err := p.journal(ctx, at, journal)
	if err != nil {
		return nil, nil, err
	}
	records, lines := make([]any, 0, len(v.Entries)), make([]port.Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		record, l, err := p.lineValues(ctx, at, e)
		if err != nil {
			return nil, nil, err
		}
		records, lines = append(records, []any{0, 0, record}), append(lines, l)
	}
	if err := p.mayBook(ctx, at, v.Date); err != nil {
		return nil, nil, err
	}
	return object{"move_type": "entry", "ref": v.Reference, "date": v.Date, "journal_id": journalID,
		"line_ids": records}, lines, nil
}

// lineValues makes the record of one entry.
func (p *Port) lineValues(ctx context.Context, at company, e voucher.Entry) (object, port.Line, error) {
	l := port.LineOf(e)
	base := port.Base(e)
	if base.Currency != at.currency {
		return nil, l, port.Fault(port.CodeRefused,
			"the books are kept in "+string(at.currency)+", not "+string(base.Currency))
	}
	if base.Minor > port.FloatMax || e.Amount.Minor > port.FloatMax {
		return nil, l, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "long_amount"))
	}
	account, err := p.account(ctx, at, e.Account)
	if err != nil {
		return nil, l, err
	}
	record := object{"account_id": account.id, "debit": number(l.Debit), "credit": number(l.Credit), "name": e.Text}
	if e.Party == "" && account.wantParty {
		return nil, l, port.Fault(port.CodeUnknownParty, "account "+e.Account+" wants a party")
	}
	if e.Party != "" {
		if record["partner_id"], err = p.party(ctx, at, e.Party); err != nil {
			return nil, l, err
		}
	}
	if e.Amount.Currency != at.currency && e.Amount.Currency != "" {
		second := e.Amount // its sign follows debit minus credit
		if e.Side == voucher.Credit {
			second.Minor = -second.Minor
		}
		if record["currency_id"], err = p.currency(ctx, at, e.Amount.Currency); err != nil {
			return nil, l, err
		}
		record["amount_currency"] = number(second)
	}
	if err := p.costCenter(ctx, at, e, record); err != nil {
		return nil, l, err
	}
	l.Dimensions = p.Capabilities().Splits(e)
	return record, l, p.spread(ctx, at, e, record)
}

// costCenter puts the cost center where Odoo keeps it, or else where it is read.
func (p *Port) costCenter(ctx context.Context, at company, e voucher.Entry, record object) error {
	if e.CostCenter == "" {
		return nil
	}
	if at.fields.analytic != "" {
		id, err := p.analytic(ctx, at, e.CostCenter)
		if err != nil {
			return err
		}
		if id != 0 {
			record[at.fields.analytic] = object{strconv.FormatInt(id, 10): wholly}
			return nil
		}
	}
	record["name"] = strings.TrimSpace(e.Text + " [" + e.CostCenter + "]")
	return nil
}

// mayBook refuses a date on which the books are locked. It is asked every time:
// Odoo itself would quietly book on another day.
func (p *Port) mayBook(ctx context.Context, at company, date string) error {
	locked, err := p.lockedUntil(ctx, at)
	if err != nil {
		return err
	}
	if date <= locked {
		return port.Fault(port.CodeClosedPeriod, "the books are locked up to "+locked, fault.Arg("date", date))
	}
	return nil
}

// lockedUntil is the last day of the company's lock dates, "" for none.
func (p *Port) lockedUntil(ctx context.Context, at company) (string, error) {
	if len(at.fields.locks) == 0 {
		return "", nil
	}
	var rows []map[string]any
	err := p.search(ctx, at.context(), query{model: "res.company", domain: []any{[]any{"id", "=", at.id}}, limit: 1,
		fields: at.fields.locks}, &rows)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	locked := ""
	for _, name := range at.fields.locks {
		if day, ok := rows[0][name].(string); ok {
			locked = max(locked, day)
		}
	}
	return locked, nil
}

// move is a journal entry as it is read.
type move struct {
	ID    int64 `json:"id"`
	Name  text  `json:"name"`
	Ref   text  `json:"ref"`
	State text  `json:"state"`
	Date  text  `json:"date"`
}

// line is one line of a journal entry as it is read.
type line struct {
	Move    link        `json:"move_id"`
	Account link        `json:"account_id"`
	Partner link        `json:"partner_id"`
	Debit   json.Number `json:"debit"`
	Credit  json.Number `json:"credit"`

	Analytic json.RawMessage `json:"analytic_distribution"`
}

// moves reads entries of our company with their lines.
func (p *Port) moves(ctx context.Context, at company, domain []any, limit int) ([]port.Found, error) {
	var heads []move
	domain = append(domain, []any{"company_id", "=", at.id}, []any{"move_type", "=", "entry"})
	err := p.search(ctx, at.context(), query{model: "account.move", domain: domain, limit: limit,
		fields: []string{"name", "ref", "state", "date"}}, &heads)
	if err != nil || len(heads) == 0 {
		return nil, err
	}
	ids := make([]int64, 0, len(heads))
	for _, m := range heads {
		ids = append(ids, m.ID)
	}
	var lines []line
	fields := []string{"move_id", "account_id", "partner_id", "debit", "credit"}
	if at.fields.analytic != "" && len(p.plans) > 0 {
		fields = append(fields, at.fields.analytic)
	}
	err = p.search(ctx, at.context(), query{model: "account.move.line", domain: []any{[]any{"move_id", "in", ids}},
		limit: linesMax * limit, fields: fields}, &lines)
	if err != nil {
		return nil, err
	}
	return p.together(ctx, at, heads, lines)
}

// together puts heads and lines into the port's terms.
func (p *Port) together(ctx context.Context, at company, heads []move, lines []line) ([]port.Found, error) {
	var accounts, partners []int64
	for _, l := range lines {
		accounts, partners = append(accounts, l.Account.id), append(partners, l.Partner.id)
	}
	accountCodes, err := p.codes(ctx, at, "account.account", "code", accounts)
	if err != nil {
		return nil, err
	}
	partyCodes, err := p.codes(ctx, at, "res.partner", "ref", partners)
	if err != nil {
		return nil, err
	}
	analytics, err := p.analytics(ctx, at, lines)
	if err != nil {
		return nil, err
	}
	found := make([]port.Found, 0, len(heads))
	for _, m := range heads {
		f := port.Found{Reference: string(m.Ref), ID: strconv.FormatInt(m.ID, 10),
			State: stateOf(m.State), Date: string(m.Date)}
		if f.State == port.Posted {
			f.Number = string(m.Name) // a draft is called "/", or by the number it would get
		}
		for _, l := range lines {
			if l.Move.id != m.ID {
				continue
			}
			read, err := l.read(at.currency)
			if err != nil {
				return nil, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
			}
			read.Account, read.Party = accountCodes[l.Account.id], partyCodes[l.Partner.id]
			read.Dimensions = p.splits(l, analytics)
			f.Lines = append(f.Lines, read)
		}
		f.Totals = port.Sum(f.Lines)
		found = append(found, f)
	}
	return found, nil
}

// read reads the amounts of a line.
func (l line) read(c money.Currency) (port.Line, error) {
	debit, err := port.RoundAmount(l.Debit.String(), c)
	if err != nil {
		return port.Line{}, err
	}
	credit, err := port.RoundAmount(l.Credit.String(), c)
	return port.Line{Debit: debit, Credit: credit}, err
}

func stateOf(state text) port.State {
	switch state {
	case "posted":
		return port.Posted
	case "cancel":
		return port.Cancelled
	}
	return port.Draft
}

// codes reads the codes of records by their ids, 0 among them being nobody.
func (p *Port) codes(ctx context.Context, at company, model, field string, ids []int64) (map[int64]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(slices.DeleteFunc(ids, func(id int64) bool { return id == 0 }))
	codes, unknown := p.cache.known(model, ids)
	if len(unknown) == 0 {
		return codes, nil
	}
	var rows []row
	err := p.search(ctx, at.all(), query{model: model, domain: []any{[]any{"id", "in", unknown}}, limit: len(unknown),
		fields: []string{field}}, &rows)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		codes[r.ID] = string(r.Code + r.Ref) // only one of the two was asked for
		p.cache.keepCode(model, codes[r.ID], r.ID)
	}
	return codes, nil
}
