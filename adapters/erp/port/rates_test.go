package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
)

// TestQuotes crosses each quote with the books' own of that day, and leaves out what a
// newer one has long replaced.
func TestQuotes(t *testing.T) {
	all := []port.Quote{
		{"EUR", "2026-03-01", "0.125"}, {"EUR", "2020-01-01", "0.1"}, {"EUR", "2026-01-01", "0.25"},
		{"USD", "2019-01-01", "0.5"}, {"CNY", "2026-02-01", "2"}, {"CNY", "2020-06-01", "1"},
	}
	var got []string
	for _, r := range port.Quotes(all, "CNY", "", "2026-01-15") {
		got = append(got, string(r.Currency)+" "+r.Date+" "+r.Value+" "+string(r.Base))
	}
	require.Equal(t, []string{"EUR 2026-01-01 4 CNY", "EUR 2026-03-01 16 CNY", "USD 2019-01-01  CNY"}, got,
		"the first still held when the reading begins; the last has nothing to be crossed with")
	require.Equal(t, "2", port.Quotes(all, "CNY", "1", "2026-01-15")[2].Value)
}

// TestRecent keeps of each currency the rate that held on the first day, and what came after.
func TestRecent(t *testing.T) {
	all := []document.Rate{
		{Currency: "USD", Base: "CNY", Date: "2020-01-01", Value: "6.9"},
		{Currency: "CHF", Base: "CNY", Date: "2019-01-01", Value: "7"}, // another's newer one replaces nothing
		{Currency: "EUR", Base: "CNY", Date: "2026-03-01", Value: "8"},
		{Currency: "EUR", Base: "CNY", Date: "2026-01-14", Value: "7.8"},
		{Currency: "EUR", Base: "CNY", Date: "2020-01-01", Value: "7.5"},
		{Currency: "JPY", Base: "CNY", Date: "2026-01-14", Value: "0.05"},
		{Currency: "JPY", Base: "CNY", Date: "2026-01-15", Value: "0.06"},
	}
	var got []string
	for _, r := range port.Recent(all, "2026-01-15") {
		got = append(got, string(r.Currency)+" "+r.Date+" "+r.Value)
	}
	require.Equal(t, []string{"CHF 2019-01-01 7", "EUR 2026-01-14 7.8", "EUR 2026-03-01 8", "JPY 2026-01-15 0.06",
		"USD 2020-01-01 6.9"}, got)
	require.Equal(t, "USD", string(all[0].Currency), "what was given stays as it was")
	require.Empty(t, port.Recent(nil, "2026-01-15"))
}
