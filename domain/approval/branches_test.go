package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// in puts a step into branches: a fork and the number of the branch, outermost first.
func in(s approval.Step, id string, branches ...approval.Branch) approval.Step {
	s.ID, s.Branches = id, branches
	return s
}

func branch(fork string, n int) approval.Branch { return approval.Branch{Fork: fork, N: n} }

// forked is: before, then left1 and left2 beside right, then after. In the left
// branch a fork of its own: inner0 beside inner1.
func forked() []approval.Step {
	one := func(who string) approval.Step { return late(step(approval.AnyOf, who), "") }
	left, right := branch("f", 0), branch("f", 1)
	steps := []approval.Step{
		in(one("li"), "before"),
		in(one("wu"), "left1", left),
		in(one("max"), "inner0", left, branch("g", 0)), in(one("mia"), "inner1", left, branch("g", 1)),
		in(one("ada"), "left2", left),
		in(one("zoe"), "right", right),
		in(one("al"), "after"),
	}
	for i := range steps {
		steps[i].Allow = handling
	}
	return steps
}

func waiting(s approval.State) []string {
	var ids []string
	for _, step := range s.WaitingSteps() {
		ids = append(ids, step.ID)
	}
	return ids
}

func (r *stream) approves(t *testing.T, people ...string) {
	t.Helper()
	for _, person := range people {
		r.after(1)
		require.NoError(t, r.do(r.act(approval.Approve, person)), person)
	}
}

func TestBranchesAreAskedTogether(t *testing.T) {
	r := planned(t, forked()...)
	require.Equal(t, []string{"before"}, waiting(r.state))
	r.approves(t, "li")
	require.Equal(t, []string{"left1", "right"}, waiting(r.state))
	require.Equal(t, []string{"wu", "zoe"}, r.state.Assignees())
	r.approves(t, "wu")
	require.Equal(t, []string{"inner0", "inner1", "right"}, waiting(r.state), "a fork within a branch")
	r.approves(t, "zoe")
	require.Equal(t, []string{"inner0", "inner1"}, waiting(r.state), "the join waits for the other branch")
	r.approves(t, "mia", "max")
	require.Equal(t, []string{"left2"}, waiting(r.state))
	r.approves(t, "ada")
	require.Equal(t, []string{"after"}, waiting(r.state))
	r.approves(t, "al")
	require.Equal(t, approval.Approved, r.state.Status)
}

func TestARejectionInOneBranchEndsTheOthers(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li", "wu")
	require.NoError(t, r.do(r.act(approval.Reject, "zoe")))
	require.Equal(t, approval.Rejected, r.state.Status)
	for _, task := range r.state.Tasks {
		if task.Assignee == "max" || task.Assignee == "mia" {
			require.Equal(t, approval.TaskSuperseded, task.State)
		}
	}
}

// TestSkippedBranches: what needs nobody is passed, wherever it stands.
func TestSkippedBranches(t *testing.T) {
	steps := forked()
	for i := range steps {
		if steps[i].ID == "right" || steps[i].ID == "inner0" || steps[i].ID == "left1" {
			steps[i].Need, steps[i].Approvers = approval.Skip, nil
		}
	}
	r := planned(t, steps...)
	r.approves(t, "li")
	require.Equal(t, []string{"inner1"}, waiting(r.state))
	r.approves(t, "mia", "ada", "al")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAReturnInsideABranch leaves the other branch alone, before the fork it does not.
func TestAReturnInsideABranch(t *testing.T) {
	for _, tt := range []struct {
		name, to, back string
		open, then     []string
	}{
		{"inside the branch", "left1", "", []string{"left1", "right"}, []string{"inner0", "inner1", "right"}},
		{"inside it, straight back", "left1", "straight", []string{"left1", "right"}, []string{"left2", "right"}},
		{"before the fork", "before", "", []string{"before"}, []string{"left1", "right"}},
		{"before it, straight back", "before", "straight", []string{"before", "right"}, []string{"left2", "right"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, forked()...)
			r.approves(t, "li", "wu", "max", "mia")
			require.Equal(t, []string{"left2", "right"}, waiting(r.state))
			a := r.act(approval.Return, "ada")
			a.ToStep, a.Back = tt.to, tt.back
			require.NoError(t, r.do(a))
			require.Equal(t, tt.open, waiting(r.state))
			r.approves(t, map[string]string{"left1": "wu", "before": "li"}[tt.to])
			require.Equal(t, tt.then, waiting(r.state))
		})
	}
}

