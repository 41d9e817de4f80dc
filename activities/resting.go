package activities

import (
	"context"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// A thousand documents must not wake an ERP together. Whoever waits for it comes back
// after it, spread over as long a time again for each attempt so far.
const (
	spreadLeast = time.Second
	spreadMost  = 5 * time.Minute
)

// later has an activity tried again when the books are said to be there again.
func later(ctx context.Context, err error, until time.Time) error {
	f, _ := fault.As(err)
	wait, words := max(time.Until(until), spreadLeast), "an earlier request may still arrive until "
	if connection := f.Args["connection"]; connection != "" {
		wait = spread(wait, activity.GetInfo(ctx).Attempt)
		words = "the ERP of " + connection + " rests until "
	}
	words += until.UTC().Format(time.DateTime) + " UTC (" + f.Code + ")"
	activity.GetLogger(ctx).Info("not now: " + words)
	return wire.Later(err, wait, words)
}

// spread adds to a wait.
func spread(wait time.Duration, attempt int32) time.Duration {
	return wait + rand.N(min(time.Duration(attempt)*min(wait, spreadMost), spreadMost))
}

// ask has the books asked for something, as far as the gate before them lets it through.
func ask[T any](l Ledger, do func() (T, error)) (T, error) {
	leave, err := l.Gate.Enter()
	if err != nil {
		var none T
		return none, err
	}
	answer, err := do()
	return answer, leave(err)
}
