package odoo_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/odoo/sim"
	"github.com/countersign/countersign/domain/money"
)

// TestBills proves that posted vendor bills are listed in either dialect, page by page and
// from a mark on; drafts, what is paid, even in part, and refunds are not.
func TestBills(t *testing.T) {
	for _, version := range []int{17, 19} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			books := sim.New(sim.Options{Version: version})
			server := httptest.NewServer(books)
			t.Cleanup(server.Close)
			p, err := erp.Open(config(server.URL))
			require.NoError(t, err)
			biller := p.(erp.Biller)
			books.Bill("BILL/0001", "2026-11-01 10:00:00", nil)
			books.Bill("BILL/0002", "2026-11-01 10:00:00", map[string]any{"state": "draft"})
			books.Bill("BILL/0003", "2026-11-01 10:00:00", map[string]any{"payment_state": "partial"})
			books.Bill("RBILL/0001", "2026-11-01 10:00:00", map[string]any{"move_type": "in_refund"})
			page, err := biller.Bills(t.Context(), erp.BillsAsked{})
			require.NoError(t, err)
			require.Len(t, page.Bills, 1)
			require.Equal(t, erp.Bill{ID: "1", Number: "BILL/0001", Invoice: "INV-BILL/0001", Supplier: "lin",
				SupplierName: page.Bills[0].SupplierName, Date: "2026-11-01", DueOn: "2026-12-01",
				Gross: money.Amount{Minor: 10600, Currency: "CNY"}, Tax: money.Amount{Minor: 600, Currency: "CNY"},
				Link: server.URL + "/web#model=account.move&view_type=form&id=1"}, page.Bills[0])
			require.Contains(t, page.Bills[0].SupplierName, "林 Lin")
			require.Equal(t, "2026-11-01 10:00:00", page.Mark)
			for n := range 120 {
				books.Bill(fmt.Sprintf("BILL/1%03d", n), fmt.Sprintf("2026-11-04 10:%02d:%02d", n/60, n%60), nil)
			}
			first, err := biller.Bills(t.Context(), erp.BillsAsked{Since: page.Mark})
			require.NoError(t, err)
			require.NotEmpty(t, first.Next)
			rest, err := biller.Bills(t.Context(), erp.BillsAsked{Since: page.Mark, Cursor: first.Next})
			require.NoError(t, err)
			require.Empty(t, rest.Next)
			require.Equal(t, 121, len(first.Bills)+len(rest.Bills), "what changed at the mark comes again")
		})
	}
}
