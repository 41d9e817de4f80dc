package u8

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

const (
	pageSize = 200
	pagesMax = 500
)

// baseRow is one row of base data.
type baseRow struct {
	Code text `json:"code"`
	Name text `json:"name"`
}

// kinds are what Sync reads.
func (p *Port) kinds() []master.Kind {
	kinds := []master.Kind{master.Account, master.Party, master.Employee, master.Department, master.CostCenter,
		master.Currency}
	if len(p.foreign) > 0 {
		kinds = append(kinds, master.Rate)
	}
	return kinds
}

// base reads one kind of base data, page by page; the answer's list carries its name.
func base[Row any](ctx context.Context, p *Port, kind string) ([]Row, error) {
	var all []Row
	for page := 1; page <= pagesMax; page++ {
		got := map[string]json.RawMessage{}
		values := url.Values{"page_index": {strconv.Itoa(page)}, "rows_per_page": {strconv.Itoa(pageSize)}}
		if err := p.client.get(ctx, kind, values, &got); err != nil {
			return nil, err
		}
		var rows []Row
		if json.Unmarshal(got[kind], &rows) != nil {
			return nil, port.Fault(port.CodeUnavailable, kind+" did not answer with a list")
		}
		if all = append(all, rows...); len(rows) < pageSize {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", kind+": too many rows"))
}

// Sync reads accounts, people, suppliers, departments, and rates where the options name
// currencies, always in full. U8's interface tells no periods.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	accounts, err := base[baseRow](ctx, p, "code")
	if err != nil {
		return m, err
	}
	for _, r := range accounts {
		m.Accounts = append(m.Accounts, port.Account{ID: r.Code.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active: true, PartyRequired: p.dimensions.Field(r.Code.String(), port.OfParty) != ""})
	}
	for _, kind := range []string{"person", "vendor"} {
		rows, err := base[baseRow](ctx, p, kind)
		if err != nil {
			return m, err
		}
		for _, r := range rows {
			if kind == "person" {
				m.Employees = append(m.Employees, port.Entry{ID: r.Code.String(), Code: r.Code.String(),
					Name: r.Name.String(), Active: true})
			}
			m.Parties = append(m.Parties, port.Party{ID: r.Code.String(), Code: r.Code.String(), Name: r.Name.String(),
				Active: true})
		}
	}
	departments, err := base[baseRow](ctx, p, "department")
	if err != nil {
		return m, err
	}
	for _, r := range departments {
		m.Departments = append(m.Departments, port.Entry{ID: r.Code.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active: true})
		m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r.Code.String(), Code: r.Code.String(),
			Name:   r.Name.String(),
			Active: true})
	}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: p.options["currency_name"], Code: string(p.currency), Digits: digits}}
	m.Rates, err = p.rates(ctx)
	return m, err
}
