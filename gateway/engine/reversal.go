package engine

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/workflows"
)

// ReversalStart is an approved attempt to reverse a voucher. Its fields are those of
// store.ReversalStart.
type ReversalStart struct {
	Document, Number, Entity, Reference string

	Attempt int
}

// Reverse starts the workflow of an attempt.
//
// Safe to repeat: one that was started before, running or over, is a success; one that
// failed or was terminated is started again, and finds in the books what it left there.
// Errors: Busy engine.away.
func (e *Engine) Reverse(ctx context.Context, in ReversalStart) error {
	_, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       workflows.ReversalID(in.Reference, in.Attempt),
		TaskQueue:                                workflows.QueueApproval,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Priority:                                 temporal.Priority{PriorityKey: priorityNormal},
		StaticSummary:                            in.Number + ": reverse the voucher",
		StaticDetails:                            "Entity: " + in.Entity + "  \nReference: " + in.Reference,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.AttributeNumber.ValueSet(in.Number),
			workflows.AttributeEntity.ValueSet(in.Entity),
		),
	}, workflows.ReversalWorkflow, workflows.ReversalInput{
		Document: in.Document, Reference: in.Reference, Number: in.Number, Attempt: in.Attempt, Limits: e.Limits,
		Books: e.Connections[in.Entity],
	})
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil || errors.As(err, &already) {
		return nil
	}
	return fmt.Errorf("start %s: %w: %w", in.Reference, fault.New(fault.Busy, CodeAway), err)
}
