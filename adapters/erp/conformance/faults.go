package conformance

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
)

func adoptsAfterLostCreate(t T, f Fixture) {
	for _, broken := range []Fault{DropAfter, ResetAfter, Truncate, ErrorAfter} {
		ctx, ref, book := context.Background(), Reference(), NewBook()
		f.Proxy.Once(f.Creates, broken)
		_, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
		isCode(t, err, erp.CodeUnknown)
		equal(t, fault.Unknown, fault.KindOf(err))
		countCreated(t, f, ref, 1)

		found, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
		noError(t, err, broken)
		equal(t, erp.Posted, found.State)
		count(t, f, ref, 0, 1)
		creates := 0
		for _, a := range book.Attempts(ref) {
			if a.Op == erp.OpCreate {
				creates++
			}
		}
		equal(t, 1, creates, "adopted, not created again")
	}
}

func adoptsAfterLostPost(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	f.Proxy.Once(f.Posts, DropAfter)
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
	isCode(t, err, erp.CodeUnknown)
	count(t, f, ref, 0, 1)
	found, err := f.PostOnce(ctx, book, f.Voucher(ref, 12850))
	noError(t, err)
	equal(t, erp.Posted, found.State)
	count(t, f, ref, 0, 1)
}

func settlesBeforeCreatingAgain(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	f.Proxy.Once(f.Creates, DropBefore) // it never arrives, but nobody can know
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	isCode(t, err, erp.CodeUnknown)
	sent := book.Attempts(ref)[0].StartedAt
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	isCode(t, err, erp.CodeSettling)
	equal(t, fault.Busy, fault.KindOf(err))
	count(t, f, ref, 0, 0)
	time.Sleep(time.Until(sent.Add(f.Settle)))
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	noError(t, err)
	count(t, f, ref, 0, 1)
}

func survivesGarbage(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	f.Proxy.Once(f.Creates, Garbage)
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	isCode(t, err, erp.CodeUnknown)
	f.Proxy.Set(func(*http.Request, []byte) Fault { return Garbage })
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	equal(t, fault.Busy, fault.KindOf(err), "a question without an answer: %v", err)
	f.Proxy.Set(nil)
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	noError(t, err)
	count(t, f, ref, 0, 1)
}

func busyWhenUnreachable(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	f.Proxy.Set(func(*http.Request, []byte) Fault { return DropBefore })
	_, err := f.PostOnce(ctx, book, f.Voucher(ref, 300))
	equal(t, fault.Busy, fault.KindOf(err), "%v", err)
	length(t, book.Attempts(ref), 0, "nothing was sent that writes")
	f.Proxy.Set(nil)
	_, err = f.PostOnce(ctx, book, f.Voucher(ref, 300))
	noError(t, err)
	count(t, f, ref, 0, 1)
}

func concurrentCallsLeaveOne(t T, f Fixture) {
	const callers = 4
	ctx, ref, book := context.Background(), Reference(), NewBook()
	results := make([]erp.Found, callers)
	errs := make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { results[i], errs[i] = f.Until(ctx, book, f.Voucher(ref, 5000)) })
	}
	all.Wait()
	for i := range callers {
		noError(t, errs[i])
		equal(t, results[0], results[i])
	}
	count(t, f, ref, 0, 1)
}

func conflictStops(t T, f Fixture) {
	ctx, ref := context.Background(), Reference()
	_, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5000))
	noError(t, err)
	_, err = f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5001))
	isCode(t, err, erp.CodeConflict)
	other := f.Voucher(ref, 5000)
	other.Entries[0].Account = f.Bank
	_, err = f.PostOnce(ctx, NewBook(), other)
	isCode(t, err, erp.CodeConflict)
	count(t, f, ref, 0, 1)
}

func ambiguityStops(t T, f Fixture) {
	ctx, ref := context.Background(), Reference()
	for range 2 {
		_, err := f.Port.Create(ctx, f.Voucher(ref, 5000))
		noError(t, err)
	}
	_, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 5000))
	isCode(t, err, erp.CodeAmbiguous)
	countCreated(t, f, ref, 2)
}
