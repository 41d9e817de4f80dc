package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// DirectorySyncInput says which directory to ask, and who asked for that.
type DirectorySyncInput struct {
	Source  string `json:"source"`
	AskedBy string `json:"asked_by,omitempty"` // a person; "" for the schedule
	DryRun  bool   `json:"dry_run,omitempty"`
}

// DirectorySync asks a company's directory once, and makes our organisation follow. It
// is started by its schedule, or by an administrator.
//
// A directory that does not answer, or whose listing is refused, is an outcome of the
// run and no error: the next one asks anew.
func DirectorySync(ctx workflow.Context, in DirectorySyncInput) (activities.DirectoryRun, error) {
	run := workflow.GetInfo(ctx).WorkflowExecution.RunID
	var out activities.DirectoryRun
	asked := activities.SyncDirectoryInput{Run: run, Source: in.Source, AskedBy: in.AskedBy, DryRun: in.DryRun}
	err := workflow.ExecuteActivity(askDirectory(ctx, "ask the directory "+in.Source), SyncDirectory, asked).Get(ctx, &out)
	if err == nil || temporal.IsCanceledError(err) {
		return out, err
	}
	failed := activities.FailDirectoryInput{Run: run, Source: in.Source, Code: fault.CodeOf(wire.In(err))}
	err = workflow.ExecuteActivity(askDirectory(ctx, "note that it failed"), FailDirectory, failed).Get(ctx, &out)
	return out, err
}
