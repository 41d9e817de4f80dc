package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// Nightly says when every connection is reconciled by itself.
type Nightly struct {
	Hour, Minute int
	Zone         string
}

// schedulePatience is how late a comparison may begin that was due while Temporal was
// away.
const schedulePatience = 12 * time.Hour

// ScheduleReconciliations sees to it that each connection is reconciled every night.
// Every worker says so when it starts. Safe to repeat.
func ScheduleReconciliations(ctx context.Context, c client.Client, connections []string, at Nightly) error {
	for _, connection := range connections {
		options := reconciliation(connection, at)
		_, err := c.ScheduleClient().Create(ctx, options)
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			err = c.ScheduleClient().GetHandle(ctx, options.ID).Update(ctx, client.ScheduleUpdateOptions{
				DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
					in.Description.Schedule.Spec = &options.Spec
					in.Description.Schedule.Action = options.Action
					return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
				},
			})
		}
		if err != nil {
			return fmt.Errorf("schedule the reconciliation of %s: %w", connection, err)
		}
	}
	return nil
}

func reconciliation(connection string, at Nightly) client.ScheduleOptions {
	id := "reconcile:" + connection
	return client.ScheduleOptions{
		ID: id,
		Spec: client.ScheduleSpec{TimeZoneName: at.Zone, Calendars: []client.ScheduleCalendarSpec{{
			Hour: []client.ScheduleRange{{Start: at.Hour}}, Minute: []client.ScheduleRange{{Start: at.Minute}},
		}}},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflows.ReconcileWorkflow, TaskQueue: workflows.QueueApproval,
			Args: []any{activities.ReconcileInput{Connection: connection}},
		},
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: schedulePatience,
	}
}
