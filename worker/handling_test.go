package worker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/workflows"
)

// handledPlan lets every step do all that approvers may do with a task.
func handledPlan() approval.Plan {
	plan := activitiestest.ThreeSteps(3600, 1800, 600)
	for i := range plan.Steps {
		plan.Steps[i].Allow = []string{
			"transfer", "consult", "add_signer", "remove_signer", "retract", "hold", "request_info", "extend",
		}
	}
	return plan
}

// do commits and delivers an act of a person, changed as a form would.
func (h *house) do(id string, name approval.Name, person string, change func(*approval.Act)) {
	h.t.Helper()
	a := h.book.Decision(id, actID(), name, person)
	if change != nil {
		change(&a)
	}
	require.NoError(h.t, h.deliver(h.book.Commit(a)), "%s by %s", name, person)
}

func named(people ...string) func(*approval.Act) { return func(a *approval.Act) { a.To = people } }

func (h *house) resubmit(id string) {
	h.t.Helper()
	h.do(id, approval.Resubmit, "zhao", func(a *approval.Act) {
		a.Task, a.Round, a.ContentHash = "", 0, ""
		a.Revision, a.NewHash = h.book.State(id).Revision+1, "hash2"
	})
}

func playHandled(h *house, id string) {
	h.untilAsked(id, "li")
	h.do(id, approval.Transfer, "li", named("max"))
	h.do(id, approval.Consult, "max", named("mia"))
	h.do(id, approval.Consult, "mia", nil)
	h.do(id, approval.Hold, "max", nil)
	h.do(id, approval.Release, "max", nil)
	h.do(id, approval.Extend, "max", func(a *approval.Act) { a.Extra = "60 s" })
	h.do(id, approval.AddSigner, "max", func(a *approval.Act) { a.To, a.Where = []string{"ada"}, approval.SignBeside })
	h.do(id, approval.RemoveSigner, "max", named("ada"))
	h.do(id, approval.Approve, "max", nil)
	first := h.book.State(id).Tasks[1].ID
	h.do(id, approval.Retract, "max", func(a *approval.Act) { a.Task = first })
	h.do(id, approval.Approve, "max", nil)
	h.do(id, approval.Return, "wu", func(a *approval.Act) { a.ToStep, a.Back = "manager", approval.BackStraight })
	h.do(id, approval.Approve, "li", nil)
	h.do(id, approval.Approve, "wu", nil)
	h.do(id, approval.Approve, "sun", nil)
}

const (
	longRounds     = 30
	longOperations = 500
)

// TestALongLifeLosesNothing carries one document through 30 rounds and over 500
// operations, with histories begun anew on the way; every run of it replays.
func TestALongLifeLosesNothing(t *testing.T) {
	h := newHouse(t)
	defer h.work()()
	h.outside.SetPlan(handledPlan())
	h.engine.Limits = workflows.Limits{RenewAfter: 900}
	id := h.submit(false)
	operations := 0
	do := func(name approval.Name, person string, change func(*approval.Act)) {
		operations++
		h.do(id, name, person, change)
	}
	extend := func(a *approval.Act) { a.Extra = "60 s" }
	for round := 1; round <= longRounds; round++ {
		h.untilAsked(id, "li")
		do(approval.Transfer, "li", named("max"))
		for range 3 {
			do(approval.Extend, "max", extend)
			do(approval.Hold, "max", nil)
			do(approval.Release, "max", nil)
		}
		do(approval.Consult, "max", named("mia"))
		do(approval.Consult, "mia", nil)
		do(approval.Approve, "max", nil)
		do(approval.Return, "wu", func(a *approval.Act) { a.ToStep = "manager" })
		do(approval.Approve, "li", nil)
		if round < longRounds {
			do(approval.Return, "wu", nil)
			operations++
			h.resubmit(id)
		}
	}
	do(approval.Approve, "wu", nil)
	do(approval.Approve, "sun", nil)
	require.GreaterOrEqual(t, operations, longOperations)
	require.Equal(t, approval.Closed, h.closed(id).Status)
	state := h.book.State(id)
	require.Equal(t, longRounds, state.Round)
	require.Len(t, state.Seen, operations, "every act has its outcome")
	require.Len(t, h.outside.Posts(), 1)
	require.GreaterOrEqual(t, h.replay("long", id), 4, "at least three times begun anew")
}
