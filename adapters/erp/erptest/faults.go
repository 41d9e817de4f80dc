package erptest

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
)

func adoptsAfterLostCreate(t *testing.T, f Fixture) {
	for _, broken := range []Fault{DropAfter, ResetAfter, Truncate, ErrorAfter} {
		ctx, ref, book := context.Background(), reference(t), NewBook()
		f.Proxy.Once(f.Creates, broken)
		_, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
		requireCode(t, err, erp.CodeUnknown)
		require.Equal(t, fault.Unknown, fault.KindOf(err))
		requireCreated(t, f, ref, 1)

		found, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
		require.NoError(t, err, broken)
		require.Equal(t, erp.Posted, found.State)
		requireCount(t, f, ref, 0, 1)
		creates := 0
		for _, a := range book.Attempts(ref) {
			if a.Op == erp.OpCreate {
				creates++
			}
		}
		require.Equal(t, 1, creates, "adopted, not created again")
	}
}

func adoptsAfterLostPost(t *testing.T, f Fixture) {
	if f.Port.Capabilities().PostsAtOnce {
		t.Skip("this ERP has no drafts to post")
	}
	ctx, ref, book := context.Background(), reference(t), NewBook()
	f.Proxy.Once(f.Posts, DropAfter)
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
	requireCode(t, err, erp.CodeUnknown)
	requireCount(t, f, ref, 0, 1)
	found, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
	require.NoError(t, err)
	require.Equal(t, erp.Posted, found.State)
	requireCount(t, f, ref, 0, 1)
}

func settlesBeforeCreatingAgain(t *testing.T, f Fixture) {
	ctx, ref, book := context.Background(), reference(t), NewBook()
	f.Proxy.Once(f.Creates, DropBefore) // it never arrives, but nobody can know
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	requireCode(t, err, erp.CodeUnknown)
	sent := book.Attempts(ref)[0].StartedAt
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	requireCode(t, err, erp.CodeSettling)
	require.Equal(t, fault.Busy, fault.KindOf(err))
	requireCount(t, f, ref, 0, 0)
	time.Sleep(time.Until(sent.Add(f.Settle)))
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	require.NoError(t, err)
	requireCount(t, f, ref, 0, 1)
}

func survivesGarbage(t *testing.T, f Fixture) {
	ctx, ref, book := context.Background(), reference(t), NewBook()
	f.Proxy.Once(f.Creates, Garbage)
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	requireCode(t, err, erp.CodeUnknown)
	f.Proxy.Set(func(*http.Request, []byte) Fault { return Garbage })
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	require.Equal(t, fault.Busy, fault.KindOf(err), "a question without an answer: %v", err)
	f.Proxy.Set(nil)
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	require.NoError(t, err)
	requireCount(t, f, ref, 0, 1)
}

func busyWhenUnreachable(t *testing.T, f Fixture) {
	ctx, ref, book := context.Background(), reference(t), NewBook()
	f.Proxy.Set(func(*http.Request, []byte) Fault { return DropBefore })
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	require.Equal(t, fault.Busy, fault.KindOf(err), "%v", err)
	require.Empty(t, book.Attempts(ref), "nothing was sent that writes")
	f.Proxy.Set(nil)
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	require.NoError(t, err)
	requireCount(t, f, ref, 0, 1)
}

func concurrentCallsLeaveOne(t *testing.T, f Fixture) {
	const callers = 4
	ctx, ref, book := context.Background(), reference(t), NewBook()
	results := make([]erp.Found, callers)
	errs := make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { results[i], errs[i] = f.Until(ctx, book, f.Voucher(ref, 5000)) })
	}
	all.Wait()
	for i := range callers {
		require.NoError(t, errs[i])
		require.Equal(t, results[0], results[i])
	}
	requireCount(t, f, ref, 0, 1)
}

func conflictStops(t *testing.T, f Fixture) {
	ctx, ref := context.Background(), reference(t)
	_, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5000))
	require.NoError(t, err)
	_, err = f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5001))
	requireCode(t, err, erp.CodeConflict)
	other := f.Voucher(ref, 5000)
	other.Entries[0].Account = f.Bank
	_, err = f.PostOnce(ctx, NewBook(), other)
	requireCode(t, err, erp.CodeConflict)
	requireCount(t, f, ref, 0, 1)
}

func ambiguityStops(t *testing.T, f Fixture) {
	if f.Port.Capabilities().UniqueReference {
		t.Skip("this ERP refuses a second voucher itself")
	}
	ctx, ref := context.Background(), reference(t)
	for range 2 {
		_, err := f.Port.Create(ctx, f.Voucher(ref, 5000))
		require.NoError(t, err)
	}
	_, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5000))
	requireCode(t, err, erp.CodeAmbiguous)
	requireCreated(t, f, ref, 2)
}
