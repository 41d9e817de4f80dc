package u8

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
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

// base reads one kind of base data, page by page; the answer's list carries its name.
func (p *Port) base(ctx context.Context, kind string) ([]baseRow, error) {
	var all []baseRow
	for page := 1; page <= pagesMax; page++ {
		got := map[string]json.RawMessage{}
		values := url.Values{"page_index": {strconv.Itoa(page)}, "rows_per_page": {strconv.Itoa(pageSize)}}
		if err := p.client.get(ctx, kind, values, &got); err != nil {
			return nil, err
		}
		var rows []baseRow
		if json.Unmarshal(got[kind], &rows) != nil {
			return nil, port.Fault(port.CodeUnavailable, kind+" did not answer with a list")
		}
		if all = append(all, rows...); len(rows) < pageSize {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", kind+": too many rows"))
}

// Sync reads accounts, people, suppliers and departments, always in full. U8's
// interface tells no periods.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	accounts, err := p.base(ctx, "code")
	if err != nil {
		return m, err
	}
	for _, r := range accounts {
		m.Accounts = append(m.Accounts, port.Account{ID: r.Code.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active: true, PartyRequired: p.dimensions.Field(r.Code.String(), port.OfParty) != ""})
	}
	for _, kind := range []string{"person", "vendor"} {
		rows, err := p.base(ctx, kind)
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
	departments, err := p.base(ctx, "department")
	for _, r := range departments {
		m.Departments = append(m.Departments, port.Entry{ID: r.Code.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active: true})
		m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r.Code.String(), Code: r.Code.String(),
			Name:   r.Name.String(),
			Active: true})
	}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: p.options["currency_name"], Code: string(p.currency), Digits: digits}}
	return m, err
}
