package desk

import (
	"context"
	"log/slog"
	"time"
)

// Limits of the receipts.
const (
	receiptsEvery = 500 * time.Millisecond // well before the relay delivers an act again
	receiptsMost  = 1000                   // waiting to be written; what is over it the relay delivers again
)

// Receipts notes which acts Temporal has for good, many in one write: the answer to
// somebody need not wait for it, and a receipt that is lost only makes the relay
// deliver the act once more.
type Receipts struct {
	acts chan string
}

// NewReceipts makes receipts that Run writes.
func NewReceipts() *Receipts { return &Receipts{acts: make(chan string, receiptsMost)} }

// add notes an act. Nil notes nothing.
func (r *Receipts) add(act string) {
	if r == nil {
		return
	}
	select {
	case r.acts <- act:
	default:
	}
}

// Run writes what was noted until ctx ends, and then the rest.
func (r *Receipts) Run(ctx context.Context, write func(ctx context.Context, acts []string) error) {
	tick := time.NewTicker(receiptsEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		if err := write(context.WithoutCancel(ctx), r.noted()); err != nil {
			slog.WarnContext(ctx, "which acts were delivered was not written; the relay delivers them again",
				"error", err.Error())
		}
	}
}

// noted takes what is there.
func (r *Receipts) noted() []string {
	var acts []string
	for range len(r.acts) {
		acts = append(acts, <-r.acts)
	}
	return acts
}
