package odoo

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
)

const billsPage = 100

var _ port.Biller = (*Port)(nil)

// bill is what is read of a vendor bill.
type bill struct {
	ID       int64       `json:"id"`
	Name     text        `json:"name"`
	Ref      text        `json:"ref"` // the supplier's own number
	Partner  link        `json:"partner_id"`
	Currency link        `json:"currency_id"`
	Date     text        `json:"invoice_date"`
	Due      text        `json:"invoice_date_due"`
	Total    json.Number `json:"amount_total"`
	Tax      json.Number `json:"amount_tax"`
	Changed  text        `json:"write_date"`
}

// Bills lists posted vendor bills that nobody paid anything of. The supplier's code is
// the partner's Internal Reference; one without has the code "".
func (p *Port) Bills(ctx context.Context, asked port.BillsAsked) (port.BillPage, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.BillPage{}, err
	}
	start, _ := strconv.Atoi(asked.Cursor)
	domain := []any{[]any{"move_type", "=", "in_invoice"}, []any{"state", "=", "posted"},
		[]any{"payment_state", "=", "not_paid"}, []any{"company_id", "=", at.id}}
	if asked.Since != "" {
		domain = append(domain, []any{"write_date", ">=", asked.Since})
	}
	var rows []bill
	err = p.search(ctx, at.context(), query{model: "account.move", domain: domain, offset: start, limit: billsPage,
		fields: []string{"name", "ref", "partner_id", "currency_id", "invoice_date", "invoice_date_due", "amount_total",
			"amount_tax", "write_date"}}, &rows)
	if err != nil {
		return port.BillPage{}, err
	}
	codes, err := p.partnerCodes(ctx, at, rows)
	if err != nil {
		return port.BillPage{}, err
	}
	var page port.BillPage
	if len(rows) == billsPage {
		page.Next = strconv.Itoa(start + billsPage)
	}
	for _, r := range rows {
		b, err := r.read(at, codes)
		if err != nil {
			return port.BillPage{}, err
		}
		b.Link = p.client.url + "/web#model=account.move&view_type=form&id=" + b.ID
		page.Bills, page.Mark = append(page.Bills, b), max(page.Mark, string(r.Changed))
	}
	return page, nil
}

func (r bill) read(at company, codes map[int64]string) (port.Bill, error) {
	b := port.Bill{ID: strconv.FormatInt(r.ID, 10), Number: string(r.Name), Invoice: string(r.Ref),
		Supplier: codes[r.Partner.id], SupplierName: r.Partner.name, Date: string(r.Date), DueOn: string(r.Due)}
	currency := money.Currency(cmp.Or(r.Currency.name, string(at.currency)))
	var err error
	if b.Gross, err = port.RoundAmount(r.Total.String(), currency); err != nil {
		return b, err
	}
	b.Tax, err = port.RoundAmount(r.Tax.String(), currency)
	return b, err
}

// partnerCodes are the codes of the partners of bills, by id.
func (p *Port) partnerCodes(ctx context.Context, at company, bills []bill) (map[int64]string, error) {
	codes := map[int64]string{}
	var ids []int64
	for _, b := range bills {
		if _, there := codes[b.Partner.id]; !there {
			codes[b.Partner.id] = ""
			ids = append(ids, b.Partner.id)
		}
	}
	if len(ids) == 0 {
		return codes, nil
	}
	var rows []row
	err := p.search(ctx, at.all(), query{model: "res.partner", domain: []any{[]any{"id", "in", ids}}, limit: len(ids),
		fields: []string{"ref"}}, &rows)
	for _, r := range rows {
		codes[r.ID] = string(r.Ref)
	}
	return codes, err
}
