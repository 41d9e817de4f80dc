package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
)

// handled lets every step of the plan allow everything.
func (s *stage) handled() {
	plan := activitiestest.ThreeSteps(48*3600, 24*3600, 6*3600)
	for i := range plan.Steps {
		plan.Steps[i].Allow = []string{"transfer", "consult", "add_signer", "remove_signer", "retract"}
	}
	s.outside.SetPlan(plan)
}

// handle commits and delivers an act of a person, changed as a form would.
func (s *stage) handle(after time.Duration, id string, name approval.Name, person string, change func(*approval.Act)) {
	s.at(after, func() {
		a := s.decision(id, name, person)
		change(&a)
		s.update(s.book.Commit(a))
	})
}

func toWhom(people ...string) func(*approval.Act) { return func(a *approval.Act) { a.To = people } }

// TestATaskIsHandedOnThroughTheWorkflow walks transfer, advice, an added signer
// and a return to a step through the whole machine, with the clock running on.
func TestATaskIsHandedOnThroughTheWorkflow(t *testing.T) {
	s := newStage(t)
	s.handled()
	s.handle(time.Hour, "t1", approval.Transfer, "li", toWhom("max"))
	s.handle(2*time.Hour, "c1", approval.Consult, "max", toWhom("mia"))
	s.handle(3*time.Hour, "c2", approval.Consult, "mia", func(*approval.Act) {})
	s.handle(4*time.Hour, "s1", approval.AddSigner, "max", func(a *approval.Act) {
		a.To, a.Where = []string{"ada"}, approval.SignAfter
	})
	s.decide(5*time.Hour, "a1", approval.Approve, "max")
	s.decide(6*time.Hour, "a2", approval.Approve, "ada")
	s.handle(7*time.Hour, "r1", approval.Return, "wu", func(a *approval.Act) { a.ToStep = "manager" })
	s.decide(8*time.Hour, "a3", approval.Approve, "li")
	s.decide(9*time.Hour, "a4", approval.Approve, "wu")
	s.decide(10*time.Hour, "a5", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
	for id, err := range s.answers {
		require.NoError(t, err, id)
	}
	require.Contains(t, s.kinds(), approval.StepReopened)
	require.Len(t, s.outside.Posts(), 1)
}

// TestAYesIsTakenBackThroughTheWorkflow: the next one is asked no more, then again.
func TestAYesIsTakenBackThroughTheWorkflow(t *testing.T) {
	s := newStage(t)
	s.handled()
	s.decide(time.Hour, "a1", approval.Approve, "li")
	s.handle(2*time.Hour, "b1", approval.Retract, "li", func(a *approval.Act) { a.Task = s.state().Tasks[0].ID })
	s.at(3*time.Hour, func() { require.Equal(t, []string{"li"}, s.state().Assignees()) })
	s.decide(4*time.Hour, "a2", approval.Approve, "li")
	s.decide(5*time.Hour, "a3", approval.Approve, "wu")
	s.decide(6*time.Hour, "a4", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
}
