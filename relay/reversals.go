package relay

import (
	"context"

	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// drainReversals has approved reversals carried out. A row stays until the books
// answered, so that nothing has to be written of its start.
func (r *Relay) drainReversals(ctx context.Context) bool {
	starts, ok := claim(ctx, r, "reversals", r.batch(startsBatch), r.Book.ClaimReversals)
	if !ok {
		return false
	}
	each(starts, startsAtOnce, func(start store.ReversalStart) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeMax)
		defer cancel()
		err := r.Engine.Reverse(ctx, engine.ReversalStart(start))
		crash.At("reversal.delivered")
		r.Count.done(&r.Count.starts, err)
		r.report(err, "a reversal was not started", "reference", start.Reference, "attempt", start.Attempt)
	})
	return len(starts) == r.batch(startsBatch)
}
