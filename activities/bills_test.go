package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/inbound"
)

// biller is an ERP that lists bills in two pages; what else it can is of no matter.
type biller struct {
	erp.Port
	breaks bool
}

func (b *biller) Bills(_ context.Context, asked erp.BillsAsked) (erp.BillPage, error) {
	if asked.Cursor == "" {
		bill := erp.Bill{ID: "7", Number: "BILL/7", Invoice: "INV-7", Supplier: "SUP002", SupplierName: "Lin", DueOn: "2026-12-01",
			Gross: money.Amount{Minor: 10600, Currency: "CNY"}, Tax: money.Amount{Minor: 600, Currency: "CNY"}, Link: "https://erp/7"}
		return erp.BillPage{Bills: []erp.Bill{bill}, Mark: "3", Next: "1"}, nil
	}
	if b.breaks {
		return erp.BillPage{}, fault.New(fault.Busy, "erp.unavailable")
	}
	return erp.BillPage{Mark: "2"}, nil
}

// TestABillIsAPaymentRequest as the shipped mapping reads it, with a link back; the mark
// moves when every page was read, and a port that lists none says so.
func TestABillIsAPaymentRequest(t *testing.T) {
	var got []byte
	take := func(item []byte) error { got = item; return nil }
	mark, err := activities.Bills(activities.Ledger{Port: &biller{}})(t.Context(), "1", take)
	require.NoError(t, err)
	require.Equal(t, "3", mark)
	text, err := config.Shipped.ReadFile("inbound/supplier_bill.yaml")
	require.NoError(t, err)
	mapping, err := inbound.Parse("supplier_bill.yaml", text)
	require.NoError(t, err)
	message, err := inbound.Read(got)
	require.NoError(t, err)
	made, err := mapping.Make(message)
	require.NoError(t, err)
	require.Equal(t, "Lin, BILL/7 · https://erp/7", made.Content.Reason)
	require.Equal(t, "SUP002", made.Content.Payee.ID)
	require.Len(t, made.Content.Lines, 1)
	require.Equal(t, []string{"106.00", "6.00", "INV-7"}, []string{made.Content.Lines[0].Amount.Text(),
		made.Content.Lines[0].Tax.Text(), made.Content.Lines[0].Invoice})
	var bare map[string]any
	require.NoError(t, json.Unmarshal(got, &bare))
	delete(bare, "link")
	shorter, err := json.Marshal(bare)
	require.NoError(t, err)
	message, err = inbound.Read(shorter)
	require.NoError(t, err)
	made, err = mapping.Make(message)
	require.NoError(t, err)
	require.Equal(t, "Lin, BILL/7", made.Content.Reason)

	mark, err = activities.Bills(activities.Ledger{Port: &biller{breaks: true}})(t.Context(), "1", take)
	require.Equal(t, []any{"1", fault.Busy}, []any{mark, fault.KindOf(err)})
	lost := errors.New("our own trouble")
	mark, err = activities.Bills(activities.Ledger{Port: &biller{}})(t.Context(), "1", func([]byte) error { return lost })
	require.Equal(t, "1", mark)
	require.ErrorIs(t, err, lost)
	_, err = activities.Bills(activities.Ledger{Port: struct{ erp.Port }{}})(t.Context(), "", take)
	f, _ := fault.As(err)
	require.Equal(t, []string{erp.CodeUnsupported, "bills"}, []string{f.Code, f.Args["what"]})
}
