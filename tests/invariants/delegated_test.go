package invariants_test

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
)

// delegated was decided by bo for zhang, who had it delegated to them meanwhile,
// and takes that back afterwards.
func (h *house) delegated() string {
	s := h.decide(h.usual(h.submit(contentOf("苏州", 4000))), approval.Approve, "wu", "")
	rule, err := h.store.MakeDelegation(h.ctx, delegation.Rule{
		ID: uuid.Must(uuid.NewV7()).String(), Person: "zhang", Delegate: "bo", MadeBy: "zhang", Until: time.Now().Add(time.Hour),
		Types: []string{"expense"}, Cap: yuan(4000), Reason: "年假",
	})
	require.NoError(h.t, err)
	s = h.decide(s, approval.Approve, "bo", "zhang")
	s = h.decide(s, approval.Approve, "chen", "")
	_, err = h.store.RevokeDelegation(h.ctx, rule.ID, "zhang", "")
	require.NoError(h.t, err)
	return h.post(s).Document
}
