package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/workflows"
)

// directorySchedule is the name of the schedule of a source, before its id.
const directorySchedule = "directory-sync-"

// catchUp is how late a run may still begin after an outage: a listing is whole, so a
// run that was missed longer ago is made good by the next.
const catchUp = time.Hour

// DirectorySchedule is when a directory is asked.
type DirectorySchedule struct {
	Source string
	Cron   string        // in Zone; "" = Every
	Every  time.Duration // with neither there is no schedule: it is asked on demand
	Zone   string
}

// KeepSchedules makes the schedules of directories what the configuration says: those
// that are missing are made, others are changed, and those of sources that are there
// no more are taken away. Runs never overlap: one that is due while another is under
// way is skipped.
//
// Safe to repeat, and at once from several workers.
func KeepSchedules(ctx context.Context, c client.Client, wanted []DirectorySchedule) error {
	var all []scheduled
	for _, w := range wanted {
		if w.Cron != "" || w.Every != 0 {
			all = append(all, scheduled{directorySchedule + w.Source, specOf(w.Cron, w.Every, w.Zone), w.action()})
		}
	}
	return keepAll(ctx, c, directorySchedule, all)
}

// scheduled is one schedule as it should be.
type scheduled struct {
	id     string
	spec   client.ScheduleSpec
	action *client.ScheduleWorkflowAction
}

// keepAll makes the schedules whose names begin with prefix those that are wanted.
func keepAll(ctx context.Context, c client.Client, prefix string, wanted []scheduled) error {
	schedules := c.ScheduleClient()
	var kept []string
	for _, w := range wanted {
		kept = append(kept, w.id)
		if err := w.keep(ctx, schedules); err != nil {
			return fmt.Errorf("the schedule %s: %w", w.id, err)
		}
	}
	list, err := schedules.List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return fmt.Errorf("listing schedules: %w", err)
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return fmt.Errorf("listing schedules: %w", err)
		}
		if !strings.HasPrefix(entry.ID, prefix) || slices.Contains(kept, entry.ID) {
			continue
		}
		var gone *serviceerror.NotFound // another worker was quicker; the list follows a moment later
		if err := schedules.GetHandle(ctx, entry.ID).Delete(ctx); err != nil && !errors.As(err, &gone) {
			return fmt.Errorf("ending the schedule %s: %w", entry.ID, err)
		}
	}
	return nil
}

func (w scheduled) keep(ctx context.Context, schedules client.ScheduleClient) error {
	_, err := schedules.Create(ctx, client.ScheduleOptions{ID: w.id, Spec: w.spec, Action: w.action,
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchUp})
	if err == nil || !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return schedules.GetHandle(ctx, w.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			next := in.Description.Schedule // with its state: one that somebody paused stays paused
			next.Spec, next.Action = &w.spec, w.action
			next.Policy.Overlap, next.Policy.CatchupWindow = enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, catchUp
			return &client.ScheduleUpdate{Schedule: &next}, nil
		},
	})
}

func specOf(cron string, every time.Duration, zone string) client.ScheduleSpec {
	if cron != "" {
		return client.ScheduleSpec{CronExpressions: []string{cron}, TimeZoneName: zone}
	}
	return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
}

func (w DirectorySchedule) action() *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: directorySchedule + w.Source, Workflow: workflows.DirectorySyncWorkflow, TaskQueue: workflows.QueueApproval,
		Args: []any{workflows.DirectorySyncInput{Source: w.Source}},
	}
}
