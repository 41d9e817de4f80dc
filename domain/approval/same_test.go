package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// sameHumans is a document whose plan knows that li and li2, and max and max2,
// are two accounts each of one human.
func sameHumans(t *testing.T, s approval.Step) *stream {
	t.Helper()
	p := plan(1, s)
	p.Same = [][]string{{"li", "li2"}, {"max", "max2"}}
	r := newStream(t)
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	return r
}

// TestOneHumanDecidesOnePlaceWithWhateverAccount holds I7 against second accounts.
func TestOneHumanDecidesOnePlaceWithWhateverAccount(t *testing.T) {
	r := sameHumans(t, step(approval.AllOf, "li", queue))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	for _, admin := range []struct{ who, code string }{{"li2", "task.twice"}, {"ada", ""}} {
		a := r.act(approval.Approve, queue)
		a.Actor, a.OnBehalfOf = admin.who, queue
		require.Equal(t, admin.code, fault.CodeOf(r.do(a)), admin.who)
	}
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestNobodyTakesOverFromThemselves: who has a part in a step, with whatever
// account, takes over no other place of it.
func TestNobodyTakesOverFromThemselves(t *testing.T) {
	r := sameHumans(t, late(step(approval.AllOf, "wu", "max"), approval.TimeoutEscalate))
	r.after(100)
	r.strike("max2")
	require.NotContains(t, open(r.state), "max2")
	require.Contains(t, open(r.state), queue)
}
