package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
)

// TestRoundAmount proves that binary floating point is read to the minor unit,
// and that what is no amount is refused instead of rounded.
func TestRoundAmount(t *testing.T) {
	for _, tt := range []struct {
		text  string
		c     money.Currency
		minor int64
		fails bool
	}{
		{"128.5", "CNY", 12850, false},
		{"0.0", "CNY", 0, false},
		{"299.99999999999994", "CNY", 30000, false},
		{"-0.01", "CNY", -1, false},
		{"9999999999999.99", "CNY", port.FloatMax, false},
		{"128.0", "JPY", 128, false},
		{"1e+3", "JPY", 1000, false},
		{"1.5e+2", "KWD", 150000, false},
		{"0.005", "CNY", 0, true},
		{"10000000000000.01", "CNY", 1_000_000_000_000_001, false}, // as text it is exact, so it is read
		{"1e+16", "CNY", 0, true},
		{"1e999999999", "CNY", 0, true},
		{"NaN", "CNY", 0, true},
		{"Infinity", "CNY", 0, true},
		{"", "CNY", 0, true},
		{"1", "XXXX", 0, true},
	} {
		got, err := port.RoundAmount(tt.text, tt.c)
		require.Equal(t, tt.fails, err != nil, tt.text)
		require.Equal(t, tt.minor, got.Minor, tt.text)
	}
}
