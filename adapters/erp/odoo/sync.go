package odoo

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
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

// Sync reads accounts, parties, currencies, rates and cost centers, and makes periods
// of the lock dates. Projects and departments are analytic accounts of the plans that
// options.dimensions names. What was deleted in Odoo is invisible to a delta: read
// everything once a night.
func (p *Port) Sync(ctx context.Context, since time.Time) (port.Master, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Master{}, err
	}
	now := time.Now()
	m := port.Master{Complete: since.IsZero(), AsOf: now.Add(-syncOverlap)}
	for _, t := range p.tables(at, &m) {
		if err := p.pages(ctx, at, t, since); err != nil {
			return port.Master{}, err
		}
	}
	locked, err := p.lockedUntil(ctx, at)
	if err != nil {
		return port.Master{}, err
	}
	m.Periods = months(now, locked)
	if m.Rates, err = p.rates(ctx, at, since); err != nil {
		return port.Master{}, err
	}
	m.Employees, err = p.employees(ctx, at)
	return m, err
}

// kinds are what Sync reads.
func (p *Port) kinds() []master.Kind {
	all := []master.Kind{master.Account, master.Party, master.Period, master.Currency, master.CostCenter, master.Rate}
	if p.staff {
		all = append(all, master.Employee)
	}
	for _, kind := range []master.Kind{master.Project, master.Department} {
		if p.plans[string(kind)] != "" {
			all = append(all, kind)
		}
	}
	return all
}

// rates are those of other currencies in the company's. A currency without any is worth
// one of the reference currency, as Odoo computes. Where both the company and all have one
// for a day, the company's counts.
func (p *Port) rates(ctx context.Context, at company, since time.Time) ([]document.Rate, error) {
	type key struct{ currency, day string }
	own := map[key]bool{}
	all := map[key]port.Quote{}
	keep := func(r row) {
		k := key{r.Currency.name, string(r.Name)}
		if mine := r.Company.id == at.id; mine || !own[k] {
			own[k] = mine
			all[k] = port.Quote{Currency: money.Currency(k.currency), Day: k.day, Units: r.Rate.String()}
		}
	}
	shared := []any{"company_id", "in", []any{false, at.id}}
	fields := []string{"name", "rate", "currency_id", "company_id"}
	ours := []any{shared, []any{"currency_id.name", "=", string(at.currency)}}
	if err := p.pages(ctx, at, table{"res.currency.rate", ours, fields, keep}, time.Time{}); err != nil {
		return nil, err
	}
	others := []any{shared, []any{"currency_id.name", "!=", string(at.currency)}}
	if err := p.pages(ctx, at, table{"res.currency.rate", others, fields, keep}, since); err != nil {
		return nil, err
	}
	quotes := slices.Collect(maps.Values(all))
	return port.Quotes(quotes, at.currency, "1", port.RatesFrom(time.Now())), nil
}

// table is one model to read, and where its rows go.
type table struct {
	model  string
	domain []any
	fields []string
	each   func(row)
}

// tables lists what is read into m.
func (p *Port) tables(at company, m *port.Master) []table {
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
	analytic := []string{"code", "name", "active"}
	if len(p.plans) > 0 && at.fields.analytic != "" { // before 16 there were no plans
		analytic = append(analytic, "plan_id")
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
		{"account.analytic.account", []any{shared, []any{"code", "!=", false}}, analytic,
			func(r row) {
				one := port.Entry{ID: id(r), Code: string(r.Code), Name: string(r.Name), Active: r.active()}
				switch r.Plan.name {
				case "":
				case p.plans["project"]:
					m.Projects = append(m.Projects, one)
				case p.plans["department"]:
					m.Departments = append(m.Departments, one)
				}
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
