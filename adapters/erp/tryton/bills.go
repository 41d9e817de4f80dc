package tryton

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
)

const billsPage = 100

var _ port.Biller = (*Port)(nil)

// bill is what is read of a supplier invoice.
type bill struct {
	ID          json.Number   `json:"id"`
	Number      string        `json:"number"`
	Reference   string        `json:"reference"` // the supplier's own number
	Description string        `json:"description"`
	Party       *jsonNamed    `json:"party."`
	Currency    *jsonCode     `json:"currency."`
	Date        jsonDate      `json:"invoice_date"`
	Total       *jsonDecimal  `json:"total_amount"`
	Tax         *jsonDecimal  `json:"tax_amount"`
	Open        *jsonDecimal  `json:"amount_to_pay"`
	Lines       []json.Number `json:"lines_to_pay"`
	Changed     *jsonInstant  `json:"write_date"`
}

// jsonInstant reads a point in time of an answer, in UTC.
type jsonInstant struct {
	Year, Month, Day, Hour, Minute, Second, Microsecond int
}

func (i *jsonInstant) time() time.Time {
	if i == nil {
		return time.Time{}
	}
	return time.Date(i.Year, time.Month(i.Month), i.Day, i.Hour, i.Minute, i.Second, i.Microsecond*1000, time.UTC)
}

// Bills lists posted supplier invoices of which nothing is paid; a credit note, and one of
// which a part is paid, are left to people. A bill is due on the first of its due days.
func (p *Port) Bills(ctx context.Context, asked port.BillsAsked) (port.BillPage, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.BillPage{}, err
	}
	start, _ := strconv.Atoi(asked.Cursor)
	domain := []any{[]any{"company", "=", at.id}, []any{"type", "=", "in"}, []any{"state", "=", "posted"}}
	if since, err := time.Parse(time.RFC3339Nano, asked.Since); err == nil {
		domain = append(domain, []any{"write_date", ">=", instant(since)})
	}
	var rows []bill
	err = p.client.call(ctx, false, &rows, "model.account.invoice.search_read", domain, start, billsPage,
		[]any{[]any{"id", "ASC"}}, []string{"number", "reference", "description", "party.code", "party.name",
			"currency.code", "invoice_date", "total_amount", "tax_amount", "amount_to_pay", "lines_to_pay", "write_date"},
		at.context())
	if err != nil {
		return port.BillPage{}, err
	}
	due, err := p.dueDays(ctx, at, rows)
	if err != nil {
		return port.BillPage{}, err
	}
	var page port.BillPage
	if len(rows) == billsPage {
		page.Next = strconv.Itoa(start + billsPage)
	}
	for _, r := range rows {
		if r.Changed != nil {
			page.Mark = max(page.Mark, r.Changed.time().Format(markForm))
		}
		b, whole, err := r.read(due)
		if err != nil {
			return port.BillPage{}, err
		}
		if whole {
			b.Link = strings.TrimSuffix(p.config.URL, "/") + "/#" + p.config.Database + "/model/account.invoice/" + b.ID
			page.Bills = append(page.Bills, b)
		}
	}
	return page, nil
}

// markForm is a mark: texts of it are in the order of time.
const markForm = "2006-01-02T15:04:05.000000Z07:00"

// read makes a bill of a row; whole says that nothing of it is paid.
func (r bill) read(due map[string]string) (b port.Bill, whole bool, err error) {
	b = port.Bill{ID: r.ID.String(), Number: r.Number, Invoice: r.Reference, Date: r.Date.text(), Text: r.Description}
	if r.Party != nil {
		b.Supplier, b.SupplierName = r.Party.Code, r.Party.Name
	}
	currency := money.Currency(r.Currency.code())
	if b.Gross, err = r.Total.amount(currency); err != nil {
		return b, false, err
	}
	if b.Tax, err = r.Tax.amount(currency); err != nil {
		return b, false, err
	}
	for _, line := range r.Lines {
		if day := due[line.String()]; day != "" && (b.DueOn == "" || day < b.DueOn) {
			b.DueOn = day
		}
	}
	open, err := r.Open.amount(currency)
	return b, open.Minor == b.Gross.Minor && open.Minor > 0, err
}

// dueDays are the due days of the lines by which bills are paid, by line.
func (p *Port) dueDays(ctx context.Context, at company, bills []bill) (map[string]string, error) {
	var ids []json.Number
	for _, b := range bills {
		ids = append(ids, b.Lines...)
	}
	days := map[string]string{}
	for some := range slices.Chunk(ids, pageSize) {
		var rows []struct {
			ID  json.Number `json:"id"`
			Due *jsonDate   `json:"maturity_date"`
		}
		err := p.client.call(ctx, false, &rows, "model.account.move.line.search_read", []any{[]any{"id", "in", some}}, 0,
			len(some), nil, []string{"maturity_date"}, at.context())
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Due != nil {
				days[r.ID.String()] = r.Due.text()
			}
		}
	}
	return days, nil
}
