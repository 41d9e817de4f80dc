package desk

import (
	"context"
	"log/slog"
	"time"
)

const (
	batchMost  = 50              // rows claimed at once
	batchIdle  = time.Second     // between two looks when there is nothing
	batchPause = 5 * time.Second // after a failure of ours
)

// keepAt works off batch after batch until the context ends; once says how many rows of
// one it met.
func keepAt(ctx context.Context, what string, once func(context.Context) (int, error)) {
	for ctx.Err() == nil {
		worked, err := once(ctx)
		wait := time.Duration(0)
		switch {
		case err != nil && ctx.Err() == nil:
			slog.ErrorContext(ctx, what, "error", err.Error())
			wait = batchPause
		case worked == 0:
			wait = batchIdle
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// workOff does the rows of one batch. One that fails by our trouble is tried again later;
// it holds up none of the others. The first trouble is the answer.
func workOff[T any](ctx context.Context, rows []T, do func(context.Context, T) error) (int, error) {
	var trouble error
	for _, row := range rows {
		if err := do(ctx, row); err != nil && trouble == nil {
			trouble = err
		}
		if ctx.Err() != nil {
			break // what is left is claimed anew by another
		}
	}
	return len(rows), trouble
}
