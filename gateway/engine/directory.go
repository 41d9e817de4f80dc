package engine

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/workflows"
)

// askedSuffix marks a run that somebody asked for; the schedule's have its time instead.
const askedSuffix = "-asked"

// SyncDirectory has a directory asked now. One that was asked for and runs already is
// the same run.
//
// Errors: Busy engine.away.
func (e *Engine) SyncDirectory(ctx context.Context, in workflows.DirectorySyncInput) (client.WorkflowRun, error) {
	run, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "directory-sync-" + in.Source + askedSuffix, TaskQueue: workflows.QueueApproval,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "directory " + in.Source,
	}, workflows.DirectorySyncWorkflow, in)
	if err != nil {
		return nil, fmt.Errorf("ask the directory %s: %w: %w", in.Source, fault.New(fault.Busy, CodeAway), err)
	}
	return run, nil
}

// AskDirectory is SyncDirectory for who does not wait.
func (e *Engine) AskDirectory(ctx context.Context, in workflows.DirectorySyncInput) error {
	_, err := e.SyncDirectory(ctx, in)
	return err
}

// SyncedDirectory is SyncDirectory to its end.
func (e *Engine) SyncedDirectory(ctx context.Context, in workflows.DirectorySyncInput) (
	activities.DirectoryRun, error) {
	var out activities.DirectoryRun
	run, err := e.SyncDirectory(ctx, in)
	if err == nil {
		err = run.Get(ctx, &out)
	}
	return out, err
}
