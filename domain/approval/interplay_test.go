package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
)

// TestAJumpToWhoIsChosenMayStillFindEnoughHumans: a step whose approvers nobody chose
// yet names nobody, and asks people all the same.
func TestAJumpToWhoIsChosenMayStillFindEnoughHumans(t *testing.T) {
	r := newStream(t)
	p := plan(1, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"), chosenBy("s1", step(approval.AllOf)))
	p.Humans = 2
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	choice := r.act(approval.Approve, "li")
	choice.To = []string{"max", "mia"}
	require.NoError(t, r.do(choice))
	jump := r.rule(approval.RulingJump, func(a *approval.Act) {
		a.Task, a.ToStep = r.state.OpenTasks()[0].ID, "s3"
	})
	require.NoError(t, r.do(jump))
	require.Equal(t, []string{"max", "mia"}, r.state.Assignees())
	r.approves(t, "max", "mia")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAJumpCountsWhoWasGivenATask: in place of whom the plan named.
func TestAJumpCountsWhoWasGivenATask(t *testing.T) {
	r := newStream(t)
	one := late(step(approval.AnyOf, "li"), "")
	p := plan(1, one, step(approval.AnyOf, "wu"), step(approval.AnyOf, "wu"))
	p.Steps[0].Branches, p.Steps[1].Branches = []approval.Branch{branch("f", 0)}, []approval.Branch{branch("f", 0)}
	p.Steps[2].Branches = []approval.Branch{branch("f", 1)}
	p.Humans = 2
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	given := r.rule(approval.RulingReassign, func(a *approval.Act) {
		a.Task, a.To = openIn(r, "s3"), []string{"max"}
	})
	require.NoError(t, r.do(given))
	jump := r.rule(approval.RulingJump, func(a *approval.Act) { a.Task, a.ToStep = openIn(r, "s1"), "s2" })
	require.NoError(t, r.do(jump), "wu and max")
}

func openIn(r *stream, step string) string {
	for _, t := range r.state.OpenTasks() {
		if t.Step == step {
			return t.ID
		}
	}
	return ""
}

// TestAJumpBackBesideAWayStraightBack: a jump back in one branch, while
// another is on its way straight back through a step before the fork, waits for that
// step, and so does a return: the way leads there from then on, and ends as it should.
func TestAJumpBackBesideAWayStraightBack(t *testing.T) {
	t.Run("jump", func(t *testing.T) {
		besideAWayBack(t, func(r *stream) approval.Act {
			return r.rule(approval.RulingJump, func(a *approval.Act) {
				a.Task, a.ToStep, a.Actor, a.Maker = openIn(r, "inner1"), "left1", "kim", "pia"
			})
		})
	})
	t.Run("return", func(t *testing.T) {
		besideAWayBack(t, func(r *stream) approval.Act {
			again := r.act(approval.Return, "mia") // inner1
			again.ToStep = "left1"
			return again
		})
	})
}

func besideAWayBack(t *testing.T, meanwhile func(*stream) approval.Act) {
	r := planned(t, forked()...)
	r.approves(t, "li", "wu")
	back := r.act(approval.Return, "max") // inner0
	back.ToStep, back.Back = "before", approval.BackStraight
	require.NoError(t, r.do(back))
	require.Equal(t, "inner0", r.state.Then)
	require.NoError(t, r.do(meanwhile(r)))
	require.Equal(t, []string{"before", "right"}, waiting(r.state), "nothing is asked before what it follows is over")
	require.Equal(t, "left1", r.state.Then)
	r.approves(t, "li")
	require.Equal(t, []string{"left1", "right"}, waiting(r.state))
	for range 12 {
		if asked := r.state.Assignees(); len(asked) > 0 {
			r.approves(t, asked[0])
		}
	}
	require.Equal(t, approval.Approved, r.state.Status, "%v %v", waiting(r.state), r.state.Then)
}

// TestAHandOverWhileTheClockStands, in one of two branches: no deadline strikes, and the
// clock that the leaver had stopped goes on for both.
func TestAHandOverWhileTheClockStands(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li")
	require.NoError(t, r.do(r.act(approval.Hold, "zoe")))
	r.after(10)
	require.NoError(t, r.do(approval.HandedOver{
		Task: openIn(r, "right"), From: "zoe", To: []approval.Approver{{Person: "pia"}}}))
	require.Empty(t, r.state.Strike(r.now.AddDate(1, 0, 0)))
	require.NoError(t, r.do(approval.LetGo{By: "zoe", At: r.state.Stopped.At}))
	require.Nil(t, r.state.Stopped)
	r.approves(t, "wu", "pia")
}

// TestAnIntervenerIsNoHeir, in another branch either: they could not approve it.
func TestAnIntervenerIsNoHeir(t *testing.T) {
	r := planned(t, forked()...)
	r.approves(t, "li")
	given := r.rule(approval.RulingReassign, func(a *approval.Act) {
		a.Task, a.To = openIn(r, "left1"), []string{"pia"}
	})
	require.NoError(t, r.do(given))
	require.NoError(t, r.do(approval.HandedOver{
		Task: openIn(r, "right"), From: "zoe", To: []approval.Approver{{Person: "al"}, {Person: "kim"}}}))
	require.Contains(t, r.state.Assignees(), "kim")
	require.NotContains(t, r.state.Assignees(), "al")
}
