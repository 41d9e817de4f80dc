package relay

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// drainTellings finds whom a change of the world concerns, one batch at a time, and
// tells them.
func (r *Relay) drainTellings(ctx context.Context) bool {
	limit := r.batch(tellsBatch)
	found, err := r.Book.SpreadChanges(ctx, limit)
	if ctx.Err() == nil {
		r.report(err, "whom a change concerns was not found")
	}
	tellings, ok := claim(ctx, r, "tellings", limit, r.Book.ClaimTellings)
	if ok {
		each(tellings, tellsAtOnce, func(t store.Telling) { r.tell(ctx, t) })
	}
	return found >= limit || len(tellings) == limit
}

// tellProposals tells of proposals that expire soon, or did, and of rights that end.
func (r *Relay) tellProposals(ctx context.Context) bool {
	if time.Since(r.looked) < proposalsEvery {
		return false
	}
	limit := r.batch(tellsBatch)
	found, err := r.Book.TellProposals(ctx, limit)
	if ctx.Err() == nil {
		r.report(err, "the end of a proposal was not told")
	}
	ending, err := r.Book.TellGrants(ctx, limit)
	if ctx.Err() == nil {
		r.report(err, "the end of a right was not told")
	}
	if found >= limit || ending >= limit {
		return true
	}
	r.looked = time.Now()
	return false
}

// tell tells one document. One that has its outcome needs nothing any more; one
// whose workflow was terminated is started again and told on the next turn.
func (r *Relay) tell(ctx context.Context, t store.Telling) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeMax)
	defer cancel()
	var err error
	if !t.Final {
		err = r.Engine.Tell(ctx, engine.Telling(t))
	}
	crash.At("telling.delivered")
	if f, ok := fault.As(err); ok && f.Code == engine.CodeFinal {
		err = r.startAgain(ctx, t.Document)
	}
	if err == nil {
		err = r.Book.TellingDone(ctx, t)
	}
	r.Count.done(&r.Count.tellings, err)
	r.report(err, "a document was not told", "document", t.Document, "kind", t.Kind)
}
