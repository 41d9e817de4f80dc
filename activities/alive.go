package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// beat is how often a long call says that its worker lives; well under the
// silence after which workflows.callERP has somebody else try.
const beat = 2 * time.Second

// alive tells Temporal that this worker lives, until the returned function is
// called: when it dies, the call is tried again soon and not only when its whole
// time is over.
func alive(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		ticks := time.NewTicker(beat)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return cancel
}
