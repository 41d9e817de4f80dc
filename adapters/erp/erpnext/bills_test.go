package erpnext_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erpnext/sim"
	"github.com/countersign/countersign/domain/money"
)

// TestBills proves that submitted bills are listed, page by page and from a mark on;
// drafts, returns, what is paid in part, and other companies' are not.
func TestBills(t *testing.T) {
	site := sim.New(sim.Options{Year: year})
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	p, err := erp.Open(config(server.URL))
	require.NoError(t, err)
	biller := p.(erp.Biller)
	site.Bill("PINV-0001", "2026-11-01 10:00:00.000001", map[string]any{"remarks": "Paper"})
	site.Bill("PINV-0002", "2026-11-02 10:00:00.000001", map[string]any{"docstatus": 0})
	site.Bill("PINV-0003", "2026-11-02 10:00:00.000001", map[string]any{"is_return": 1})
	site.Bill("PINV-0004", "2026-11-02 10:00:00.000001", map[string]any{"outstanding_amount": 50})
	site.Bill("PINV-0005", "2026-11-02 10:00:00.000001", map[string]any{"outstanding_amount": 0})
	site.Bill("PINV-0006", "2026-11-02 10:00:00.000001", map[string]any{"company": "Other Co"})
	site.Bill("PINV-0007", "2026-11-03 10:00:00.000001", map[string]any{"currency": "EUR", "base_grand_total": 800,
		"outstanding_amount": 800})
	page, err := biller.Bills(t.Context(), erp.BillsAsked{})
	require.NoError(t, err)
	require.Len(t, page.Bills, 2)
	require.Equal(t, erp.Bill{ID: "PINV-0001", Number: "PINV-0001", Invoice: "INV-PINV-0001", Supplier: "lin",
		SupplierName: "林 Lin", Date: "2026-11-01", DueOn: "2026-12-01", Text: "Paper",
		Gross: money.Amount{Minor: 10600, Currency: "CNY"}, Tax: money.Amount{Minor: 600, Currency: "CNY"},
		Link: server.URL + "/app/purchase-invoice/PINV-0001"}, page.Bills[0])
	require.Equal(t, money.Amount{Minor: 10600, Currency: "EUR"}, page.Bills[1].Gross)
	require.Empty(t, page.Bills[1].Text)
	require.Equal(t, "2026-11-03 10:00:00.000001", page.Mark)

	for n := range 150 {
		site.Bill(fmt.Sprintf("PINV-1%03d", n), fmt.Sprintf("2026-11-04 10:00:00.%06d", n), nil)
	}
	asked, seen := erp.BillsAsked{Since: page.Mark}, map[string]bool{}
	for range 3 {
		page, err = biller.Bills(t.Context(), asked)
		require.NoError(t, err)
		for _, b := range page.Bills {
			seen[b.ID] = true
		}
		if asked.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	require.Len(t, seen, 151)
	require.True(t, seen["PINV-0007"], "what changed at the mark comes again")
}
