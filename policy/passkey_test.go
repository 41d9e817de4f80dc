package policy_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy"
)

const passkeyText = "\npasskey: { from: \"50000.00\" }\n"

func TestAPasskeyIsAskedForFromItsAmountOn(t *testing.T) {
	p, err := policy.Parse("p.yaml", []byte(sound+passkeyText))
	require.NoError(t, err)
	before, err := policy.Parse("p.yaml", []byte(sound))
	require.NoError(t, err)
	require.NotEqual(t, before.Hash(), p.Hash())
	changes := policy.Compare(before, p)
	require.Len(t, changes, 1)
	require.Contains(t, changes[0].Words("en"), "signed with a passkey was nothing, is now 50000.00")
	for minor, asked := range map[int64]bool{49_999_99: false, 50_000_00: true, 90_000_00: true} {
		plan, err := policy.Route(policy.RouteInput{Policy: p, Content: expense("lin", minor), Org: company(), Round: 1})
		require.NoError(t, err)
		require.Equal(t, asked, plan.Passkey, minor)
	}
	for _, text := range []string{"\npasskey: { from: \"-1.00\" }\n", "\npasskey: { from: much }\n"} {
		_, err = policy.Parse("p.yaml", []byte(sound+text))
		require.ErrorContains(t, err, "policy.bad_amount")
	}
	_, err = policy.Parse("p.yaml", []byte(sound+"\npasskey: {}\n"))
	require.ErrorContains(t, err, "yaml.missing_key")
}

func TestWhoHasNoPasskeyIsSaid(t *testing.T) {
	p, err := policy.Parse("p.yaml", []byte(sound+passkeyText))
	require.NoError(t, err)
	warned := func(have map[string]bool) string {
		proof := policy.Prove(p, policy.Ground{Types: soundTypes(), Org: company(), Passkeys: have})
		i := slices.IndexFunc(proof.Findings, func(f policy.Finding) bool { return f.Fault.Code == "policy.no_passkey" })
		if i < 0 {
			return ""
		}
		require.Equal(t, policy.LevelWarning, proof.Findings[i].Level)
		return proof.Findings[i].Fault.Args["people"]
	}
	require.Empty(t, warned(nil), "nothing is known of passkeys")
	all := warned(map[string]bool{})
	require.NotEmpty(t, all)
	some := map[string]bool{}
	for id := range company().People {
		some[id] = true
	}
	require.Empty(t, warned(some))
}
