package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// returned is a document that li sent back in the first round.
func returned(t *testing.T) *stream {
	r := planned(t, step(approval.AnyOf, "li"))
	require.NoError(t, r.do(r.act(approval.Return, "li")))
	return r
}

// resubmit is the act that names the next revision.
func (r *stream) resubmit(actor string) approval.Act {
	a := r.act(approval.Resubmit, actor)
	a.Revision, a.NewHash = r.state.Revision+1, "hash2"
	return a
}

func TestOnlySubmitterOrRequesterResubmitsAReturnedDocument(t *testing.T) {
	for _, tt := range []struct {
		name  string
		actor string
		edit  func(a *approval.Act)
		code  string
	}{
		{"the submitter", "sue", nil, ""},
		{"the requester", "rob", nil, ""},
		{"the payee", "pat", nil, "document.not_yours"},
		{"an approver", "li", nil, "document.not_yours"},
		{"the revision already seen", "sue", func(a *approval.Act) { a.Revision = 1 }, "document.revision_stale"},
		{"a revision too far", "sue", func(a *approval.Act) { a.Revision = 3 }, "document.revision_stale"},
		{"no hash", "sue", func(a *approval.Act) { a.NewHash = "" }, "act.hash_required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := returned(t)
			require.True(t, r.state.Wake().IsZero(), "the clock stops while it is returned")
			a := r.resubmit(tt.actor)
			if tt.edit != nil {
				tt.edit(&a)
			}
			require.Equal(t, tt.code, fault.CodeOf(r.do(a)))
			if tt.code != "" {
				require.Equal(t, approval.Returned, r.state.Status)
			}
		})
	}
	r := planned(t, step(approval.AnyOf, "li"))
	require.Equal(t, "document.not_returned", fault.CodeOf(r.do(r.resubmit("sue"))))
}

func TestANewRoundBeginsFromNothingOnTheNewContent(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.NoError(t, r.do(r.act(approval.Return, "wu")))
	require.NoError(t, r.do(r.resubmit("sue")))
	require.Equal(t, approval.DocumentResubmitted, r.last().Kind)
	require.Equal(t, "hash2", r.last().ContentHash)
	require.True(t, r.state.WantsPlan())
	require.Empty(t, r.state.Tasks)
	require.Nil(t, r.state.Plan)

	require.NoError(t, r.do(approval.Planned{Plan: plan(1, step(approval.AnyOf, "li"))}))
	require.True(t, r.state.WantsPlan(), "a plan of the round before is not wanted")
	require.NoError(t, r.do(approval.Planned{Plan: plan(2, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"))}))
	require.Equal(t, []string{"li"}, open(r.state), "an earlier yes counts no more")
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
	require.Equal(t, "v:d1:accrual:2", r.state.Effect.Reference)
	require.Equal(t, []string{"li", "wu"}, r.state.Deciders)
}

func TestRoundsHaveALimit(t *testing.T) {
	r := returned(t)
	for round := 2; round <= 50; round++ {
		require.NoError(t, r.do(r.resubmit("sue")))
		require.NoError(t, r.do(approval.Planned{Plan: plan(round, step(approval.AnyOf, "li"))}))
		require.NoError(t, r.do(r.act(approval.Return, "li")))
	}
	require.Equal(t, "document.too_many_rounds", fault.CodeOf(r.do(r.resubmit("sue"))))
	require.NoError(t, r.do(r.act(approval.Withdraw, "sue")))
}

func TestWithdraw(t *testing.T) {
	approve := func(r *stream) { require.NoError(t, r.do(r.act(approval.Approve, "li"))) }
	yesOfOne := func(r *stream) {
		a := r.act(approval.Approve, "wu")
		require.NoError(t, r.do(a))
	}
	for _, tt := range []struct {
		name   string
		before func(r *stream)
		actor  string
		reason string
		code   string
	}{
		{"freely before anybody decided", nil, "sue", "", ""},
		{"the requester may as well", nil, "rob", "", ""},
		{"nobody else", nil, "li", "I like to", "document.not_yours"},
		{"after a decision it needs a reason", yesOfOne, "sue", " ", "act.opinion_required"},
		{"with a reason after a decision", yesOfOne, "sue", "sold", ""},
		{"after a return too", func(r *stream) { require.NoError(t, r.do(r.act(approval.Return, "li"))) }, "sue", "sold", ""},
		{"never once approved", func(r *stream) { yesOfOne(r); approve(r) }, "sue", "sold", "document.too_late"},
		{"never once parked", func(r *stream) {
			yesOfOne(r)
			approve(r)
			require.NoError(t, r.do(approval.Settled{Reference: "v:d1:accrual:1", Code: "erp.refused"}))
		}, "sue", "sold", "document.too_late"},
		{"never once rejected", func(r *stream) { require.NoError(t, r.do(r.act(approval.Reject, "li"))) }, "sue",
			"sold", "document.final"},
		{"not twice", func(r *stream) { require.NoError(t, r.do(r.act(approval.Withdraw, "sue"))) }, "sue", "sold",
			"document.final"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, step(approval.AllOf, "li", "wu"))
			if tt.before != nil {
				tt.before(r)
			}
			a := r.act(approval.Withdraw, tt.actor)
			a.Opinion = tt.reason
			require.Equal(t, tt.code, fault.CodeOf(r.do(a)))
			if tt.code == "" {
				require.Equal(t, approval.Withdrawn, r.state.Status)
				require.Empty(t, r.state.OpenTasks())
			}
		})
	}
	r := newStream(t)
	require.NoError(t, r.do(r.act(approval.Withdraw, "sue")), "before it was routed")
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, step(approval.AnyOf, "li"))}))
	require.Equal(t, approval.Withdrawn, r.state.Status, "a plan that comes late changes nothing")
}

