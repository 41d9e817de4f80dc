package engine

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/workflows"
)

// Reconcile has both sides of a connection compared. The run is its id.
//
// Safe to repeat. Errors: Busy engine.away.
func (e *Engine) Reconcile(ctx context.Context, in activities.ReconcileInput) error {
	return e.begin(ctx, "reconcile:"+in.Run, workflows.ReconcileWorkflow, in)
}

// PostAgain has a ruling carried out.
//
// Safe to repeat. Errors: Busy engine.away.
func (e *Engine) PostAgain(ctx context.Context, in activities.PostAgainInput) error {
	return e.begin(ctx, "post-again:"+in.Ruling, workflows.PostAgainWorkflow, in)
}

// begin starts a workflow, once for its id, unless it failed before.
func (e *Engine) begin(ctx context.Context, id, workflow string, in any) error {
	_, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.QueueApproval,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflow, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil || errors.As(err, &already) {
		return nil
	}
	return fmt.Errorf("start %s: %w: %w", id, fault.New(fault.Busy, CodeAway), err)
}
