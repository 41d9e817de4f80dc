package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// TestAReminderAfterTheClockStoodStillIsAnother: the record answers a known cause
// with what it was answered before, so a reminder needs a cause of its own.
func TestAReminderAfterTheClockStoodStillIsAnother(t *testing.T) {
	r := planned(t, clocked("li"))
	causes := map[string]bool{}
	strike := func() {
		struck := r.state.Strike(r.now)
		require.Len(t, struck, 1)
		require.False(t, causes[struck[0].Cause()], "%s was answered before", struck[0].Cause())
		causes[struck[0].Cause()] = true
		require.NoError(t, r.do(struck[0]))
	}
	r.after(30)
	strike()
	require.NoError(t, r.do(r.act(approval.Hold, "li")))
	r.after(500)
	require.NoError(t, r.do(r.act(approval.Release, "li")))
	r.after(30)
	strike()
	require.Empty(t, r.state.Strike(r.now), "both reminders went out")
	r.after(40)
	strike()
	require.Equal(t, approval.Rejected, r.state.Status)
}

// TestStraightBackTwiceAsksEveryStepOnTheWayAnew: whoever agreed on a way that is
// walked again is asked again, and not refused for having decided there before.
func TestStraightBackTwiceAsksEveryStepOnTheWayAnew(t *testing.T) {
	r := planned(t, handled(approval.AllOf, "li"), handled(approval.AllOf, "max"),
		handled(approval.AllOf, "wu"), handled(approval.AllOf, "zoe"))
	agree := func(people ...string) {
		for _, who := range people {
			require.NoError(t, r.do(r.act(approval.Approve, who)), who)
		}
	}
	back := func(who, step string) {
		a := r.act(approval.Return, who)
		a.ToStep, a.Back = step, approval.BackStraight
		require.NoError(t, r.do(a))
	}
	agree("li", "max", "wu")
	back("zoe", "s2")
	back("max", "s1")
	agree("li", "max", "wu", "zoe")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAnOverdueTaskDoesNotFallToWhoIsToSignAfterwards: one human has one part in
// a step, also one that they were not asked for yet.
func TestAnOverdueTaskDoesNotFallToWhoIsToSignAfterwards(t *testing.T) {
	s := late(handled(approval.AllOf, "li"), approval.TimeoutEscalate)
	r := planned(t, s)
	a := r.act(approval.AddSigner, "li")
	a.To, a.Where = []string{"zoe"}, approval.SignAfter
	require.NoError(t, r.do(a))
	r.after(100)
	r.strike("zoe")
	require.Equal(t, []string{queue}, open(r.state))
}

// TestStepsThatNeedTwoHumansGetTwo: whoever agreed in the one does not agree in
// the other, as whosever delegate, with whatever account, and takes no task over there.
func TestStepsThatNeedTwoHumansGetTwo(t *testing.T) {
	first, second := handled(approval.AllOf, "li"), late(handled(approval.AllOf, "max", "wu"), approval.TimeoutEscalate)
	first.ID, second.ID, second.DistinctFrom = "first", "second", []string{"first"}
	r := newStream(t)
	p := plan(1, first, second)
	p.Same = [][]string{{"max", "max2"}}
	require.NoError(t, r.do(approval.Planned{Plan: p}))

	hand := r.act(approval.Transfer, "li")
	hand.To = []string{"max2"}
	require.Equal(t, "act.to_has_part", fault.CodeOf(r.do(hand)), "max is asked in the second step")
	standIn := r.act(approval.Approve, "li")
	standIn.Actor, standIn.OnBehalfOf = "max2", "li"
	require.NoError(t, r.do(standIn))

	require.Equal(t, "task.distinct", fault.CodeOf(r.do(r.act(approval.Approve, "max"))))
	hand = r.act(approval.Transfer, "wu")
	hand.To = []string{"li"}
	require.Equal(t, "act.to_has_part", fault.CodeOf(r.do(hand)))
	r.after(100)
	r.strike("li")
	require.Equal(t, []string{queue, queue}, open(r.state), "nobody of the first step takes over")
}

// TestEnoughHumansAgreeWhoeverTookOver: a plan that asks for two humans is not
// approved by one to whom the other handed their task, nor by one and the clock.
func TestEnoughHumansAgreeWhoeverTookOver(t *testing.T) {
	for _, rule := range []string{"", approval.TimeoutApprove} {
		r := newStream(t)
		p := plan(1, handled(approval.AnyOf, "li"), late(handled(approval.AnyOf, "max"), rule))
		p.Humans, p.Same = 2, [][]string{{"max", "max2"}}
		require.NoError(t, r.do(approval.Planned{Plan: p}))
		hand := r.act(approval.Transfer, "li")
		hand.To = []string{"max2"}
		require.NoError(t, r.do(hand))
		require.NoError(t, r.do(r.act(approval.Approve, "max2")))
		require.Equal(t, "task.too_few_humans", fault.CodeOf(r.do(r.act(approval.Approve, "max"))))
		r.after(100)
		r.strike()
		require.Equal(t, approval.Pending, r.state.Status)
		require.Equal(t, []string{"max"}, open(r.state))
		hand = r.act(approval.Transfer, "max")
		hand.To = []string{"wu"}
		require.NoError(t, r.do(hand))
		require.NoError(t, r.do(r.act(approval.Approve, "wu")))
		require.Equal(t, approval.Approved, r.state.Status)
	}
}

// TestASignerWhoWasNeededIsNotTakenAway: to remove a signer may not approve the
// document with fewer humans than its plan asks for.
func TestASignerWhoWasNeededIsNotTakenAway(t *testing.T) {
	r := newStream(t)
	p := plan(1, handled(approval.AnyOf, "li"))
	p.Humans = 2
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	ask := func(name approval.Name) error {
		a := r.act(name, "li")
		a.To, a.Where = []string{"wu"}, approval.SignBeside
		return r.do(a)
	}
	require.NoError(t, ask(approval.AddSigner))
	require.NoError(t, r.do(r.act(approval.Approve, "li")), "wu must agree too")
	require.Equal(t, "task.too_few_humans", fault.CodeOf(ask(approval.RemoveSigner)))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAPlaceWaitsInTheQueueOnce, however many who took it over were late.
func TestAPlaceWaitsInTheQueueOnce(t *testing.T) {
	r := planned(t, late(step(approval.AnyOf, "li"), approval.TimeoutEscalate))
	r.after(100)
	r.strike("wu", "zoe")
	require.Equal(t, []string{"wu", "zoe"}, open(r.state))
	r.after(100)
	r.strike()
	require.Equal(t, []string{queue}, open(r.state))
}
