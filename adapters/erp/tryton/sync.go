package tryton

import (
	"context"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

const (
	pageSize = 500
	pagesMax = 200 // of one model: a hundred thousand rows

	// syncOverlap is how far AsOf lies back, for transactions that were open
	// while we read and for clocks that differ. Rows may come twice.
	syncOverlap = 5 * time.Minute
)

// masterRow is what Sync reads, of any model.
type masterRow struct {
	ID            json.Number `json:"id"`
	Code          string      `json:"code"`
	Name          string      `json:"name"`
	Active        *bool       `json:"active"`
	PartyRequired bool        `json:"party_required"`
	Closed        bool        `json:"closed"`
	StartDate     jsonDate    `json:"start_date"`
	EndDate       jsonDate    `json:"end_date"`
	State         string      `json:"state"`
	Digits        int         `json:"digits"`

	Party    *jsonNamed   `json:"party."`
	Currency *jsonCode    `json:"currency."`
	Date     jsonDate     `json:"date"`
	Rate     *jsonDecimal `json:"rate"`
}

func (r masterRow) active() bool { return r.Active == nil || *r.Active }

// employed says whether a day lies between the first and the last of an employee.
func (r masterRow) employed(now time.Time) bool {
	today := now.UTC().Format(time.DateOnly)
	return (r.StartDate.Year == 0 || r.StartDate.text() <= today) && (r.EndDate.Year == 0 || today <= r.EndDate.text())
}

// Sync reads accounts, parties, employees, periods, currencies and rates. What was deleted in
// Tryton is invisible to a delta: read everything once a night.
func (p *Port) Sync(ctx context.Context, since time.Time) (port.Master, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Master{}, err
	}
	m := port.Master{Complete: since.IsZero(), AsOf: time.Now().Add(-syncOverlap)}
	for _, table := range tables(at, &m) {
		if err := p.pages(ctx, table, since); err != nil {
			return port.Master{}, err
		}
	}
	m.Rates, err = p.rates(ctx, at, since)
	return m, err
}

// table is one model to read, and where its rows go.
type table struct {
	model  string
	domain []any
	fields []string
	each   func(masterRow)
}

// tables lists what is read into m.
func tables(at company, m *port.Master) []table {
	ours := []any{"company", "=", at.id}
	return []table{
		{"account.account", []any{ours}, []string{"code", "name", "party_required", "closed"}, func(r masterRow) {
			if r.Code != "" { // without a code it is a heading of the chart
				m.Accounts = append(m.Accounts, port.Account{ID: r.ID.String(), Code: r.Code, Name: r.Name,
					PartyRequired: r.PartyRequired, Active: !r.Closed})
			}
		}},
		{"party.party", nil, []string{"code", "name", "active"}, func(r masterRow) {
			m.Parties = append(m.Parties, port.Party{ID: r.ID.String(), Code: r.Code, Name: r.Name, Active: r.active()})
		}},
		{"company.employee", []any{ours}, []string{"party.code", "party.name", "start_date", "end_date"}, func(r masterRow) {
			if r.Party != nil {
				m.Employees = append(m.Employees, port.Entry{ID: r.ID.String(), Code: r.Party.Code, Name: r.Party.Name,
					Active: r.employed(time.Now())})
			}
		}},
		{"account.period", []any{ours, []any{"type", "=", "standard"}},
			[]string{"name", "start_date", "end_date", "state"}, func(r masterRow) {
				m.Periods = append(m.Periods, port.Period{ID: r.ID.String(), Name: r.Name,
					From: r.StartDate.text(), To: r.EndDate.text(), Open: r.State == "open"})
			}},
		{"currency.currency", nil, []string{"code", "digits"}, func(r masterRow) {
			m.Currencies = append(m.Currencies, port.Currency{ID: r.ID.String(), Code: r.Code, Digits: r.Digits})
		}},
	}
}

// pages reads all rows of a table that changed, a page at a time, ordered by id.
func (p *Port) pages(ctx context.Context, t table, since time.Time) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	search := append([]any{}, t.domain...)
	if !since.IsZero() {
		search = append(search, []any{"OR", []any{"write_date", ">", instant(since)},
			[]any{[]any{"write_date", "=", nil}, []any{"create_date", ">", instant(since)}}})
	}
	for page := range pagesMax {
		var rows []masterRow
		err := p.client.call(ctx, false, &rows, "model."+t.model+".search_read", search, page*pageSize, pageSize,
			[]any{[]any{"id", "ASC"}}, t.fields, at.context())
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.each(r)
		}
		if len(rows) < pageSize {
			return nil
		}
	}
	return port.Fault(port.CodeUnsupported, "", faultWhat(t.model+" has too many rows"))
}
