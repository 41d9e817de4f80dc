package erpnext

import (
	"cmp"
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

const (
	pageSize = 500
	pagesMax = 200 // of one DocType: a hundred thousand rows
)

// Sync reads accounts, parties, employees, departments, projects, currencies, their rates
// for buying, cost centers, and the fiscal years cut
// at the last closing. Always everything: what changed is told in the site's own
// time zone, which the interface does not tell.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Master{}, err
	}
	m := port.Master{Complete: true, AsOf: time.Now()}
	closed := ""
	for _, t := range tables(at, &m, &closed) {
		if err := p.pages(ctx, t); err != nil {
			return port.Master{}, err
		}
	}
	return m, nil
}

// table is one DocType to read, and where its rows go.
type table struct {
	doctype string
	filters []any
	fields  []string
	each    func(record)
}

// tables lists what is read into m; closed is the day up to which a Period Closing
// Voucher has closed the books.
func tables(at company, m *port.Master, closed *string) []table {
	ours := []any{"company", "=", at.name}
	party := func(r record) {
		m.Parties = append(m.Parties, port.Party{ID: r.Name, Code: r.Name,
			Name:   cmp.Or(r.SupplierName, r.CustomerName, r.EmployeeName),
			Active: r.Disabled == 0 && (r.Status == "" || r.Status == "Active")})
	}
	employee := func(r record) {
		party(r)
		m.Employees = append(m.Employees, port.Entry{ID: r.Name, Code: r.Name, Name: r.EmployeeName,
			Active: r.Status == "" || r.Status == "Active"})
	}
	return []table{
		{"Account", []any{ours, leaf}, []string{"account_number", "account_name", "account_type", "disabled"},
			func(r record) {
				if r.AccountNumber != "" { // without a number we cannot name it
					m.Accounts = append(m.Accounts, port.Account{ID: r.Name, Code: r.AccountNumber, Name: r.AccountName,
						PartyRequired: r.wantsParty(), Active: r.Disabled == 0})
				}
			}},
		{"Supplier", nil, []string{"supplier_name", "disabled"}, party},
		{"Customer", nil, []string{"customer_name", "disabled"}, party},
		{"Employee", []any{ours}, []string{"employee_name", "status"}, employee},
		{"Department", []any{ours}, []string{"department_name", "disabled"}, func(r record) {
			m.Departments = append(m.Departments, port.Entry{ID: r.Name, Code: r.Name, Name: r.DepartmentName,
				Active: r.Disabled == 0})
		}},
		{"Project", []any{ours}, []string{"project_name", "status"}, func(r record) {
			m.Projects = append(m.Projects, port.Entry{ID: r.Name, Code: r.Name, Name: r.ProjectName,
				Active: r.Status == "Open"})
		}},
		{"Currency Exchange", []any{[]any{"to_currency", "=", string(at.currency)}, []any{"for_buying", "=", 1},
			[]any{"date", ">=", port.RatesFrom(time.Now())}}, []string{"date", "from_currency", "exchange_rate"},
			func(r record) {
				m.Rates = append(m.Rates, document.Rate{Currency: money.Currency(r.From), Base: at.currency, Date: r.Date,
					Value: master.Cross("1", r.Rate.String())})
			}},
		{"Currency", []any{[]any{"enabled", "=", 1}}, nil, func(r record) {
			digits, _ := money.Exponent(money.Currency(r.Name))
			m.Currencies = append(m.Currencies, port.Currency{ID: r.Name, Code: r.Name, Digits: digits})
		}},
		{"Cost Center", []any{ours, leaf}, []string{"cost_center_number", "cost_center_name", "disabled"}, func(r record) {
			m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r.Name, Code: cmp.Or(r.Number, r.CenterName),
				Name: r.CenterName, Active: r.Disabled == 0})
		}},
		{"Period Closing Voucher", []any{ours, []any{"docstatus", "=", 1}}, []string{"period_end_date"}, func(r record) {
			*closed = max(*closed, r.PeriodEnds)
		}},
		{"Fiscal Year", []any{enabled}, []string{"year_start_date", "year_end_date"}, func(r record) {
			m.Periods = append(m.Periods, cut(r, *closed)...)
		}},
	}
}

// cut makes one period of a fiscal year, or two where a closing lies within.
func cut(year record, closed string) []port.Period {
	whole := port.Period{ID: year.Name, Name: year.Name, From: year.Starts, To: year.Ends, Open: year.Starts > closed}
	day, err := time.Parse(time.DateOnly, closed)
	if err != nil || closed < year.Starts || closed >= year.Ends {
		return []port.Period{whole}
	}
	rest := whole
	whole.To, whole.Name = closed, year.Name+" (1)"
	rest.From, rest.Open, rest.Name = day.AddDate(0, 0, 1).Format(time.DateOnly), true, year.Name+" (2)"
	rest.ID = rest.Name
	return []port.Period{whole, rest}
}

// pages reads all rows of a table, a page at a time, ordered by name.
func (p *Port) pages(ctx context.Context, t table) error {
	for page := range pagesMax {
		var rows []record
		err := p.client.list(ctx, listing{doctype: t.doctype, filters: t.filters, fields: t.fields,
			start: page * pageSize, limit: pageSize}, &rows)
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
	return port.Fault(port.CodeUnsupported, "", fault.Arg("what", t.doctype+" has too many rows"))
}
