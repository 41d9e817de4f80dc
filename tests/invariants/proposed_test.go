package invariants_test

import (
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// propose lets texts be proposed, published, outdated and refused. zhang2 may
// publish as well, and is the human who proposes.
func (h *house) propose() {
	made := map[string]store.ProposalRow{}
	for _, hash := range []string{"a", "b", "c"} {
		p, err := h.store.Propose(h.ctx, store.ProposalInput{Kind: proposal.Policy, Subject: "expense", Hash: hash,
			Payload: "policy: " + hash, Note: "限额调整", Maker: "zhang"})
		require.NoError(h.t, err)
		made[hash] = p
	}
	for _, v := range []struct {
		hash    string
		approve bool
	}{{"a", false}, {"b", true}} {
		_, err := h.store.Decide(h.ctx, made[v.hash].ID, proposal.Verdict{Checker: "an", Approve: v.approve, Reason: "so"},
			store.Idempotency{})
		require.NoError(h.t, err)
	}
}
