package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
)

// TestPowersErrOnOneSide: a step is left out only where its condition is false for every
// amount above; one that may be skipped does not make an earlier step less than last.
func TestPowersErrOnOneSide(t *testing.T) {
	text, err := os.ReadFile("../config/policies/expense.yaml")
	require.NoError(t, err)
	always := `when: amount >= money("1000.00")`
	for _, tt := range []struct {
		name, was, is string // what is changed in the last step
		above         int64
		want          string
	}{
		{"the last step always follows", "", "", 50_000_00, "finance_head last"},
		{"where small amounts ask nobody", "", "", 0, "finance_head last"},
		{"only for gifts: the one before may be the last", always, `when: '"gift" in categories'`, 50_000_00,
			"supervisor last, finance_head last"},
		{"only for small amounts: never above", always, `when: amount < money("100.00")`, 50_000_00, "supervisor last"},
		{"at the cut itself", always, `when: amount <= money("50000.00")`, 50_000_00, "supervisor last"},
		{"a cent below it", always, `when: amount <= money("50000.00")`, 49_999_99, "supervisor last, finance_head last"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			yaml := string(text)
			if at := strings.LastIndex(yaml, tt.was); tt.was != "" {
				yaml = yaml[:at] + tt.is + yaml[at+len(tt.was):]
			}
			p, err := policy.Parse("test", []byte(yaml))
			require.NoError(t, err)
			powers, err := p.Powers(&money.Amount{Minor: tt.above, Currency: "CNY"})
			require.NoError(t, err)
			var got []string
			for _, s := range powers {
				if s.Last {
					got = append(got, s.Step.ID+map[bool]string{true: " alone", false: " last"}[s.Alone])
				}
			}
			require.Equal(t, tt.want, strings.Join(got, ", "))
		})
	}
}

// TestOneStepAloneDecides where nothing else is asked, and one yes is enough.
func TestOneStepAloneDecides(t *testing.T) {
	text, err := os.ReadFile("../config/policies/expense.yaml")
	require.NoError(t, err)
	yaml := string(text)
	yaml = yaml[:strings.Index(yaml, "  - id: supervisor")] + yaml[strings.Index(yaml, "then:"):]
	above := &money.Amount{Minor: 50_000_00, Currency: "CNY"}
	for mode, alone := range map[string]bool{"any_of": true, "all_of": true, "{ quorum: 2 }": false} {
		p, err := policy.Parse("test", []byte(strings.Replace(yaml, "mode: any_of", "mode: "+mode, 1)))
		require.NoError(t, err)
		powers, err := p.Powers(above)
		require.NoError(t, err)
		require.Len(t, powers, 1)
		require.Equal(t, alone, powers[0].Alone, mode)
	}
	p, err := policy.Parse("test", []byte(yaml+"require: [{ from: \"1000.00\", humans: 2 }]\n"))
	require.NoError(t, err)
	powers, err := p.Powers(above)
	require.NoError(t, err)
	require.False(t, powers[0].Alone, "two humans are required")
}
