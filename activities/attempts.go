package activities

import (
	"context"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// AttemptStore is the part of the store that remembers what was sent.
type AttemptStore interface {
	StartAttempt(ctx context.Context, reference, op, requestHash string, before store.Ended) (store.Attempt, error)
	FinishAttempt(ctx context.Context, a store.Attempt, class, detail string) error
}

// attempts is the store as the ERP's recipe wants it, for one call of it.
//
// That a request went well is written together with what comes next, the next
// request or the voucher. A worker that dies before leaves the request without an
// end, and who finds its work in the books ends it.
type attempts struct {
	store AttemptStore
	hash  string        // of the voucher that is sent
	last  store.Attempt // before this call
	ended store.Ended   // well, and not written yet
}

// LastAttempt returns the newest attempt, No 0 for none.
func (a *attempts) LastAttempt(context.Context, string) (erp.Attempt, error) {
	return attemptOf(a.last), nil
}

// StartAttempt records the next attempt. Where it is not the one after `after`,
// somebody else is at work: it is ended as unknown, though nothing was sent, so
// that both wait until whatever the other sent has settled.
func (a *attempts) StartAttempt(ctx context.Context, reference string, op erp.Op, after int) (erp.Attempt, error) {
	if op == erp.OpPost && a.last.Op == string(erp.OpCreate) {
		a.foundDone() // there is a draft to post
	}
	begun, err := a.store.StartAttempt(ctx, reference, string(op), a.hash, a.ended)
	if err != nil {
		return erp.Attempt{}, err
	}
	a.last, a.ended = begun, store.Ended{}
	if begun.N != after+1 {
		_ = a.store.FinishAttempt(ctx, begun, string(erp.ClassUnknown), "not sent: another attempt is at work")
		return erp.Attempt{}, fault.New(fault.Busy, erp.CodeSettling, fault.Arg("reference", reference))
	}
	return attemptOf(begun), nil
}

// FinishAttempt records how it ended.
func (a *attempts) FinishAttempt(ctx context.Context, done erp.Attempt, class erp.Class, detail string) error {
	if class == erp.ClassOK {
		a.ended = store.Ended{N: done.No, Class: string(class), Detail: detail}
		return nil
	}
	return a.store.FinishAttempt(ctx, store.Attempt{
		Reference: done.Reference, N: done.No, Op: string(done.Op),
		RequestHash: a.hash, StartedAt: done.StartedAt,
	}, string(class), detail)
}

// foundDone ends the last attempt where nobody kept its end and its work was found.
func (a *attempts) foundDone() {
	if a.ended.N == 0 && a.last.N > 0 && a.last.Class == "" {
		a.ended = store.Ended{N: a.last.N, Class: string(erp.ClassOK), Detail: "found in the books"}
	}
}

// end writes down by itself how the last request ended, where nothing else is written
// with it.
func (a *attempts) end(ctx context.Context, reference string) error {
	if a.ended.N == 0 {
		return nil
	}
	return a.store.FinishAttempt(ctx, store.Attempt{Reference: reference, N: a.ended.N}, a.ended.Class, a.ended.Detail)
}

func attemptOf(s store.Attempt) erp.Attempt {
	return erp.Attempt{
		Reference: s.Reference, No: s.N, Op: erp.Op(s.Op), StartedAt: s.StartedAt,
		Class: erp.Class(s.Class), Detail: s.Detail,
	}
}
