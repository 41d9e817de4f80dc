package worker_test

import (
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
)

// branchedPlan asks wu beside li, and after li whoever is found then; what follows
// both is for whom that one chooses.
func branchedPlan() approval.Plan {
	plan := activitiestest.ThreeSteps(3600, 1800, 600)
	for i := range plan.Steps {
		plan.Steps[i].Branches = []approval.Branch{{Fork: "reviews", N: i % 2}}
	}
	plan.Steps[2].Late = &approval.Late{}
	last := plan.Steps[0]
	last.ID, last.Branches, last.Approvers = "specialist", nil, nil
	last.Late = &approval.Late{Chooser: "director", Among: []string{"max", "mia"}}
	plan.Steps = append(plan.Steps, last)
	return plan
}

// playBranched returns inside one branch while the other goes on, through histories
// begun anew on the way.
func playBranched(h *house, id string) {
	h.untilAsked(id, "wu")
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	h.untilAsked(id, "sun")
	h.do(id, approval.Return, "sun", func(a *approval.Act) { a.ToStep, a.Back = "manager", approval.BackStraight })
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	h.untilAsked(id, "sun")
	h.do(id, approval.Approve, "sun", named("mia"))
	require.NoError(h.t, h.decide(id, approval.Approve, "mia"))
}
