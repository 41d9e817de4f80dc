package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/policy"
)

const freshText = "\nfresh_sign_in: { from: \"50000.00\", within: 300 s, acr: [phr] }\n"

func TestAFreshSignInIsAskedForFromItsAmountOn(t *testing.T) {
	p, err := policy.Parse("p.yaml", []byte(sound+freshText))
	require.NoError(t, err)
	before, err := policy.Parse("p.yaml", []byte(sound))
	require.NoError(t, err)
	require.NotEqual(t, before.Hash(), p.Hash())
	changes := policy.Compare(before, p)
	require.Len(t, changes, 1)
	require.Equal(t, "Policy: the fresh sign-in asked for was nothing, is now 50000.00, 300 s phr", changes[0].Words("en"))
	for minor, asked := range map[int64]bool{49_999_99: false, 50_000_00: true, 90_000_00: true} {
		plan, err := policy.Route(policy.RouteInput{Policy: p, Content: expense("lin", minor), Org: company(), Round: 1})
		require.NoError(t, err)
		require.Equal(t, asked, plan.SignIn != nil, minor)
		if asked {
			require.Equal(t, approval.FreshSignIn{Seconds: 300, Classes: []string{"phr"}}, *plan.SignIn)
		}
	}
}

func TestWhatIsWrongWithAFreshSignInIsSaid(t *testing.T) {
	_, err := policy.Parse("p.yaml", []byte(sound+"\nfresh_sign_in: { from: \"0.00\", within: 60 s }\n"))
	require.NoError(t, err)
	for _, tt := range []struct{ old, next, code string }{
		{`"50000.00"`, `"-1.00"`, "policy.bad_amount"},
		{`"50000.00"`, `"a lot"`, "policy.bad_amount"},
		{"300 s", "1 workday", "policy.bad_duration"},
		{"300 s", "7200 s", "policy.bad_number"},
		{"[phr]", `[""]`, "policy.empty"},
		{`within: 300 s, `, "", "yaml.missing_key"},
	} {
		_, err := policy.Parse("p.yaml", []byte(sound+strings.Replace(freshText, tt.old, tt.next, 1)))
		require.ErrorContains(t, err, tt.code, tt.next)
	}
}
