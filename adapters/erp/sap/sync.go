package sap

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// masterPagesMax bounds one list: two hundred thousand rows.
const masterPagesMax = 200

// masterRow is what Sync reads, of any list.
type masterRow struct {
	GLAccount, GLAccountName   string
	Supplier, SupplierName     string
	CostCenter, CostCenterName string
}

// Sync reads accounts, suppliers and cost centers, always in full. Which periods
// are open is told by no interface: a closed one is refused when it is sent.
//
// Errors: Invalid erp.bad_config where options.chart is empty.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	if p.options["chart"] == "" {
		return port.Master{}, port.BadOption("chart", "is empty: write the chart of accounts, such as YCOA")
	}
	m := port.Master{Complete: true, AsOf: p.now()}
	language := " and Language eq " + quoted(p.options["language"])
	for _, list := range []struct {
		set, fields, filter string
		each                func(masterRow)
	}{
		{"API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountText", "GLAccount,GLAccountName",
			"ChartOfAccounts eq " + quoted(p.options["chart"]) + language, func(r masterRow) {
				code := bare(r.GLAccount)
				m.Accounts = append(m.Accounts, port.Account{ID: r.GLAccount, Code: code, Name: r.GLAccountName, Active: true,
					PartyRequired: p.dimensions.Field(code, port.OfParty) != ""})
			}},
		{"API_BUSINESS_PARTNER/A_Supplier", "Supplier,SupplierName", "", func(r masterRow) {
			m.Parties = append(m.Parties, port.Party{ID: r.Supplier, Code: bare(r.Supplier), Name: r.SupplierName, Active: true})
		}},
		{"API_COSTCENTER_SRV/A_CostCenterText", "CostCenter,CostCenterName", strings.TrimPrefix(language, " and "),
			func(r masterRow) {
				m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r.CostCenter, Code: r.CostCenter, Name: r.CostCenterName,
					Active: true})
			}},
	} {
		if err := p.master(ctx, list.set, list.fields, list.filter, list.each); err != nil {
			return port.Master{}, err
		}
	}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: string(p.currency), Code: string(p.currency), Digits: digits}}
	return m, nil
}

func (p *Port) master(ctx context.Context, set, fields, filter string, each func(masterRow)) error {
	for page := range masterPagesMax {
		values := url.Values{"$select": {fields}, "$orderby": {fields}, "$top": {strconv.Itoa(pageSize)},
			"$skip": {strconv.Itoa(page * pageSize)}}
		if filter != "" {
			values.Set("$filter", filter)
		}
		var rows []masterRow
		if err := p.client.read(ctx, set, values, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			each(r)
		}
		if len(rows) < pageSize {
			return nil
		}
	}
	return port.Fault(port.CodeUnsupported, "", fault.Arg("what", set+": too many rows"))
}
