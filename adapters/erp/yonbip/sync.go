package yonbip

import (
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// basePage is how many rows of base data are asked for at once.
const basePage = 1000

// baseRow is one row of base data.
type baseRow struct {
	ID   text `json:"id"`
	Code text `json:"code"`
	Name text `json:"name"`
}

// base reads one kind of base data of the finance cloud 财务云基础档案.
func (p *Port) base(ctx context.Context, kind string) ([]baseRow, error) {
	return p.rows(ctx, kind, func(page int) (rows []baseRow, err error) {
		err = p.client.call(ctx, request{path: "/yonbip/fi/fipub/basedoc/querybd/" + kind, body: object{
			"fields": []string{"id", "code", "name"}, "pageIndex": page, "pageSize": basePage, "disableshow": false}}, &rows)
		return rows, err
	})
}

// vendors reads the suppliers.
func (p *Port) vendors(ctx context.Context) ([]baseRow, error) {
	return p.rows(ctx, "vendors", func(page int) ([]baseRow, error) {
		var got struct{ RecordList []baseRow }
		err := p.client.call(ctx, request{path: "/yonbip/digitalModel/vendor/list",
			body: object{"pageIndex": page, "pageSize": basePage}}, &got)
		return got.RecordList, err
	})
}

func (p *Port) rows(ctx context.Context, kind string, ask func(page int) ([]baseRow, error)) ([]baseRow, error) {
	var all []baseRow
	for page := 1; page <= pagesMax; page++ {
		rows, err := ask(page)
		if err != nil {
			return nil, err
		}
		if all = append(all, rows...); len(rows) < basePage {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", kind+": too many rows"))
}

// node is one department with those below it.
type node struct {
	baseRow
	Children []node `json:"children"`
}

// kinds are what Sync reads.
func (p *Port) kinds() []master.Kind {
	kinds := []master.Kind{master.Account, master.Party, master.Department, master.CostCenter, master.Period,
		master.Currency}
	if p.options["employees"] == yes {
		kinds = append(kinds, master.Employee)
	}
	if p.options["projects"] == yes {
		kinds = append(kinds, master.Project)
	}
	if p.options["rate_type"] != "" {
		kinds = append(kinds, master.Rate)
	}
	return kinds
}

// Sync reads accounts, suppliers, departments and periods, and employees, projects and
// rates where the options say so, always in full. Of a period YonBIP does not tell
// whether it is closed: it is told as open, and a voucher in it is refused when it is
// sent.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	accounts, err := p.base(ctx, "accsubject")
	if err != nil {
		return m, err
	}
	for _, r := range accounts {
		m.Accounts = append(m.Accounts, port.Account{ID: r.ID.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active:        true,
			PartyRequired: p.dimensions.Field(r.Code.String(), port.OfParty) != ""})
	}
	vendors, err := p.vendors(ctx)
	if err != nil {
		return m, err
	}
	for _, r := range vendors {
		m.Parties = append(m.Parties, port.Party{ID: r.ID.String(), Code: r.Code.String(), Name: r.Name.String(),
			Active: true})
	}
	periods, err := p.base(ctx, "accperiod")
	if err != nil {
		return m, err
	}
	for _, r := range periods {
		if first, err := time.Parse("2006-01", r.Code.String()); err == nil { // others are adjustment periods
			m.Periods = append(m.Periods, port.Period{ID: r.ID.String(), Name: r.Code.String(), Open: true,
				From: first.Format(time.DateOnly), To: first.AddDate(0, 1, -1).Format(time.DateOnly)})
		}
	}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: string(p.currency), Code: string(p.currency), Digits: digits}}
	for _, read := range []func(context.Context, *port.Master) error{p.departments, p.employees, p.projects, p.rates} {
		if err := read(ctx, &m); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (p *Port) departments(ctx context.Context, m *port.Master) error {
	var tree []node
	err := p.client.call(ctx, request{path: "/yonbip/digitalModel/admindept/tree", body: object{}}, &tree)
	if err != nil {
		return err
	}
	for len(tree) > 0 { // breadth first: no depth can hurt
		n := tree[0]
		tree = append(tree[1:], n.Children...)
		m.Departments = append(m.Departments, port.Entry{ID: n.ID.String(), Code: n.Code.String(), Name: n.Name.String(),
			Active: true})
		m.CostCenters = append(m.CostCenters, port.CostCenter{ID: n.ID.String(), Code: n.Code.String(), Name: n.Name.String(),
			Active: true})
	}
	return nil
}
