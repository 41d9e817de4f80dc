package worker_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
)

// countedPlan was chosen by the sum of three documents, and finds its last approver
// when that step is reached.
func countedPlan() approval.Plan {
	plan := activitiestest.ThreeSteps(3600, 1800, 600)
	plan.Steps[2].Late = &approval.Late{}
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	day := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	plan.Counted = &approval.Counted{
		CountKey: approval.CountKey{By: []string{"payee"}, Days: 30, Zone: "UTC", Entity: "CN01", Type: "expense",
			PayeeKind: "employee", Payees: []string{"zhao"}},
		From: day.AddDate(0, 0, -29), Until: day.AddDate(0, 0, 30), At: day.Add(9 * time.Hour),
		Own: yuan(82000), Others: yuan(164000), Sum: yuan(246000), Count: 2,
		Documents: []approval.CountedDocument{{Document: "d1", Revision: 1, Hash: "h1"}, {Document: "d2", Revision: 3, Hash: "h2"}},
	}
	return plan
}

// playCounted is returned once, so that its route is asked for twice; the step that is
// staffed late is told what the plan counted.
func playCounted(h *house, id string) {
	h.outside.Staffing(func(string) []approval.Approver { return []approval.Approver{{Person: "sun", Via: "test"}} })
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	require.NoError(h.t, h.decide(id, approval.Return, "wu"))
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Resubmit, Document: id, Actor: "zhao", Revision: 2, NewHash: "hash2",
	})))
	h.allApprove(id)
	require.Equal(h.t, countedPlan().Counted, h.book.State(id).Plan.Counted)
	require.Equal(h.t, countedPlan().Counted, h.outside.StaffedBy().Counted)
}
