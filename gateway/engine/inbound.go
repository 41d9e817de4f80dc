package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/workflows"
)

// CodeUnplanned says that no worker has made the schedule of a source yet.
const CodeUnplanned = "inbound.unplanned"

var _ = fault.Register(map[string]fault.Entry{CodeUnplanned: {Kind: fault.Busy}})

// Collect has a source read now by its own schedule, so that two readings never overlap:
// one that is under way is the one.
//
// Safe to repeat. Errors: Busy inbound.unplanned, engine.away.
func (e *Engine) Collect(ctx context.Context, source string) error {
	err := e.Client.ScheduleClient().GetHandle(ctx, workflows.CollectionID(source)).Trigger(ctx,
		client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP})
	return scheduled(source, err)
}

// NextCollection is when the schedule of a source has it read next; paused: not at all.
//
// Errors: Busy inbound.unplanned, engine.away.
func (e *Engine) NextCollection(ctx context.Context, source string) (next time.Time, paused bool, err error) {
	found, err := e.Client.ScheduleClient().GetHandle(ctx, workflows.CollectionID(source)).Describe(ctx)
	if err != nil {
		return time.Time{}, false, scheduled(source, err)
	}
	if found.Schedule.State != nil {
		paused = found.Schedule.State.Paused
	}
	if len(found.Info.NextActionTimes) > 0 {
		next = found.Info.NextActionTimes[0].UTC()
	}
	return next, paused, nil
}

func scheduled(source string, err error) error {
	if err == nil {
		return nil
	}
	code := CodeAway
	if gone := new(serviceerror.NotFound); errors.As(err, &gone) {
		code = CodeUnplanned
	}
	return fmt.Errorf("the schedule of the source %s: %w: %w", source, fault.New(fault.Busy, code), err)
}
