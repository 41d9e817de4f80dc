package sap

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestValued holds what one unit is worth by its factors, and that nothing is made of what
// has none, or is no number.
func TestValued(t *testing.T) {
	known := factors{
		{"EUR", "CNY"}: {{From: "2000-01-01", SourceUnits: "1", TargetUnits: "1"}},
		{"CNY", "EUR"}: {{From: "2000-01-01", SourceUnits: "1", TargetUnits: "1"}},
		{"JPY", "CNY"}: {{From: "2000-01-01", SourceUnits: "100", TargetUnits: "1"}},
		{"CNY", "JPY"}: {{From: "2000-01-01", SourceUnits: "1", TargetUnits: "10"}},
		{"IDR", "CNY"}: {{From: "2026-02-01", SourceUnits: "10000", TargetUnits: "1"}, // not in order
			{From: "2000-01-01", SourceUnits: "1000", TargetUnits: "1"}},
		{"BTC", "CNY"}: {{From: "2000-01-01", SourceUnits: "1", TargetUnits: "1000"}},
		{"CNY", "BTC"}: {{From: "2000-01-01", SourceUnits: "1000", TargetUnits: "1"}},
		{"HKD", "CNY"}: {{From: "2000-01-01", SourceUnits: "1", TargetUnits: "1", Alternative: "P"}},
		{"XAU", "CNY"}: {{From: "2000-01-01", SourceUnits: "0", TargetUnits: "1"}},
	}
	p := &Port{currency: "CNY"}
	for _, tt := range []struct {
		source, from, rate, want string
		ours                     bool
	}{
		{"EUR", "2026-01-31", `"7.80000"`, "7.8", true},
		{"EUR", "2026-01-31", `7.8`, "7.8", true},
		{"EUR", "2026-01-31", `"-0.12800"`, "7.8125", true},
		{"JPY", "2026-01-31", `"4.90000"`, "0.049", true},
		{"JPY", "2026-01-31", `"-2.00000"`, "0.05", true},
		{"IDR", "2026-01-31", `"0.45000"`, "0.00045", true},
		{"IDR", "2026-02-01", `"4.50000"`, "0.00045", true},
		{"BTC", "2026-01-31", `"612.34567"`, "612345.67", true},
		{"BTC", "2026-01-31", `"-0.00163"`, "613496.932515337423", true},
		{"IDR", "1999-12-31", `"0.45000"`, "", true},
		{"THB", "2026-01-31", `"0.20000"`, "", true},
		{"XAU", "2026-01-31", `"1.00000"`, "", true},
		{"EUR", "2026-01-31", `"0.00000"`, "", true},
		{"EUR", "2026-01-31", `"--1"`, "", true},
		{"EUR", "2026-01-31", `null`, "", true},
		{"HKD", "2026-01-31", `"0.90000"`, "0.9", false},
	} {
		r := rateRow{Source: tt.source, From: tt.from}
		require.NoError(t, json.Unmarshal([]byte(tt.rate), &r.Rate))
		value, ours := p.valued(r, known)
		require.Equal(t, tt.want, value, "%s %s", tt.source, tt.rate)
		require.Equal(t, tt.ours, ours, tt.source)
	}
}
