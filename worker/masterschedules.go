package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// masterPatience is how late a reading may begin that was due while Temporal was away.
const masterPatience = time.Hour

// ScheduleMasterData sees to it that the master data of each connection is read every
// so often; with 0 only when somebody asks, and a schedule that was there ends. One
// that is due while another is under way is skipped, and one that an operator paused
// stays paused. The first reading begins when the schedule is made, for until there
// is one nothing can be checked; so does one of what is behind: it can tell of more
// than was read. Otherwise a worker that starts again reads nothing.
//
// Every worker says so when it starts. Safe to repeat.
func ScheduleMasterData(
	ctx context.Context, c client.Client, connections, behind []string, every time.Duration,
) error {
	for _, connection := range connections {
		err := scheduleMasterData(ctx, c.ScheduleClient(), connection, slices.Contains(behind, connection), every)
		if err != nil {
			return fmt.Errorf("schedule the master data of %s: %w", connection, err)
		}
	}
	return nil
}

func scheduleMasterData(ctx context.Context, schedules client.ScheduleClient, one string, behind bool,
	every time.Duration) error {
	id := workflows.MasterDataID(one)
	if every == 0 {
		err := schedules.GetHandle(ctx, id).Delete(ctx)
		if gone := new(serviceerror.NotFound); errors.As(err, &gone) {
			return nil
		}
		return err
	}
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
	action := &client.ScheduleWorkflowAction{
		ID: id, Workflow: workflows.MasterDataWorkflow, TaskQueue: workflows.QueueApproval,
		Args: []any{activities.MasterInput{Connection: one}},
	}
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: masterPatience,
		TriggerImmediately: true,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	schedule := schedules.GetHandle(ctx, id)
	err = schedule.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			next := in.Description.Schedule
			next.Spec, next.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &next}, nil
		},
	})
	if err != nil || !behind {
		return err
	}
	return schedule.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP})
}
