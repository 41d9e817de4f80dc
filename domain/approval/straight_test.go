package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// goingBack is a document that li agreed to, and that zoe returned to go straight back,
// resubmitted and not planned yet.
func goingBack(t *testing.T) (*stream, func() approval.Plan) {
	t.Helper()
	route := func(round int) approval.Plan {
		return plan(round, step(approval.AnyOf, "li"), step(approval.AllOf, "zoe", "max"), step(approval.AnyOf, "mia"))
	}
	r := newStream(t)
	require.NoError(t, r.do(approval.Planned{Plan: route(1)}))
	r.approves(t, "li")
	a := r.act(approval.Return, "zoe")
	a.Back = approval.BackStraight
	require.NoError(t, r.do(a))
	require.NoError(t, r.do(r.resubmit("sue")))
	return r, func() approval.Plan { return route(2) }
}

// TestStraightBackFromTheSubmitter: the earlier yes stands with what its giver saw, who
// returned it is asked as their step says, and what follows is asked then.
func TestStraightBackFromTheSubmitter(t *testing.T) {
	r, route := goingBack(t)
	require.Equal(t, []int{1}, r.state.SeenRevisions())
	require.NoError(t, r.do(approval.Planned{Plan: route()}))
	require.Equal(t, []string{approval.PlanMade, approval.StepKept, approval.StepOpened, approval.TaskOpened,
		approval.TaskOpened}, r.kinds(len(r.events)-5))
	require.Equal(t, []string{"max", "zoe"}, open(r.state))
	kept, err := approval.Decode[approval.KeptData](r.events[len(r.events)-4])
	require.NoError(t, err)
	require.Equal(t, []approval.KeptTask{{Task: doc + ".r1.s1.1", Round: 1, Revision: 1, ContentHash: "hash1"}}, kept.Tasks)
	r.approves(t, "zoe", "max", "mia")
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestWhatBeginsAnewInsteadOfGoingStraightBack: everybody is asked again, and it is
// told why.
func TestWhatBeginsAnewInsteadOfGoingStraightBack(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		change    func(*approval.Planned)
	}{
		{"other content", approval.AnewMaterial, func(c *approval.Planned) { c.Changed = []string{document.ChangedPayee} }},
		{"another before", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Steps[0].Approvers[0].Person = "wu" }},
		{"another vote", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Steps[1].Mode = approval.AnyOf }},
		{"one step more", approval.AnewRoute, func(c *approval.Planned) {
			c.Plan.Steps = append([]approval.Step{step(approval.AnyOf, "bo")}, c.Plan.Steps...)
			c.Plan.Steps[0].ID = "s0"
		}},
		{"the step is gone", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Steps = c.Plan.Steps[:1] }},
		{"the step is passed by rule", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Steps[1].Need = approval.Skip }},
		{"passkeys", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Passkey = true }},
		{"fresh sign-ins", approval.AnewRoute, func(c *approval.Planned) { c.Plan.SignIn = &approval.FreshSignIn{Seconds: 60} }},
		{"rules of before", approval.AnewRoute, func(c *approval.Planned) { c.Plan.Rules = 1 }},
		{"another is asked apart", approval.AnewPeople, func(c *approval.Planned) {
			c.Plan.Steps[2].Approvers[0].Person = "li2"
			c.Plan.Steps[2].DistinctFrom, c.Plan.Same = []string{"s1"}, [][]string{{"li", "li2"}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, route := goingBack(t)
			c := approval.Planned{Plan: route()}
			tt.change(&c)
			require.NoError(t, r.do(c))
			require.NotContains(t, r.kinds(0), approval.StepKept)
			for _, e := range r.events {
				if e.Kind == approval.PlanMade && e.Round == 2 {
					made, err := approval.Decode[approval.PlanData](e)
					require.NoError(t, err)
					require.Equal(t, tt.why, made.Anew.Why)
					require.Equal(t, c.Changed, made.Anew.Changed)
				}
			}
			require.Len(t, r.state.WaitingSteps(), 1)
			require.Equal(t, c.Plan.Steps[0].ID, r.state.WaitingSteps()[0].ID)
		})
	}
}

