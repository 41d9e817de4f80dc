package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// TestOneSignatureForAChangeAndItsYes proves that what is signed at once is each of the
// acts whole, and that the signature stands for no other, nor twice for the same.
func TestOneSignatureForAChangeAndItsYes(t *testing.T) {
	yes := approval.Act{
		ID: "2", Name: approval.Approve, Document: "d", Task: "t", Round: 1, ContentHash: "after", Actor: "wu", Opinion: "ok",
	}
	change := yes
	change.ID, change.Name, change.ContentHash, change.NewHash = "1", approval.Sanction, "before", "after"
	challenge, together, err := approval.Together("n", change, yes)
	require.NoError(t, err)
	seal := func(a approval.Act, together ...string) approval.Act {
		a.Passkey = &passkey.Assertion{Nonce: "n", Together: together}
		return a
	}
	for i, a := range []approval.Act{change, yes} {
		got, err := seal(a, together...).Challenge()
		require.NoError(t, err)
		require.Equal(t, challenge, got)
		place, err := seal(a, together...).SignedAs()
		require.NoError(t, err)
		require.Equal(t, i, place)
		alone, err := seal(a).Challenge()
		require.NoError(t, err)
		require.Equal(t, together[i], alone, "the parts are what each would be asked alone")
		require.NotEqual(t, challenge, alone)
	}
	other := yes
	other.Name = approval.Reject
	for name, a := range map[string]approval.Act{
		"another verdict":    seal(other, together...),
		"one of them twice":  seal(yes, together[1], together[1]),
		"one of them alone":  seal(yes, together[1]),
		"another one beside": seal(yes, together[0], together[1], "x"),
	} {
		_, err := a.Challenge()
		require.Equal(t, "passkey.refused", fault.CodeOf(err), name)
	}
	turned, err := seal(yes, together[1], together[0]).Challenge()
	require.NoError(t, err)
	require.NotEqual(t, challenge, turned, "their order is signed too")

	first, second := seal(change, together...), seal(yes, together...)
	require.True(t, second.SignedBeside(first))
	again := second
	again.ID = "3"
	require.False(t, again.SignedBeside(second), "the same act a second time")
	require.False(t, seal(other, together...).SignedBeside(first))
	require.False(t, seal(yes).SignedBeside(seal(change)), "signed alone, it stands alone")
}
