package erpnext

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
)

const (
	purchaseInvoice = "Purchase Invoice"
	billsPage       = 100
)

var _ port.Biller = (*Port)(nil)

// bill is what is read of a Purchase Invoice; amounts are Python floats.
type bill struct {
	Name         string      `json:"name"`
	Supplier     string      `json:"supplier"`
	SupplierName string      `json:"supplier_name"`
	BillNo       string      `json:"bill_no"`
	Posted       string      `json:"posting_date"`
	Due          string      `json:"due_date"`
	Currency     string      `json:"currency"`
	Gross        json.Number `json:"grand_total"`
	Tax          json.Number `json:"total_taxes_and_charges"`
	Base         json.Number `json:"base_grand_total"`
	Open         json.Number `json:"outstanding_amount"` // in the currency of the party's account
	Modified     string      `json:"modified"`           // in the site's own time zone: only ever compared
	Remarks      string      `json:"remarks"`
}

// Bills lists submitted Purchase Invoices that are no returns. One of which a part is
// paid is left to people.
func (p *Port) Bills(ctx context.Context, asked port.BillsAsked) (port.BillPage, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.BillPage{}, err
	}
	start, _ := strconv.Atoi(asked.Cursor)
	filters := []any{[]any{"company", "=", at.name}, []any{"docstatus", "=", 1}, []any{"is_return", "=", 0},
		[]any{"outstanding_amount", ">", 0}}
	if asked.Since != "" {
		filters = append(filters, []any{"modified", ">=", asked.Since})
	}
	var rows []bill
	err = p.client.list(ctx, listing{doctype: purchaseInvoice, filters: filters, start: start, limit: billsPage,
		fields: []string{"supplier", "supplier_name", "bill_no", "posting_date", "due_date", "currency", "grand_total",
			"total_taxes_and_charges", "base_grand_total", "outstanding_amount", "modified", "remarks"}}, &rows)
	if err != nil {
		return port.BillPage{}, err
	}
	var page port.BillPage
	if len(rows) == billsPage {
		page.Next = strconv.Itoa(start + billsPage)
	}
	for _, r := range rows {
		b, whole, err := r.read(at)
		if err != nil {
			return port.BillPage{}, err
		}
		if page.Mark = max(page.Mark, r.Modified); whole {
			b.Link = p.link(r.Name)
			page.Bills = append(page.Bills, b)
		}
	}
	return page, nil
}

// read makes a bill of a row; whole says that nothing of it is paid.
func (r bill) read(at company) (b port.Bill, whole bool, err error) {
	currency := money.Currency(cmp.Or(r.Currency, string(at.currency)))
	b = port.Bill{ID: r.Name, Number: r.Name, Invoice: r.BillNo, Supplier: r.Supplier, SupplierName: r.SupplierName,
		Date: r.Posted, DueOn: r.Due}
	if r.Remarks != "No Remarks" { // what ERPNext writes where there are none
		b.Text = r.Remarks
	}
	if b.Gross, err = port.RoundAmount(r.Gross.String(), currency); err != nil {
		return b, false, err
	}
	if b.Tax, err = port.RoundAmount(cmp.Or(r.Tax.String(), "0"), currency); err != nil {
		return b, false, err
	}
	open, err := port.RoundAmount(r.Open.String(), at.currency)
	if err != nil {
		return b, false, err
	}
	base, err := port.RoundAmount(r.Base.String(), at.currency)
	return b, open == base || open.Minor == b.Gross.Minor, err
}

// link is where people see it.
func (p *Port) link(name string) string {
	return p.client.url + "/app/purchase-invoice/" + url.PathEscape(name)
}
