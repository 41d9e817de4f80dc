package port

import (
	"context"
	"math/rand/v2"
	"time"
)

// How long a Streamer that lost its connection waits: from the first to the most,
// doubling, half of it by chance so that replicas do not come back together.
const (
	againFirst = time.Second
	againMost  = time.Minute
	steadyFor  = time.Minute // a connection that held this long starts the waiting anew
)

// KeepListening calls Listen until the context ends; lost is told why each time.
func KeepListening(ctx context.Context, s Streamer, hear func(context.Context, Click) Toast, lost func(error)) {
	wait := againFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := s.Listen(ctx, hear)
		if ctx.Err() != nil {
			return
		}
		lost(err)
		if err == nil || time.Since(began) >= steadyFor {
			wait = againFirst
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
		wait = min(2*wait, againMost)
	}
}
