package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
)

// plan finds the route of the round and records it.
func (r *documentRun) plan(ctx workflow.Context) error {
	in := activities.RouteInput{
		Document: r.in.Document,
		Revision: r.file.Revision,
		Round:    r.file.Round,
		Seen:     r.file.SeenRevisions(),
	}
	attempt := r.file.PlanAttempt
	var plans *activities.Plans
	var routed activities.Routed
	ctxRoute := readRecords(ctx, fmt.Sprintf("find the route of round %d", in.Round))
	if err := workflow.ExecuteLocalActivity(ctxRoute, plans.Route, in).Get(ctx, &routed); err != nil {
		return err
	}
	if routed.Plan == nil {
		return r.apply(ctx, approval.Unplanned{
			Round: in.Round, Attempt: attempt, Code: routed.Code, Admins: routed.Admins,
		})
	}
	return r.apply(ctx, approval.Planned{Plan: *routed.Plan, Attempt: attempt, Changed: routed.Changed})
}

// staff finds the approvers of a step that was reached.
func (r *documentRun) staff(ctx workflow.Context, step approval.Step) error {
	in := activities.StaffInput{
		Document: r.in.Document, Revision: r.file.Revision, Round: r.file.Round, Step: step.ID,
		Policy: r.file.Plan.Policy, Version: r.file.Plan.PolicyVersion, Apart: r.file.Apart(step.ID),
		Counted: r.file.Plan.Counted,
	}
	found := approval.Staffed{Round: in.Round, Step: in.Step, N: r.file.Staffings}
	var plans *activities.Plans
	var staffed activities.StepStaff
	ctxStaff := readRecords(ctx, "find who decides "+in.Step)
	if err := workflow.ExecuteLocalActivity(ctxStaff, plans.Staff, in).Get(ctx, &staffed); err != nil {
		return err
	}
	found.Approvers, found.OrgVersion, found.Code = staffed.Approvers, staffed.OrgVersion, staffed.Code
	return r.apply(ctx, found)
}

// takeOver finds who gets an overdue task, where its step passes it on.
func (r *documentRun) takeOver(ctx workflow.Context, task string) ([]approval.Approver, error) {
	late, step, found := r.overdue(task)
	if !found {
		return nil, nil
	}
	do := step.OnTimeout.Do
	if do != approval.TimeoutEscalate && do != approval.TimeoutReassign {
		return nil, nil
	}
	in := activities.NextApproverInput{
		From:       late.Assignee,
		Interested: r.file.Plan.Interested,
		Entity:     r.file.Entity,
	}
	if do == approval.TimeoutReassign {
		in.Role = step.OnTimeout.Role
	}
	var plans *activities.Plans
	var next activities.NextApprovers
	err := workflow.ExecuteLocalActivity(readRecords(ctx, "find who takes over"), plans.NextApprover, in).Get(ctx, &next)
	return next.To, err
}

// overdue finds an open task and its step in the plan.
func (r *documentRun) overdue(task string) (approval.Task, approval.Step, bool) {
	if r.file.Plan == nil {
		return approval.Task{}, approval.Step{}, false
	}
	for _, t := range r.file.Tasks {
		if t.ID != task {
			continue
		}
		for _, step := range r.file.Plan.Steps {
			if step.ID == t.Step {
				return t, step, true
			}
		}
	}
	return approval.Task{}, approval.Step{}, false
}
