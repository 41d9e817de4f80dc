package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestTheRelayAnswersWhatNobodyWillJudge: an act on a document whose workflow is
// over gets its refusal from the relay, under the relay's own role; an act that
// took effect is not the relay's to tell.
func TestTheRelayAnswersWhatNobodyWillJudge(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	relay, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleRelay], MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = relay.Close() })

	d := w.submit("over")
	act := w.act(d.ID, approval.Withdraw, "sue")
	_, _, err = w.s.CommitAct(w.ctx, w.signed(act))
	require.NoError(t, err)

	_, err = relay.RefuseAct(w.ctx, act.ID, approval.Outcome{Code: approval.OK})
	require.Equal(t, "store.refused", fault.CodeOf(err))
	stands, err := relay.RefuseAct(w.ctx, act.ID, approval.Outcome{Code: "task.closed"})
	require.NoError(t, err)
	require.Equal(t, "task.closed", stands.Code)
}
