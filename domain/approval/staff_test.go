package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// found is a step whose approvers are found when it is reached.
func found(s approval.Step) approval.Step {
	s.Late = &approval.Late{}
	return s
}

// chosenBy is a step whose approvers are chosen in another one.
func chosenBy(chooser string, s approval.Step) approval.Step {
	s.Late = &approval.Late{Chooser: chooser, Among: []string{"max", "mia", "sue"}}
	return s
}

func (r *stream) staff(people ...string) error {
	c := approval.Staffed{Round: r.state.Round, Step: r.state.Unstaffed()[0].ID, N: r.state.Staffings, OrgVersion: 7}
	for _, person := range people {
		c.Approvers = append(c.Approvers, approval.Approver{Person: person, Via: "role:head"})
	}
	return r.do(c)
}

func TestAStepIsStaffedWhenItIsReached(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"), found(step(approval.AllOf, "wu")))
	require.Empty(t, r.state.Unstaffed())
	r.approves(t, "li")
	require.Len(t, r.state.Unstaffed(), 1)
	require.Empty(t, r.state.OpenTasks(), "the preview is asked nothing")
	early := approval.Staffed{Round: 1, Step: "s2", N: 1, Approvers: []approval.Approver{{Person: "wu"}}}
	require.NoError(t, r.do(early))
	require.Empty(t, r.state.OpenTasks(), "an answer to another question is not wanted")
	require.NoError(t, r.staff("max", "mia"))
	require.Equal(t, []string{"max", "mia"}, r.state.Assignees())
	require.Empty(t, r.state.Unstaffed())
	r.approves(t, "max", "mia")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestReachedAgainItIsStaffedAgain: whoever is there by then.
func TestReachedAgainItIsStaffedAgain(t *testing.T) {
	r := planned(t, found(step(approval.AnyOf, "wu")), step(approval.AnyOf, "li"))
	require.NoError(t, r.staff("wu"))
	r.approves(t, "wu")
	a := r.act(approval.Return, "li")
	a.ToStep = "s1"
	require.NoError(t, r.do(a))
	require.Len(t, r.state.Unstaffed(), 1)
	require.NoError(t, r.staff("max"))
	require.Equal(t, []string{"max"}, r.state.Assignees())
	r.approves(t, "max", "li")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestWithNobodyFitTheAdminQueueDecides, and a quorum keeps its size.
func TestWithNobodyFitTheAdminQueueDecides(t *testing.T) {
	two := found(step(approval.Quorum, "li", "wu"))
	two.Votes = &approval.Votes{Count: 2}
	other := found(step(approval.AnyOf, "max"))
	other.DistinctFrom = []string{"s1"}
	for name, tt := range map[string]struct {
		steps  []approval.Step
		people []string
		want   []string
	}{
		"nobody":                 {[]approval.Step{found(step(approval.AnyOf, "li"))}, nil, []string{queue}},
		"only who is interested": {[]approval.Step{found(step(approval.AnyOf, "li"))}, []string{"sue", "rob"}, []string{queue}},
		"too few for a quorum":   {[]approval.Step{two}, []string{"li"}, []string{queue, queue}},
		"enough for a quorum":    {[]approval.Step{two}, []string{"li", "sue", "zoe"}, []string{"li", "zoe"}},
		"asked where others are needed": {
			[]approval.Step{step(approval.AnyOf, "li"), other}, []string{"li"}, []string{queue}},
	} {
		t.Run(name, func(t *testing.T) {
			r := planned(t, tt.steps...)
			if len(tt.steps) > 1 {
				r.approves(t, "li")
			}
			require.NoError(t, r.staff(tt.people...))
			var asked []string
			for _, task := range r.state.OpenTasks() {
				asked = append(asked, task.Assignee)
			}
			require.Equal(t, tt.want, asked)
		})
	}
}

// TestNobodyIsFoundWhileTheClockStandsStill: a hold in the other branch.
func TestNobodyIsFoundWhileTheClockStandsStill(t *testing.T) {
	right := step(approval.AnyOf, "zoe")
	right.Allow = handling
	r := planned(t, in(step(approval.AnyOf, "li"), "left", branch("f", 0)),
		in(found(step(approval.AnyOf, "wu")), "late", branch("f", 0)), in(right, "right", branch("f", 1)))
	r.approves(t, "li")
	require.NoError(t, r.do(r.act(approval.Hold, "zoe")))
	require.Empty(t, r.state.Unstaffed())
	require.NoError(t, r.do(r.act(approval.Release, "zoe")))
	require.NoError(t, r.staff("wu"))
	require.Equal(t, []string{"wu", "zoe"}, r.state.Assignees())
}

// TestTheLastYesChoosesWhoIsNext among whom the policy allows.
func TestTheLastYesChoosesWhoIsNext(t *testing.T) {
	next := chosenBy("s1", step(approval.AllOf))
	next.Title = map[string]string{"en": "Clerk", "zh-CN": "经办"}
	r := planned(t, step(approval.AllOf, "li", "wu"), next)
	yes := func(who string, to ...string) error {
		r.after(1)
		a := r.act(approval.Approve, who)
		a.To = to
		return r.do(a)
	}
	require.NoError(t, yes("li"), "somebody else may still choose")
	for code, to := range map[string][]string{
		"act.choice_required": nil, "act.to_not_among": {"ada"}, "act.to_interested": {"sue"},
	} {
		require.Equal(t, code, fault.CodeOf(yes("wu", to...)))
	}
	told, _ := fault.As(yes("wu"))
	require.Equal(t, map[string]string{"step": "s2", "step.en": "Clerk", "step.zh-CN": "经办"}, told.Args)
	require.Equal(t, "act.to_not_among", fault.CodeOf(yes("wu", "max", "max")), "nobody twice")
	require.NoError(t, yes("wu", "mia", "max"))
	require.Equal(t, []string{"max", "mia"}, r.state.Assignees())
	require.Equal(t, "chosen:wu", r.state.OpenTasks()[0].Via)
	require.Equal(t, "act.bad_to", fault.CodeOf(yes("max", "mia")), "nothing is chosen there")
	require.NoError(t, yes("max"))
	require.NoError(t, yes("mia"))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAnEarlierChoiceCounts where the last yes names nobody.
func TestAnEarlierChoiceCounts(t *testing.T) {
	r := planned(t, step(approval.AllOf, "li", "wu"), chosenBy("s1", step(approval.AnyOf)))
	a := r.act(approval.Approve, "li")
	a.To = []string{"mia"}
	require.NoError(t, r.do(a))
	r.approves(t, "wu")
	require.Equal(t, []string{"mia"}, r.state.Assignees())
}

// TestWhereNobodyChoseTheAdminQueueDecides: the chooser's step needed nobody, or
// the clock passed it.
func TestWhereNobodyChoseTheAdminQueueDecides(t *testing.T) {
	skipped := step(approval.AnyOf)
	skipped.Need = approval.AutoApprove
	r := planned(t, skipped, chosenBy("s1", step(approval.AnyOf)))
	require.Equal(t, []string{queue}, r.state.Assignees())

	r = planned(t, late(step(approval.AnyOf, "li"), approval.TimeoutApprove), chosenBy("s1", step(approval.AnyOf)))
	r.after(101)
	for _, struck := range r.state.Strike(r.now) {
		require.NoError(t, r.do(struck))
	}
	require.Equal(t, []string{queue}, r.state.Assignees())
}

// TestNobodyIsChosenWhoIsAskedInAStepOfOtherHumans later on: they could not agree there.
func TestNobodyIsChosenWhoIsAskedInAStepOfOtherHumans(t *testing.T) {
	last := step(approval.AnyOf, "max")
	last.DistinctFrom = []string{"s2"}
	r := planned(t, step(approval.AnyOf, "li"), chosenBy("s1", step(approval.AnyOf)), last)
	yes := r.act(approval.Approve, "li")
	yes.To = []string{"max"}
	require.Equal(t, "act.to_has_part", fault.CodeOf(r.do(yes)))
	yes.To = []string{"mia"}
	require.NoError(t, r.do(yes))
	r.approves(t, "mia", "max")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestWhereNobodyMayBeChosenNobodyIsStuck: the admin queue decides.
func TestWhereNobodyMayBeChosenNobodyIsStuck(t *testing.T) {
	last := step(approval.AnyOf, "max", "mia")
	last.DistinctFrom = []string{"s2"}
	r := planned(t, step(approval.AnyOf, "li"), chosenBy("s1", step(approval.AnyOf)), last)
	r.approves(t, "li")
	require.Equal(t, []string{queue}, r.state.Assignees())
}
