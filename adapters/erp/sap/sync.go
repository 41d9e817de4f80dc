package sap

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// masterPagesMax bounds one list: two hundred thousand rows.
const masterPagesMax = 200

// set is one entity set to read.
type set struct {
	path           string // service/set
	fields, filter string
	order          string // fields that tell one row from another; "" = all of them
}

// masterRow is what Sync reads, of any list but those of rates.
type masterRow struct {
	GLAccount, GLAccountName   string
	Supplier, SupplierName     string
	CostCenter, CostCenterName string
}

// kinds are what Sync reads.
func (p *Port) kinds() []master.Kind {
	kinds := []master.Kind{master.Account, master.Party, master.CostCenter, master.Currency}
	if p.options["rates_path"] != "" {
		kinds = append(kinds, master.Rate)
	}
	return kinds
}

// Sync reads accounts, suppliers and cost centers, and rates where the options say
// where they are, always in full. Which periods are open is told by no interface: a
// closed one is refused when it is sent.
//
// Errors: Invalid erp.bad_config where options.chart is empty.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	if p.options["chart"] == "" {
		return port.Master{}, port.BadOption("chart", "is empty: write the chart of accounts, such as YCOA")
	}
	m := port.Master{Complete: true, AsOf: p.now()}
	language := " and Language eq " + quoted(p.options["language"])
	for _, list := range []struct {
		set
		each func(masterRow)
	}{
		{set{path: "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountText", fields: "GLAccount,GLAccountName",
			filter: "ChartOfAccounts eq " + quoted(p.options["chart"]) + language}, func(r masterRow) {
			code := bare(r.GLAccount)
			m.Accounts = append(m.Accounts, port.Account{ID: r.GLAccount, Code: code, Name: r.GLAccountName, Active: true,
				PartyRequired: p.dimensions.Field(code, port.OfParty) != ""})
		}},
		{set{path: "API_BUSINESS_PARTNER/A_Supplier", fields: "Supplier,SupplierName"}, func(r masterRow) {
			m.Parties = append(m.Parties, port.Party{ID: r.Supplier, Code: bare(r.Supplier), Name: r.SupplierName, Active: true})
		}},
		{set{path: "API_COSTCENTER_SRV/A_CostCenterText", fields: "CostCenter,CostCenterName",
			filter: strings.TrimPrefix(language, " and ")},
			func(r masterRow) {
				m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r.CostCenter, Code: r.CostCenter, Name: r.CostCenterName,
					Active: true})
			}},
	} {
		if err := pages(ctx, p, list.set, list.each); err != nil {
			return port.Master{}, err
		}
	}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: string(p.currency), Code: string(p.currency), Digits: digits}}
	var err error
	m.Rates, err = p.rates(ctx)
	return m, err
}

// pages reads one entity set to its end, page by page.
func pages[T any](ctx context.Context, p *Port, s set, each func(T)) error {
	for page := range masterPagesMax {
		values := url.Values{"$select": {s.fields}, "$orderby": {cmp.Or(s.order, s.fields)},
			"$top": {strconv.Itoa(pageSize)}, "$skip": {strconv.Itoa(page * pageSize)}}
		if s.filter != "" {
			values.Set("$filter", s.filter)
		}
		var rows []T
		if err := p.client.read(ctx, s.path, values, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			each(r)
		}
		if len(rows) < pageSize {
			return nil
		}
	}
	return port.Fault(port.CodeUnsupported, "", fault.Arg("what", s.path+": too many rows"))
}
