package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// What the model of TestSequences found wrong in the core, each as a story of its own.

func retraction(r *stream, who, task string) error {
	a := r.act(approval.Retract, who)
	a.Task = task
	return r.do(a)
}

// deeds lets people act one after another.
func (r *stream) deeds(t *testing.T, deeds ...deed) {
	t.Helper()
	for _, d := range deeds {
		r.after(1)
		a := r.act(d.act, d.actor)
		if d.change != nil {
			d.change(&a)
		}
		require.Equal(t, d.code, fault.CodeOf(r.do(a)), "%s by %s", d.act, d.actor)
	}
}

// TestARetractionAsksWhoHadTheTaskLast, not who handed it on.
func TestARetractionAsksWhoHadTheTaskLast(t *testing.T) {
	r := planned(t, handled(approval.AnyOf, "li", "wu"), handled(approval.AnyOf, "zoe"))
	r.deeds(t, deed{approval.Transfer, "li", to("max"), ""}, yes("wu"))
	require.NoError(t, retraction(r, "wu", "d1.r1.s1.2"))
	require.Equal(t, []string{"max", "wu"}, open(r.state))
}

// TestARetractionAsksNoGroupThatHasItsYes: its no would be a veto.
func TestARetractionAsksNoGroupThatHasItsYes(t *testing.T) {
	s := handled(approval.PerGroup, "li", "max", "wu")
	s.Approvers[0].Group, s.Approvers[1].Group, s.Approvers[2].Group = "a", "a", "b"
	r := planned(t, s, handled(approval.AnyOf, "zoe"))
	r.deeds(t, yes("li"), yes("wu"))
	require.NoError(t, retraction(r, "wu", "d1.r1.s1.3"))
	require.Equal(t, []string{"wu"}, open(r.state))
}

// TestAdviceIsNoDecisionAfterAYes, so the yes can still be taken back.
func TestAdviceIsNoDecisionAfterAYes(t *testing.T) {
	r := planned(t, handled(approval.AllOf, "li", "wu"))
	r.deeds(t, deed{approval.Consult, "li", to("max"), ""}, yes("wu"), deed{approval.Consult, "max", nil, ""})
	require.NoError(t, retraction(r, "wu", "d1.r1.s1.2"))
	require.Equal(t, []string{"li", "wu"}, open(r.state))
}

// TestAdviceEndsWithItsTask, also where another's yes ends that.
func TestAdviceEndsWithItsTask(t *testing.T) {
	r := planned(t, handled(approval.AnyOf, "li", "wu"))
	r.deeds(t, deed{approval.AddSigner, "wu", signer("beside", "mia"), ""},
		deed{approval.Consult, "li", to("max"), ""}, yes("wu"))
	require.Equal(t, []string{"mia"}, open(r.state))
}

// TestNobodyInterestedRemovesASigner, on nobody's behalf.
func TestNobodyInterestedRemovesASigner(t *testing.T) {
	r := planned(t, handled(approval.AnyOf, "li"))
	r.deeds(t, deed{approval.AddSigner, "li", signer("beside", "mia"), ""},
		deed{approval.RemoveSigner, "sue", func(a *approval.Act) {
			a.Task, a.OnBehalfOf, a.To = "d1.r1.s1.1", "li", []string{"mia"}
		}, "task.interested"})
}

// TestOneHumanIsFoundAndChosenOnce, whatever their accounts.
func TestOneHumanIsFoundAndChosenOnce(t *testing.T) {
	p := plan(1, found(step(approval.AllOf, "wu")), chosenBy("s1", step(approval.AllOf)))
	p.Same, p.Steps[1].Late.Among = [][]string{{"max", "max2"}}, []string{"max", "max2", "li"}
	r := newStream(t)
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	require.NoError(t, r.staff("max", "max2"))
	require.Equal(t, []string{"max"}, open(r.state))
	r.deeds(t, deed{approval.Approve, "max", to("max", "max2"), "act.to_not_among"})
}

// TestNobodyChoosesThemselvesWhereAnotherIsNeeded.
func TestNobodyChoosesThemselvesWhereAnotherIsNeeded(t *testing.T) {
	apart := chosenBy("s1", step(approval.AnyOf))
	apart.DistinctFrom, apart.Late.Among = []string{"s1"}, []string{"max", "mia"}
	r := planned(t, step(approval.AnyOf, queue), apart)
	r.deeds(t, deed{approval.Approve, "max", func(a *approval.Act) {
		a.Task, a.OnBehalfOf, a.To = "d1.r1.s1.1", queue, []string{"max"}
	}, "act.to_has_part"})
}

// TestAPreviewIsNoPart: who may be found later is free until then.
func TestAPreviewIsNoPart(t *testing.T) {
	later := found(step(approval.AnyOf, "zoe"))
	later.DistinctFrom = []string{"s1"}
	r := planned(t, handled(approval.AnyOf, "li"), later)
	r.deeds(t, deed{approval.Transfer, "li", to("zoe"), ""})
}

// TestTwoWaysStraightBackWaitForEachOther: what comes after the earlier step is asked
// only when that has agreed.
func TestTwoWaysStraightBackWaitForEachOther(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"),
		in(step(approval.AnyOf, "max"), "left", branch("f", 0)), in(step(approval.AnyOf, "zoe"), "right", branch("f", 1)))
	r.approves(t, "li", "wu")
	r.deeds(t, deed{approval.Return, "max", backTo("s1", "straight"), ""},
		deed{approval.Return, "zoe", backTo("s2", "straight"), ""})
	require.Equal(t, []string{"s1"}, waiting(r.state))
	r.approves(t, "li")
	require.Equal(t, []string{"s2"}, waiting(r.state))
	r.approves(t, "wu")
	require.Equal(t, []string{"left", "right"}, waiting(r.state))
}
