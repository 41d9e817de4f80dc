package worker_test

import (
	"context"
	"sync"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// outbox holds starts for a relay.
type outbox struct {
	mu     sync.Mutex
	starts []store.Start
	open   int
}

func (o *outbox) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.starts) == 0 && o.open == 0
}

func (o *outbox) ClaimStarts(_ context.Context, limit int) ([]store.Start, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(limit, len(o.starts))
	claimed := o.starts[:n]
	o.starts = o.starts[n:]
	o.open += n
	return claimed, nil
}

func (o *outbox) StartDone(context.Context, string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	return nil
}

func (o *outbox) ClaimActs(context.Context, int) ([]store.ActRef, error) { return nil, nil }
func (o *outbox) RefuseAct(_ context.Context, _ string, a approval.Outcome) (approval.Outcome, error) {
	return a, nil
}
func (o *outbox) ClaimNotices(context.Context, int) ([]store.Notice, error) { return nil, nil }
func (o *outbox) NoticeSent(context.Context, string) error                  { return nil }
func (o *outbox) NoticeFailed(context.Context, string, string) error        { return nil }
