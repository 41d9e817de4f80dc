package activities

import (
	"context"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// StaffInput says which step of a document was reached, and by which version of
// which policy it is staffed: the one of its plan.
type StaffInput struct {
	Document string `json:"document"`
	Revision int    `json:"revision"`
	Round    int    `json:"round"`
	Step     string `json:"step"`
	Policy   string `json:"policy"`
	Version  int    `json:"version"`

	// Apart is who has a part in the steps that need other humans, by step.
	Apart map[string][]string `json:"apart"`

	// Counted is what the plan counted: its steps go by that sum, whenever they are
	// reached.
	Counted *approval.Counted `json:"counted,omitempty"`
}

// StepStaff is who decides a step, or why nobody was found.
type StepStaff struct {
	Approvers  []approval.Approver `json:"approvers,omitempty"`
	OrgVersion int64               `json:"org_version"`
	Code       string              `json:"code,omitempty"` // a fault's code, where there is nobody
}

// Staff finds the approvers of a step when it is reached, with the organisation as
// of now. What finds nobody is an answer, not an error: the step then waits in the
// admin queue, never approved by an error.
//
// Safe to repeat, though the organisation may be another by then; those who count
// are the ones recorded. Errors: Busy.
func (p *Plans) Staff(ctx context.Context, in StaffInput) (StepStaff, error) {
	people, err := p.Book.Snapshot(ctx, 0)
	if err != nil {
		return StepStaff{}, answer(ctx, err)
	}
	content, err := p.claimed(ctx, in.Document, in.Revision)
	if err != nil {
		return StepStaff{}, answer(ctx, err)
	}
	staffed := StepStaff{OrgVersion: people.Version}
	staffed.Approvers, err = p.staff(ctx, in, content, people)
	if kind := fault.KindOf(err); kind == fault.Busy || kind == fault.Unknown {
		return StepStaff{}, answer(ctx, err)
	}
	if err != nil {
		_ = answer(ctx, err) // logged; people see the code
		staffed.Code = codeOf(err)
	}
	return staffed, nil
}

func (p *Plans) staff(
	ctx context.Context, in StaffInput, content document.Content, people *org.Snapshot,
) ([]approval.Approver, error) {
	row, err := p.Book.PolicyVersion(ctx, kindPolicy, in.Policy, in.Version)
	if err != nil {
		return nil, err
	}
	reached := RouteInput{Document: in.Document, Revision: in.Revision, Round: in.Round, Counted: in.Counted}
	return withBooks(ctx, p, row, reached, content, people, func(route policy.RouteInput) ([]approval.Approver, error) {
		route.Asked = in.Apart
		return policy.Staff(route, in.Step)
	})
}
