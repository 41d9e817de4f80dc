package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
)

// hearWorld answers what the world tells a document, one thing after another: a
// calendar has a new version, somebody left. As with acts, it never blocks in Receive.
func (r *documentRun) hearWorld(ctx workflow.Context) {
	for workflow.Await(ctx, func() bool { return r.world[0].Len()+r.world[1].Len() > 0 }) == nil {
		var calendar CalendarChanged
		var directory DirectoryChanged
		var err error
		r.answering++
		switch {
		case r.world[0].ReceiveAsync(&calendar):
			err = r.recount(ctx, calendar)
		case r.world[1].ReceiveAsync(&directory):
			err = r.handOver(ctx)
		}
		r.answering--
		if err != nil {
			workflow.GetLogger(ctx).Error("the document did not follow the world", "error", err)
		}
	}
}

// recount counts the open deadlines anew by a calendar that changed. What was
// recorded meanwhile is looked at again.
func (r *documentRun) recount(ctx workflow.Context, told CalendarChanged) error {
	if err := workflow.Await(ctx, r.loaded); err != nil {
		return err
	}
	for range behindMax {
		tasks := r.file.Recountable(told.Calendar, told.Version, workflow.Now(ctx))
		if len(tasks) == 0 {
			return nil
		}
		var records *activities.Records
		var got activities.Recounts
		in := activities.RecountInput{Calendar: told.Calendar, Tasks: tasks}
		err := workflow.ExecuteLocalActivity(readRecords(ctx, "count deadlines anew"), records.Recount, in).Get(ctx, &got)
		if err != nil {
			return err
		}
		seq := r.file.Seq
		for _, task := range got.Tasks {
			if err := r.apply(ctx, task); err != nil {
				return err
			}
		}
		if r.file.Seq == seq {
			return nil // what was counted stands, or moved on by itself
		}
	}
	return nil
}

// handOver passes on what waits for people who left, and lets go on what they
// stopped. An act that came before it is applied first.
func (r *documentRun) handOver(ctx workflow.Context) error {
	if err := workflow.Await(ctx, r.loaded); err != nil {
		return err
	}
	for range behindMax {
		in := activities.HeirsFor(r.file)
		if len(in.Tasks) == 0 && in.StoppedBy == "" {
			return nil
		}
		var plans *activities.Plans
		var got activities.Heirs
		err := workflow.ExecuteLocalActivity(readRecords(ctx, "find who takes over from leavers"), plans.Heirs, in).
			Get(ctx, &got)
		if err != nil {
			return err
		}
		seq, stopped := r.file.Seq, r.file.Stopped
		if got.StopperLeft && stopped != nil {
			if err := r.applyAfterActs(ctx, approval.LetGo{By: in.StoppedBy, At: stopped.At}); err != nil {
				return err
			}
		}
		for _, task := range got.Tasks {
			if err := r.applyAfterActs(ctx, task); err != nil {
				return err
			}
		}
		if r.file.Seq == seq {
			return nil
		}
	}
	return nil
}
