package master_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

func rate(of money.Currency, day, value string) master.Row {
	return master.RateRow(document.Rate{Currency: of, Base: "CNY", Date: day, Value: value})
}

// TestRates are left out where nothing could be counted with them, wait for somebody where
// documents were counted with another, and are not gone because only newer ones were read.
func TestRates(t *testing.T) {
	kept, remarks := master.Clean([]master.Row{rate("EUR", "2026-11-20", "7.8125"), rate("USD", "2026-11-20", "0"),
		rate("USD", "2026-11-20", ""), rate("USD", "2026-11-20", "-7"), rate("XXQ", "2026-11-20", "7"),
		rate("CNY", "2026-11-20", "1"), rate("USD", "20.11.2026", "7"), rate("USD", "2026-11-20", "1e3")})
	require.Len(t, kept, 1)
	require.Equal(t, "EUR/CNY 2026-11-20", kept[0].Code)
	require.Len(t, remarks, 7)
	for _, r := range remarks {
		require.Equal(t, "bad_rate", r.Why)
	}

	before := []master.Row{rate("EUR", "2026-11-20", "7.8"), rate("EUR", "2020-01-01", "7.7"), rate("USD", "2026-11-20", "7")}
	now := []master.Row{rate("EUR", "2026-11-20", "7.9"), rate("EUR", "2026-11-21", "8"), rate("USD", "2026-11-20", "7.1")}
	changes := master.Compare(before, now, true, map[master.Key]string{before[0].Key(): "7.8"})
	var got []string
	for _, c := range changes {
		got = append(got, c.After.Code+" "+c.What+" "+c.Uses)
	}
	require.Equal(t, []string{"EUR/CNY 2026-11-20 changed 7.8", "EUR/CNY 2026-11-21 added ", "USD/CNY 2026-11-20 changed "}, got)
}

func TestCross(t *testing.T) {
	for _, tt := range []struct{ of, base, want string }{
		{"0.128", "1", "7.8125"}, {"0.14", "1", "7.142857142857"}, {"21", "1", "0.047619047619"}, {"1", "1", "1"},
		{"0.5", "0.25", "0.5"}, {"0.01", "1", "100"}, {"1.28e-01", "1", "7.8125"}, {"0", "1", ""}, {"1", "", ""},
		{"-1", "1", ""}, {"x", "1", ""},
	} {
		require.Equal(t, tt.want, master.Cross(tt.of, tt.base), "%s %s", tt.of, tt.base)
	}
}
