package tryton_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/tryton/trytontest"
	"github.com/countersign/countersign/domain/money"
)

// TestBills lists the supplier invoices of a real Tryton that were posted and of which
// nothing is paid, with what leads back to them; drafts, and bills to customers, are not.
func TestBills(t *testing.T) {
	books := trytontest.Start(t)
	p, err := erp.Open(config(books, books.URL))
	require.NoError(t, err)
	biller := p.(erp.Biller)
	day := time.Now().UTC()
	date := object{"__class__": "date", "year": day.Year(), "month": int(day.Month()), "day": day.Day()}
	account := func(code string) any {
		return idOf(t, books, "account.account", []any{"code", "=", code})
	}
	supplier := idOf(t, books, "party.party", []any{"code", "=", "SUP001"})
	address := ask(t, books, "model.party.address.create", []any{object{"party": supplier}}, inCompany).([]any)[0]
	ask(t, books, "model.account.journal.write", []any{idOf(t, books, "account.journal", []any{"code", "=", "EXP"})},
		object{"name": "Expenses"}, inCompany)
	invoice := func(kind, account_, reference string) any {
		made := ask(t, books, "model.account.invoice.create", []any{object{
			"type": kind, "company": 1, "party": supplier, "invoice_address": address, "reference": reference,
			"journal": idOf(t, books, "account.journal", []any{"code", "=", "EXP"}), "invoice_date": date,
			"currency": idOf(t, books, "currency.currency", []any{"code", "=", "CNY"}),
			"account":  account(account_), "description": "Paper",
			"lines": []any{[]any{"create", []any{object{"type": "line", "description": "Paper", "quantity": 2,
				"account": account("660203"), "unit_price": object{"__class__": "Decimal", "decimal": "50.25"}}}}},
		}}, inCompany)
		return made.([]any)[0]
	}
	posted, draft := invoice("in", "2202", "INV-7"), invoice("in", "2202", "INV-8")
	ask(t, books, "model.account.invoice.post", []any{posted}, inCompany)

	page, err := biller.Bills(t.Context(), erp.BillsAsked{})
	require.NoError(t, err)
	require.Len(t, page.Bills, 1)
	got := page.Bills[0]
	require.NotEmpty(t, got.Number)
	today := day.Format(time.DateOnly)
	require.Equal(t, erp.Bill{ID: got.ID, Number: got.Number, Invoice: "INV-7", Supplier: "SUP001",
		SupplierName: "上海启明办公用品有限公司", Date: today, DueOn: got.DueOn, Text: "Paper",
		Gross: money.Amount{Minor: 10050, Currency: "CNY"}, Tax: money.Amount{Currency: "CNY"},
		Link: books.URL + "/#" + books.Database + "/model/account.invoice/" + got.ID}, got)
	require.NotEmpty(t, page.Mark)

	again, err := biller.Bills(t.Context(), erp.BillsAsked{Since: page.Mark})
	require.NoError(t, err)
	require.Len(t, again.Bills, 1, "what changed at the mark comes again")
	ask(t, books, "model.account.invoice.post", []any{draft}, inCompany)
	later, err := biller.Bills(t.Context(), erp.BillsAsked{Since: page.Mark})
	require.NoError(t, err)
	require.Len(t, later.Bills, 2)
	require.Greater(t, later.Mark, page.Mark)
}
