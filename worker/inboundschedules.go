package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// InboundSchedule is when a source of documents is asked.
type InboundSchedule struct {
	Source, Connection string
	Cron               string // in Zone; "" = Every
	Every              time.Duration
	Zone               string
}

// KeepInboundSchedules makes the schedules of the sources that we ask ourselves what the
// configuration says, as KeepSchedules does.
//
// Safe to repeat, and at once from several workers.
func KeepInboundSchedules(ctx context.Context, c client.Client, wanted []InboundSchedule) error {
	var all []scheduled
	for _, w := range wanted {
		all = append(all, scheduled{workflows.CollectionID(w.Source), specOf(w.Cron, w.Every, w.Zone),
			&client.ScheduleWorkflowAction{
				ID: workflows.CollectionID(w.Source), Workflow: workflows.CollectWorkflow, TaskQueue: workflows.QueueApproval,
				Args: []any{activities.CollectInput{Source: w.Source, Connection: w.Connection}},
			}})
	}
	return keepAll(ctx, c, workflows.CollectionPrefix, all)
}
