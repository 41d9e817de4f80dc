package worker_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// outbox holds starts for a relay, and gives those again that were not done.
type outbox struct {
	mu     sync.Mutex
	starts []store.Start
	open   map[string]store.Start
}

func (o *outbox) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.starts) == 0 && len(o.open) == 0
}

func (o *outbox) Due(context.Context, bool) (store.Due, error) { return store.Due{Starts: true}, nil }

func (o *outbox) ClaimStarts(_ context.Context, limit int) ([]store.Start, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.starts) == 0 {
		o.starts = slices.Collect(maps.Values(o.open))
	}
	n := min(limit, len(o.starts))
	claimed := o.starts[:n]
	o.starts = o.starts[n:]
	if o.open == nil {
		o.open = map[string]store.Start{}
	}
	for _, start := range claimed {
		o.open[start.Document] = start
	}
	return claimed, nil
}

func (o *outbox) ClaimReversals(context.Context, int) ([]store.ReversalStart, error) { return nil, nil }

func (o *outbox) StartOf(_ context.Context, document string) (store.Start, error) {
	return store.Start{Document: document}, nil
}

func (o *outbox) StartDone(_ context.Context, document string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, document)
	return nil
}

func (o *outbox) ClaimActs(context.Context, int) ([]store.ActRef, error) { return nil, nil }
func (o *outbox) ActsDelivered(context.Context, []string) error          { return nil }
func (o *outbox) RefuseAct(_ context.Context, _ string, a approval.Outcome) (approval.Outcome, error) {
	return a, nil
}

func (o *outbox) SpreadChanges(context.Context, int) (int, error)             { return 0, nil }
func (o *outbox) ClaimTellings(context.Context, int) ([]store.Telling, error) { return nil, nil }
func (o *outbox) TellingDone(context.Context, store.Telling) error            { return nil }
func (o *outbox) TellGrants(context.Context, int) (int, error)                { return 0, nil }
func (o *outbox) TellProposals(context.Context, int) (int, error)             { return 0, nil }
