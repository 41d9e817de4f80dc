package erp_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// twoSteps is an ERP where a draft is submitted, then audited, and where each step is
// refused to whoever comes second, as K3Cloud does.
type twoSteps struct {
	ledger
	status  string        // A draft, B submitted, C audited; "" deleted
	between chan struct{} // is waited for between both steps; nil = no wait
	waiting chan struct{} // is closed when somebody waits there
}

func (l *twoSteps) Post(ctx context.Context, f erp.Found) (erp.Found, error) {
	if l.status != "A" {
		return f, port.Fault(erp.CodeRefused, "its status is "+l.status)
	}
	l.status = "B"
	if l.between != nil {
		close(l.waiting)
		<-l.between
	}
	if l.status != "B" {
		return f, port.Fault(erp.CodeRefused, "its status is "+l.status)
	}
	l.status = "C"
	return l.ledger.Post(ctx, f)
}

// Discard deletes the draft.
func (l *twoSteps) Discard(context.Context, erp.Found) error {
	l.status, l.vouchers = "", nil
	return nil
}

// TestOnlyOnePosts proves that nobody is refused for another's work in the middle of
// posting the same draft, and that the draft is not deleted under that other's hands.
func TestOnlyOnePosts(t *testing.T) {
	books := &twoSteps{ledger: ledger{next: func() string { return "ok" }}, status: "A", between: make(chan struct{}),
		waiting: make(chan struct{})}
	in := erp.PostInput{Port: books, Voucher: sample("v:1:accrual:1", 100), Book: erptest.NewBook(), Settle: time.Minute,
		Now: time.Now}
	first := make(chan error, 1)
	go func() {
		_, err := erp.PostOnce(context.Background(), in)
		first <- err
	}()
	<-books.waiting
	_, err := erp.PostOnce(t.Context(), in)
	require.Equal(t, erp.CodeSettling, fault.CodeOf(err), "%v", err)
	close(books.between)
	require.NoError(t, <-first)
	found, err := erp.PostOnce(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, erp.Posted, found.State)
}

// TestARefusalAfterALostAnswerSaysNothing proves that a draft is left alone where an
// earlier request may be the reason of the refusal, and for no longer than that.
func TestARefusalAfterALostAnswerSaysNothing(t *testing.T) {
	now, book, v := time.Now(), erptest.NewBook(), sample("v:1:accrual:1", 100)
	book.Now = func() time.Time { return now }
	books := &twoSteps{ledger: ledger{next: func() string { return "ok" }}, status: "B"} // a late request has submitted it
	_, err := books.Create(t.Context(), v)
	require.NoError(t, err)
	lost, err := book.StartAttempt(t.Context(), v.Reference, erp.OpPost, 0)
	require.NoError(t, err)
	require.NoError(t, book.FinishAttempt(t.Context(), lost, erp.ClassUnknown, ""))
	in := erp.PostInput{Port: books, Voucher: v, Book: book, Settle: time.Minute, Now: book.Now}
	_, err = erp.PostOnce(t.Context(), in)
	require.Equal(t, erp.CodeSettling, fault.CodeOf(err), "%v", err)
	require.Len(t, books.vouchers, 1, "the draft is left alone")
	now = now.Add(time.Minute)
	_, err = erp.PostOnce(t.Context(), in)
	require.Equal(t, erp.CodeRefused, fault.CodeOf(err), "%v", err)
	require.Empty(t, books.vouchers, "a refused draft is deleted")
}
