package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
)

// Limits of a reading of master data. It only asks, so it is tried for long: the ERP
// may be away for a night's maintenance.
const (
	masterTimeMax  = 15 * time.Minute
	masterPause    = 10 * time.Second
	masterPauseMax = 10 * time.Minute
	masterAttempts = 30 // about four hours; the next is due soon
)

// MasterData reads the master data of one ERP connection once. It is started by a
// Temporal Schedule, or by a person. What would break something in use is kept with
// the run and waits for somebody; nothing here waits for them. 主数据同步
func MasterData(ctx workflow.Context, in activities.MasterInput) (activities.MasterOutcome, error) {
	if in.Run == "" { // of the schedule
		in.Run = workflow.GetInfo(ctx).WorkflowExecution.RunID
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOf(in.Connection),
		ScheduleToStartTimeout: waitsFor(in.Connection),
		StartToCloseTimeout:    masterTimeMax,
		HeartbeatTimeout:       postSilence,
		Summary:                "read the master data of " + in.Connection,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: masterPause, BackoffCoefficient: 2,
			MaximumInterval: masterPauseMax, MaximumAttempts: masterAttempts,
		},
	})
	var outcome activities.MasterOutcome
	err := workflow.ExecuteActivity(ctx, SyncMaster, in).Get(ctx, &outcome)
	return outcome, err
}
