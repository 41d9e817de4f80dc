package worker

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/workflows"
)

const (
	digestSchedule = "notice-digest"
	// digestEvery is how often digests are begun: zones differ by quarters of an hour.
	digestEvery = 15 * time.Minute
)

// ScheduleDigests sees to it that digests are begun. A run that was missed is made good by
// the next, so nothing is caught up. One that an operator paused stays paused.
//
// Every worker says so when it starts. Safe to repeat.
func ScheduleDigests(ctx context.Context, c client.Client) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: digestEvery}}}
	action := &client.ScheduleWorkflowAction{
		ID: digestSchedule, Workflow: workflows.DigestWorkflow, TaskQueue: workflows.QueueApproval,
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: digestSchedule, Spec: spec, Action: action, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: digestEvery,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.ScheduleClient().GetHandle(ctx, digestSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			next := in.Description.Schedule
			next.Spec, next.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &next}, nil
		},
	})
}
