package access_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
)

// TestClaimsAreComparedWithWhatTheyGaveBefore proves what begins, ends, is renewed and
// stays, and that what was taken away in the house stays away.
func TestClaimsAreComparedWithWhatTheyGaveBefore(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	rules := []access.ClaimRule{
		{Value: "finance-cn", Role: access.FinanceClerk, Entity: "cn"},
		{Value: "everything", Role: access.FinanceClerk, Entity: "cn"},
		{Value: "assistants", Role: access.Assistant, Entity: "cn", Department: "sales"},
	}
	clerk := func(from, until time.Duration) org.Grant {
		return org.Grant{ID: "c", Role: access.FinanceClerk, Entity: "cn", From: now.Add(from), Until: now.Add(until)}
	}
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name         string
		told         []string
		held, barred []org.Grant
		want         []string
	}{
		{"nothing told, nothing held", nil, nil, nil, nil},
		{"begins, once for two values", []string{"everything", "finance-cn"}, nil, nil, []string{"+finance_clerk cn  0s"}},
		{"for a department", []string{"assistants"}, nil, nil, []string{"+assistant cn sales 0s"}},
		{"another case is another group", []string{"Finance-CN"}, nil, nil, nil},
		{"stays", []string{"finance-cn"}, []org.Grant{clerk(-day, 6*day)}, nil, nil},
		{"is renewed without a gap", []string{"finance-cn"}, []org.Grant{clerk(-9*day, 5*day)}, nil,
			[]string{"-finance_clerk cn  -216h0m0s", "+finance_clerk cn  -216h0m0s"}},
		{"is shortened where the house says so", []string{"finance-cn"}, []org.Grant{clerk(-day, 60*day)}, nil,
			[]string{"-finance_clerk cn  -24h0m0s", "+finance_clerk cn  -24h0m0s"}},
		{"ends", []string{"x"}, []org.Grant{clerk(-day, 6*day)}, nil, []string{"-finance_clerk cn  -24h0m0s"}},
		{"ended by itself", nil, []org.Grant{clerk(-9*day, -day)}, nil, nil},
		{"begins anew after it ended by itself", []string{"finance-cn"}, []org.Grant{clerk(-9*day, -day)}, nil,
			[]string{"+finance_clerk cn  0s"}},
		{"stays away", []string{"finance-cn"}, nil, []org.Grant{clerk(-day, day)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range (access.Told{Values: tt.told, Rules: rules, Lasts: 10 * day}).Compare(tt.held, tt.barred, now) {
				sign := "+"
				if c.Ends {
					sign = "-"
				} else {
					require.True(t, c.Grant.Until.Equal(now.Add(10*day)))
				}
				got = append(got, sign+c.Grant.Role+" "+c.Grant.Entity+" "+c.Grant.Department+" "+c.Grant.From.Sub(now).String())
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// TestNoClaimGivesPower proves which roles no sign-in brings, and that a rule reaches
// only what there is.
func TestNoClaimGivesPower(t *testing.T) {
	for role, may := range map[string]bool{access.Admin: false, access.Operator: false, access.Cashier: false,
		access.Employee: false, "root": false, access.FinanceHead: true, access.Auditor: true} {
		require.Equal(t, may, access.ByClaim(role), role)
	}
	s := &org.Snapshot{Entities: map[string]org.LegalEntity{"cn": {}}, Departments: map[string]org.Department{"sales": {Entity: "cn"}}}
	require.NoError(t, access.ClaimRule{Role: access.FinanceClerk, Entity: "cn", Department: "sales"}.Check(s))
	require.Error(t, access.ClaimRule{Role: access.Admin}.Check(s))
	require.Error(t, access.ClaimRule{Role: access.FinanceClerk, Entity: "de"}.Check(s))
	require.Error(t, access.ClaimRule{Role: access.Auditor, Entity: "cn", Department: "sales"}.Check(s))
}
