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

// ReadMaster has the master data of a connection read. One that is under way already
// for the same run is a success.
//
// Safe to repeat. Errors: Busy engine.away.
func (e *Engine) ReadMaster(ctx context.Context, in activities.MasterInput) error {
	id := workflows.MasterDataID(in.Connection) + ":" + in.Run
	_, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.QueueApproval,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.MasterDataWorkflow, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil || errors.As(err, &already) {
		return nil
	}
	return fmt.Errorf("start %s: %w: %w", id, fault.New(fault.Busy, CodeAway), err)
}
