package odoo

import (
	"context"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

const (
	pageSize = 500
	pagesMax = 200 // of one model: a hundred thousand rows

	// syncOverlap is how far AsOf lies back, for transactions that were open
	// while we read and for clocks that differ. Rows may come twice.
	syncOverlap = 5 * time.Minute

	// Odoo knows no periods, only a day up to which its books are locked: we show
	// months, from two years back to one ahead.
	monthsBack, monthsAhead = 24, 12

	instant = "2006-01-02 15:04:05" // as Odoo writes points in time, in UTC
)

// Sync reads accounts, parties, currencies and cost centers, and makes periods
// of the lock dates. What was deleted in Odoo is invisible to a delta: read
// everything once a night.
func (p *Port) Sync(ctx context.Context, since time.Time) (port.Master, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Master{}, err
	}
	now := time.Now()
	m := port.Master{Complete: since.IsZero(), AsOf: now.Add(-syncOverlap)}
	for _, t := range tables(at, &m) {
		if err := p.pages(ctx, at, t, since); err != nil {
			return port.Master{}, err
		}
	}
	locked, err := p.lockedUntil(ctx, at)
	if err != nil {
		return port.Master{}, err
	}
	m.Periods = months(now, locked)
	return m, nil
}

// table is one model to read, and where its rows go.
type table struct {
	model  string
	domain []any
	fields []string
	each   func(row)
}

// tables lists what is read into m.
func tables(at company, m *port.Master) []table {
	shared := []any{"company_id", "in", []any{false, at.id}}
	ours := []any{}
	if at.fields.accountCompany != "" {
		ours = append(ours, []any{at.fields.accountCompany, "in", []int64{at.id}})
	}
	columns := []string{"code", "name"}
	for _, name := range []string{at.fields.accountKind, at.fields.accountRetired} {
		if name != "" {
			columns = append(columns, name)
		}
	}
	return []table{
		{"account.account", ours, columns, func(r row) {
			m.Accounts = append(m.Accounts, port.Account{ID: id(r), Code: string(r.Code), Name: string(r.Name),
				PartyRequired: r.wantsParty(), Active: r.active()})
		}},
		{"res.partner", []any{shared, []any{"ref", "!=", false}}, []string{"ref", "name", "active"}, func(r row) {
			m.Parties = append(m.Parties, port.Party{ID: id(r), Code: string(r.Ref), Name: string(r.Name), Active: r.active()})
		}},
		{"res.currency", []any{[]any{"active", "=", true}}, []string{"name", "decimal_places"}, func(r row) {
			m.Currencies = append(m.Currencies, port.Currency{ID: id(r), Code: string(r.Name), Digits: r.Digits})
		}},
		{"account.analytic.account", []any{shared, []any{"code", "!=", false}}, []string{"code", "name", "active"},
			func(r row) {
				m.CostCenters = append(m.CostCenters,
					port.CostCenter{ID: id(r), Code: string(r.Code), Name: string(r.Name), Active: r.active()})
			}},
	}
}

func id(r row) string { return strconv.FormatInt(r.ID, 10) }

// pages reads all rows of a table that changed, a page at a time, ordered by id.
func (p *Port) pages(ctx context.Context, at company, t table, since time.Time) error {
	domain := append([]any{}, t.domain...)
	if !since.IsZero() {
		domain = append(domain, []any{"write_date", ">", since.UTC().Format(instant)})
	}
	for page := range pagesMax {
		var rows []row
		err := p.search(ctx, at.all(), query{model: t.model, domain: domain, offset: page * pageSize, limit: pageSize,
			fields: t.fields}, &rows)
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
	return port.Fault(port.CodeUnsupported, "", fault.Arg("what", t.model+" has too many rows"))
}

// months makes periods of the months around now. The month that the lock ends
// in is cut in two.
func months(now time.Time, locked string) []port.Period {
	var periods []port.Period
	for i := -monthsBack; i <= monthsAhead; i++ {
		from := time.Date(now.Year(), now.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		first, last := from.Format(time.DateOnly), from.AddDate(0, 1, -1).Format(time.DateOnly)
		name := from.Format("2006-01")
		if first <= locked && locked < last {
			day, _ := time.Parse(time.DateOnly, locked)
			next := day.AddDate(0, 0, 1).Format(time.DateOnly)
			periods = append(periods, port.Period{ID: first, Name: name + " (1)", From: first, To: locked},
				port.Period{ID: next, Name: name + " (2)", From: next, To: last, Open: true})
			continue
		}
		periods = append(periods, port.Period{ID: first, Name: name, From: first, To: last, Open: first > locked})
	}
	return periods
}
