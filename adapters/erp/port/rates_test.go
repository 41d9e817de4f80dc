package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
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