func TestAPlanIsWalked(t *testing.T) {
	auto := approval.Step{Need: approval.AutoApprove, Reason: "amount < 1000"}
	skip := approval.Step{Need: approval.Skip, Reason: "no travel"}
	r := planned(t, skip, auto, step(approval.AnyOf, "li"), skip, step(approval.AllOf, "wu"), auto)
	require.Equal(t, []string{
		approval.PlanMade, approval.StepSkipped, approval.StepAutoApproved, approval.StepOpened, approval.TaskOpened,
	}, r.kinds(1))
	waiting := r.state.WaitingSteps()
	require.Len(t, waiting, 1)
	require.Equal(t, "s3", waiting[0].ID)
	require.Equal(t, approval.SystemPolicy, r.last().Actor)

	n := len(r.events)
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.Equal(t, []string{
		approval.TaskWasApproved, approval.StepPassed, approval.StepSkipped, approval.StepOpened, approval.TaskOpened,
	}, r.kinds(n))
	n = len(r.events)
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, []string{
		approval.TaskWasApproved, approval.StepPassed, approval.StepAutoApproved, approval.DocumentApproved,
	}, r.kinds(n))
	require.True(t, r.state.WantsPosting())
	require.Empty(t, r.state.WaitingSteps())
}

func TestWithNothingToPostAnApprovedDocumentIsClosed(t *testing.T) {
	r := newStream(t)
	p := plan(1, step(approval.AnyOf, "li"))
	p.Then = []string{approval.ThenArchive}
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.Equal(t, approval.Closed, r.state.Status)
	require.Equal(t, approval.ClosedNoPosting, reason(t, r))
	require.Nil(t, r.state.Effect)
}

