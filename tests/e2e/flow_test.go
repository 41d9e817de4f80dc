// Package e2e walks documents through the whole house, over HTTP, on real servers.
package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

func expense(amount string) walk.Form {
	return walk.Form{Type: "expense", Title: "客户拜访差旅", Currency: "CNY", Urgency: "normal", Lines: []walk.Line{{
		Category: "travel", Description: "上海 – 杭州", Date: "2026-11-20", Amount: walk.Money{Amount: amount, Currency: "CNY"}}}}
}

func TestThreeApprovalsEndInAPostedVoucher(t *testing.T) {
	h := house.Start(t, house.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := h.As("lin").Submit(ctx, expense("1000.00"), "k1")
	require.NoError(t, err)
	for _, person := range []string{"wang", "zhao", "liu"} {
		decide(ctx, t, h, person, d.ID, "approve")
	}
	d, err = h.As("lin").Await(ctx, d.ID, func(d walk.Document) bool { return d.Status == "closed" })
	require.NoError(t, err)
	require.NotNil(t, d.Voucher)
	require.NotEmpty(t, d.Voucher.Number)
}

func decide(ctx context.Context, t *testing.T, h *house.House, person, document, act string) {
	t.Helper()
	for {
		task, found, err := h.As(person).TaskOn(ctx, document)
		require.NoError(t, err)
		if found {
			_, err = h.As(person).Decide(ctx, task, act, "", person+document+act)
			require.NoError(t, err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
