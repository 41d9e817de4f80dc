package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
)

// Limits of a reconciliation. It only asks, so it is tried for long: the ERP may be
// away for a night's maintenance.
const (
	compareTimeMax  = 30 * time.Minute
	comparePause    = 10 * time.Second
	comparePauseMax = 10 * time.Minute
	compareAttempts = 30 // about four hours
)

// Reconcile compares our vouchers with those of one ERP company, a few days at a time,
// and keeps what differs. It is started by a Temporal Schedule, or by a person. 对账
//
// What could not be compared ends the reconciliation as failed, with its code on
// record; the error is that of the record itself.
func Reconcile(ctx workflow.Context, in activities.ReconcileInput) error {
	if in.Run == "" { // of the schedule
		in.Run = workflow.GetInfo(ctx).WorkflowExecution.RunID
	}
	var r *activities.Reconciliations
	ours, theirs := askERP(ctx, "reconcile "+in.Connection, ""), askERP(ctx, "compare with "+in.Connection, in.Connection)
	var begun activities.Begun
	if err := workflow.ExecuteActivity(ours, r.BeginReconciliation, in).Get(ctx, &begun); err != nil {
		return err
	}
	end := activities.EndReconciliationInput{Run: begun.Run}
	for _, span := range begun.Spans {
		var done activities.Compared
		err := workflow.ExecuteActivity(theirs, r.CompareDays, activities.CompareInput{
			DaySpan: span, Run: begun.Run, Connection: in.Connection,
		}).Get(ctx, &done)
		if err != nil {
			end.Code, end.Detail = unanswered(err)
			break
		}
		end.Ours, end.Theirs = end.Ours+done.Ours, end.Theirs+done.Theirs
	}
	if ctx.Err() != nil { // cancelled: it is over all the same
		ours, _ = workflow.NewDisconnectedContext(ours)
	}
	return workflow.ExecuteActivity(ours, r.EndReconciliation, end).Get(ctx, nil)
}

// PostAgain carries out what a person ruled on a difference: one posting, by the same
// recipe and under the same reference as ever.
func PostAgain(ctx workflow.Context, in activities.PostAgainInput) error {
	var r *activities.Reconciliations
	return call{
		activity: r.PostAgain, in: in, books: in.Connection, limits: Limits{PostAttempts: compareAttempts},
		summary: "post again",
	}.tell(ctx, nil)
}

// askERP is for calls that read a lot and change nothing outside.
func askERP(ctx workflow.Context, summary, books string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOf(books),
		ScheduleToStartTimeout: waitsFor(books),
		StartToCloseTimeout:    compareTimeMax,
		HeartbeatTimeout:       postSilence,
		Summary:                summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    comparePause,
			BackoffCoefficient: 2,
			MaximumInterval:    comparePauseMax,
			MaximumAttempts:    compareAttempts,
		},
	})
}