func TestAPlanThatNobodyCouldFollowWaitsForAnAdmin(t *testing.T) {
	many := make([]string, 101)
	for i := range many {
		many[i] = "p" + string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	for _, tt := range []struct {
		name  string
		steps []approval.Step
		code  string
	}{
		{"no steps: emptiness is never an approval", nil, "plan.no_steps"},
		{"nobody to decide", []approval.Step{step(approval.AnyOf)}, "plan.no_approver"},
		{"a nameless approver", []approval.Step{step(approval.AnyOf, "")}, "plan.no_approver"},
		{"the clock as an approver", []approval.Step{step(approval.AnyOf, approval.SystemDeadline)}, "plan.no_approver"},
		{"the submitter", []approval.Step{step(approval.AllOf, "li", "sue")}, "plan.interested_approver"},
		{"an alias of the submitter", []approval.Step{step(approval.AnyOf, "sue2")}, "plan.interested_approver"},
		{"no mode", []approval.Step{step("", "li")}, "plan.bad_step"},
		{"an unknown need", []approval.Step{{ID: "x", Need: "luck"}}, "plan.bad_step"},
		{"two steps of one name", []approval.Step{{ID: "x", Need: approval.Skip}, {ID: "x", Need: approval.Skip}},
			"plan.bad_step"},
		{"too many approvers", []approval.Step{step(approval.AllOf, many...)}, "plan.too_large"},
		{"too many steps", make([]approval.Step, 61), "plan.too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.steps {
				if tt.steps[i].Need == "" {
					tt.steps[i].Need = approval.Skip
				}
			}
			r := planned(t, tt.steps...)
			require.Equal(t, approval.Submitted, r.state.Status)
			require.Equal(t, tt.code, r.state.PlanFault)
			require.True(t, r.state.Stuck())
			require.False(t, r.state.WantsPlan())
			require.Equal(t, []string{queue}, r.state.Assignees())
			_, registered := fault.Lookup(tt.code)
			require.True(t, registered)
		})
	}
}

func TestAnAdminAsksForAFailedPlanAgain(t *testing.T) {
	r := newStream(t)
	first := approval.Unplanned{Round: 1, Code: "policy.no_approver", Admins: []string{"ada"}}
	require.Equal(t, "plan:1:0", first.Cause())
	require.NoError(t, r.do(first))
	require.Equal(t, "policy.no_approver", r.state.PlanFault)
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, step(approval.AnyOf, "li"))}), "late: it was answered")
	require.Equal(t, approval.Submitted, r.state.Status)

	for _, tt := range []struct {
		effect, ruling string
		attempt        int
		code           string
	}{
		{"plan:2", approval.RulingRetry, 0, "plan.resolve_stale"},
		{"plan:1", approval.RulingRetry, 1, "plan.resolve_stale"},
		{"plan:1", approval.RulingVoid, 0, "act.bad_ruling"},
		{"v:d1:accrual:1", approval.RulingRetry, 0, "voucher.not_parked"},
		{"plan:1", approval.RulingRetry, 0, ""},
		{"plan:1", approval.RulingRetry, 0, "plan.not_failed"},
	} {
		a := r.act(approval.Resolve, "ada")
		a.Effect, a.Ruling, a.Attempt = tt.effect, tt.ruling, tt.attempt
		require.Equal(t, tt.code, fault.CodeOf(r.do(a)), "%+v", tt)
	}
	require.True(t, r.state.WantsPlan())
	require.Equal(t, 1, r.state.PlanAttempt)
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, step(approval.AnyOf, "li"))}), "of the attempt before")
	require.True(t, r.state.WantsPlan())
	again := approval.Planned{Plan: plan(1, step(approval.AnyOf, "li")), Attempt: 1}
	require.Equal(t, "plan:1:1", again.Cause())
	require.NoError(t, r.do(again))
	require.Equal(t, approval.Pending, r.state.Status)
	require.False(t, r.state.Stuck())
}

// reason is the reason of the last event, of those that end or close.
func reason(t *testing.T, r *stream) string {
	d, err := approval.Decode[approval.EndedData](r.last())
	require.NoError(t, err)
	return d.Reason
}
