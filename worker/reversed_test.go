package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/workflows"
)

// undone is a voucher in some books that is to be reversed. The answer to the first
// request is lost; the books of a closed month refuse.
type undone struct {
	erp.Port
	mu       sync.Mutex
	original voucher.Voucher
	closed   bool
	booked   []erp.Found // reversals
	asked    int
	attempts int
	answers  chan store.ReversalAnswer
}

func newUndone() *undone {
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	return &undone{answers: make(chan store.ReversalAnswer, 10), original: voucher.Voucher{
		Reference: "v:d1:accrual:1", Document: "d1", Kind: voucher.Accrual, Revision: 1, Entity: "CN01", Date: "2026-11-20",
		Entries: []voucher.Entry{{Side: voucher.Debit, Account: "6602", Amount: yuan(100)},
			{Side: voucher.Credit, Account: "2241", Amount: yuan(100)}},
	}}
}

func (u *undone) activities() *activities.Reversals {
	return &activities.Reversals{Book: u, Ledgers: activities.Ledgers{"": {Port: u, Settle: time.Minute}}}
}

func (u *undone) Capabilities() erp.Capabilities { return erp.Capabilities{Reverse: true} }

func (u *undone) Find(_ context.Context, reference string) ([]erp.Found, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if reference == u.original.Reference {
		return []erp.Found{found(u.original)}, nil
	}
	return u.booked, nil
}

func (u *undone) Reverse(_ context.Context, _ erp.Found, _, date string) (erp.Found, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asked++; u.closed {
		return erp.Found{}, port.Fault(erp.CodeClosedPeriod, "已结账", fault.Arg("date", date))
	}
	u.booked = append(u.booked, found(u.original.Reversed(date)))
	return erp.Found{}, port.Fault(erp.CodeUnknown, "the line broke")
}

// found is a voucher as the books hold it.
func found(v voucher.Voucher) erp.Found {
	f := erp.Found{Reference: v.Reference, ID: "7", Number: "记-7", State: erp.Posted, Date: v.Date}
	for _, e := range v.Entries {
		f.Lines = append(f.Lines, port.LineOf(e))
	}
	f.Totals = port.Sum(f.Lines)
	return f
}

func (u *undone) Undo(_ context.Context, reference string) (store.Undoing, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	attempt, last := 0, store.Attempt{Reference: reference, N: u.attempts, Op: string(erp.OpReverse)}
	if u.closed {
		attempt, last.Class = 1, string(erp.ClassRefused)
	}
	return store.Undoing{Last: last, Document: "d1", Entity: "CN01", Original: u.original, State: reversal.State{
		Voucher: u.original.Reference, Reference: reference, Status: reversal.Approved, Attempt: attempt, Date: "2026-11-22",
	}}, nil
}

func (u *undone) SettleReversal(_ context.Context, a store.ReversalAnswer) error {
	u.answers <- a
	return nil
}
func (u *undone) BeginEffect(context.Context, store.EffectIntent) error { return nil }
func (u *undone) SaveVoucher(context.Context, store.VoucherRow, store.Ended) error {
	return nil
}
func (u *undone) StartAttempt(_ context.Context, reference, op, hash string, _ store.Ended) (store.Attempt, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.attempts++
	return store.Attempt{Reference: reference, N: u.attempts, Op: op, RequestHash: hash, StartedAt: time.Now()}, nil
}
func (u *undone) FinishAttempt(context.Context, store.Attempt, string, string) error { return nil }

// reverses has a voucher reversed on a real server, once although the answer is lost and
// the relay starts it twice; and hears from books that refuse.
func (h *house) reverses(t *testing.T) {
	ctx, reference := t.Context(), voucher.ReversalOf("v:d1:accrual:1")
	play := *h
	play.t = t
	attempt := func(name string, n int) store.ReversalAnswer {
		for range 2 {
			require.NoError(t, h.engine.Reverse(ctx, engine.ReversalStart{Document: "d1", Number: "EXP-2026-000001",
				Entity: "CN01", Reference: reference, Attempt: n}))
		}
		id := workflows.ReversalID(reference, n)
		require.NoError(t, h.client.GetWorkflow(ctx, id, "").Get(ctx, nil))
		play.replay(name, id)
		return <-h.undone.answers
	}
	require.Equal(t, store.ReversalAnswer{Reference: reference, Posted: true, Number: "记-7", ID: "7"}, attempt("reversed", 0))
	require.Equal(t, 1, h.undone.asked, "what was found is not booked again")

	h.undone.mu.Lock()
	h.undone.closed, h.undone.booked = true, nil
	h.undone.mu.Unlock()
	refused := attempt("reversal-refused", 1)
	require.False(t, refused.Posted)
	require.Equal(t, erp.CodeClosedPeriod, refused.Code)
	require.False(t, refused.Unanswered)
}