// TestWhoBecameInterestedKeepsNoDecision: their yes would not be taken now.
func TestWhoBecameInterestedKeepsNoDecision(t *testing.T) {
	r, route := goingBack(t)
	p := route()
	p.Interested = append(p.Interested, "li")
	step, anew := r.state.GoesBack(p, nil)
	require.Empty(t, step)
	require.Equal(t, &approval.Anew{Why: approval.AnewPeople}, anew)
}

// TestARoundOfBeforeBeginsAnew: acts named the way straight back before there was one,
// and their documents begin anew as they did.
func TestARoundOfBeforeBeginsAnew(t *testing.T) {
	r := newStream(t)
	p := plan(1, step(approval.AnyOf, "li"), step(approval.AnyOf, "zoe"))
	p.Rules = 1
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	r.approves(t, "li")
	a := r.act(approval.Return, "zoe")
	a.Back = approval.BackStraight
	require.NoError(t, r.do(a))
	require.Nil(t, r.state.Straight)
	require.NotContains(t, string(r.last().Data), approval.BackStraight)
}

// TestAKeptDecisionIsNotTakenBack: it belongs to another round.
func TestAKeptDecisionIsNotTakenBack(t *testing.T) {
	r, route := goingBack(t)
	require.NoError(t, r.do(approval.Planned{Plan: route()}))
	a := r.act(approval.Retract, "li")
	a.Task = doc + ".r1.s1.1"
	require.Equal(t, "task.not_retractable", fault.CodeOf(r.do(a)))
}

// TestAPlaceRestsOnTheYesThatSparedIt: li's yes spared li a place in another branch. Where
// the document went back behind that yes and another gave it, a round straight back would
// have a decision that nobody stands for: it begins anew. Until edition 3 it did not.
func TestAPlaceRestsOnTheYesThatSparedIt(t *testing.T) {
	spared := in(step(approval.AnyOf, "li"), "spared", branch("f", 1))
	spared.Once = true
	route := func(round int) approval.Plan {
		return plan(round, in(step(approval.AnyOf, "li", "wu"), "first"), in(step(approval.AnyOf, "max"), "beside", branch("f", 0)),
			spared, in(step(approval.AnyOf, "zoe"), "last"))
	}
	for _, who := range []string{"li", "wu"} { // who says yes when asked again
		r := newStream(t)
		require.NoError(t, r.do(approval.Planned{Plan: route(1)}))
		r.approves(t, "li")
		require.Equal(t, []string{"max"}, open(r.state), "li has agreed")
		again := r.act(approval.Return, "max")
		again.ToStep, again.Back = "first", approval.BackStraight
		require.NoError(t, r.do(again))
		r.approves(t, who, "max")
		back := r.act(approval.Return, "zoe")
		back.Back = approval.BackStraight
		require.NoError(t, r.do(back))
		require.NoError(t, r.do(r.resubmit("sue")))

		next := route(2)
		step, anew := r.state.GoesBack(next, nil)
		require.Empty(t, step)
		require.Equal(t, &approval.Anew{Why: approval.AnewPeople}, anew)
		next.Rules = 2
		step, _ = r.state.GoesBack(next, nil)
		require.Equal(t, "last", step)
	}
}

// TestALateStepKeepsWhoWasFound: its new plan only previews whom the policy would find
// now, and they were not asked.
func TestALateStepKeepsWhoWasFound(t *testing.T) {
	for _, tt := range []struct {
		rules int
		want  string
	}{{3, "wu"}, {approval.RulesNow, "li"}} {
		late := func(round int, who string) approval.Plan {
			p := plan(round, step(approval.AllOf, who), step(approval.AnyOf, "zoe"))
			p.Steps[0].Late, p.Rules = &approval.Late{}, tt.rules
			return p
		}
		r := newStream(t)
		require.NoError(t, r.do(approval.Planned{Plan: late(1, "mia")}))
		require.NoError(t, r.do(approval.Staffed{Round: 1, Step: "s1", Approvers: []approval.Approver{{Person: "li"}}}))
		r.approves(t, "li")
		a := r.act(approval.Return, "zoe")
		a.Back = approval.BackStraight
		require.NoError(t, r.do(a))
		require.NoError(t, r.do(r.resubmit("sue")))
		require.NoError(t, r.do(approval.Planned{Plan: late(2, "wu")}))
		require.Equal(t, []string{"zoe"}, open(r.state))
		require.Equal(t, tt.want, r.state.Plan.Steps[0].Approvers[0].Person)
	}
}