// TestNobodyReturnsToAnotherBranch: what stands beside is not before.
func TestNobodyReturnsToAnotherBranch(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li", "zoe", "wu")
	for who, to := range map[string]string{"max": "right", "mia": "inner0"} {
		a := r.act(approval.Return, who)
		a.ToStep = to
		require.Equal(t, "step.not_passed", fault.CodeOf(r.do(a)), to)
	}
	r.approves(t, "max", "mia", "ada")
	a := r.act(approval.Return, "al")
	a.ToStep = "inner0"
	require.NoError(t, r.do(a), "after the join a branch is before")
	require.Equal(t, []string{"inner0"}, waiting(r.state))
	r.approves(t, "max")
	require.Equal(t, []string{"left2"}, waiting(r.state), "inner1 and right stay agreed")
}

// TestOneBranchDoesNotHoldUpARetraction of another one, but what follows does.
func TestOneBranchDoesNotHoldUpARetraction(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li", "wu", "zoe")
	a := r.act(approval.Retract, "wu")
	a.Task = r.state.Tasks[1].ID
	require.NoError(t, r.do(a))
	require.Equal(t, []string{"left1"}, waiting(r.state))
	require.True(t, r.state.Over("right"))
	r.approves(t, "wu", "max")
	a = r.act(approval.Retract, "wu")
	a.Task = "d1.r1.left1.2"
	require.Equal(t, "task.stale", fault.CodeOf(r.do(a)))
}

// TestTheClockStopsInAllBranches, and goes on in all of them.
func TestTheClockStopsInAllBranches(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li")
	due := r.state.OpenTasks()[1].DueAt
	require.NoError(t, r.do(r.act(approval.Hold, "wu")))
	r.after(1000)
	require.Equal(t, "document.stopped", fault.CodeOf(r.do(r.act(approval.Approve, "zoe"))))
	require.NoError(t, r.do(r.act(approval.Release, "wu")))
	require.True(t, r.state.OpenTasks()[1].DueAt.After(due))
	r.approves(t, "zoe")
}

// TestStepsOfOtherHumansBesideEachOther: whoever agrees in the one does not in the other.
func TestStepsOfOtherHumansBesideEachOther(t *testing.T) {
	right := in(step(approval.AnyOf, "li", "wu"), "right", branch("f", 1))
	right.DistinctFrom = []string{"left"}
	r := planned(t, in(step(approval.AnyOf, "li", "zoe"), "left", branch("f", 0)), right)
	r.approves(t, "li")
	require.Len(t, waiting(r.state), 1)
	require.Equal(t, "task.distinct", fault.CodeOf(r.do(r.act(approval.Approve, "li"))))
	r.approves(t, map[string]string{"left": "zoe", "right": "wu"}[waiting(r.state)[0]])
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestBranchesThatNobodyCouldFollow are no plans.
func TestBranchesThatNobodyCouldFollow(t *testing.T) {
	for name, steps := range map[string][]approval.Step{
		"a fork without a name":       {in(step(approval.AnyOf, "li"), "a", branch("", 0))},
		"a branch before the first":   {in(step(approval.AnyOf, "li"), "a", branch("f", -1))},
		"twice in one fork":           {in(step(approval.AnyOf, "li"), "a", branch("f", 0), branch("f", 1))},
		"a chooser that comes later":  {chosenBy("b", step(approval.AnyOf)), in(step(approval.AnyOf, "wu"), "b")},
		"a chooser in another branch": {in(step(approval.AnyOf, "wu"), "b", branch("f", 0)), in(chosenBy("b", step(approval.AnyOf)), "c", branch("f", 1))},
	} {
		t.Run(name, func(t *testing.T) {
			r := planned(t, steps...)
			require.Equal(t, "plan.bad_step", r.state.PlanFault)
		})
	}
}

// TestAWayBackBegunBeforeThereWereBranches is found again: its state says only
// where it goes straight back to.
func TestAWayBackBegunBeforeThereWereBranches(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"), step(approval.AnyOf, "zoe"))
	r.approves(t, "li", "wu")
	a := r.act(approval.Return, "zoe")
	a.ToStep, a.Back = "s1", approval.BackStraight
	require.NoError(t, r.do(a))
	require.Equal(t, []string{"s2"}, r.state.Ahead)
	r.state.Ahead = nil
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.Equal(t, []string{"s3"}, waiting(r.state))
}
