package money

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text     string
		currency Currency
		minor    int64
		code     string
	}{
		{"820.00", "CNY", 82000, ""},
		{"820", "CNY", 82000, ""},
		{"0.5", "CNY", 50, ""},
		{"-0.05", "CNY", -5, ""},
		{"-0", "CNY", 0, ""},
		{"007.10", "CNY", 710, ""},
		{"100", "JPY", 100, ""},
		{"1.250", "KWD", 1250, ""},
		{"1.2345", "CLF", 12345, ""},
		{"999999999999999.99", "CNY", 99999999999999999, ""},
		{"1.00", "BGN", 100, ""}, // withdrawn, but documents of 2025 carry it
		{"100.0", "JPY", 0, "money.too_many_decimals"},
		{"1.005", "CNY", 0, "money.too_many_decimals"},
		{"1.2500", "KWD", 0, "money.too_many_decimals"},
		{"1000000000000000", "CNY", 0, "money.too_large"},
		{"999999999999999.9999", "CLF", 0, "money.too_large"},
		{"1", "CNH", 0, "money.unknown_currency"},
		{"1", "XAU", 0, "money.unknown_currency"},
		{"1", "cny", 0, "money.unknown_currency"},
		{"1", "", 0, "money.unknown_currency"},
		{"", "CNY", 0, "money.bad_amount"},
		{"-", "CNY", 0, "money.bad_amount"},
		{"--1", "CNY", 0, "money.bad_amount"},
		{"+1", "CNY", 0, "money.bad_amount"},
		{"1.", "CNY", 0, "money.bad_amount"},
		{".5", "CNY", 0, "money.bad_amount"},
		{"1e3", "CNY", 0, "money.bad_amount"},
		{"1,000", "CNY", 0, "money.bad_amount"},
		{"1 000", "CNY", 0, "money.bad_amount"},
		{" 1", "CNY", 0, "money.bad_amount"},
		{"1\n", "CNY", 0, "money.bad_amount"},
		{"1.2.3", "CNY", 0, "money.bad_amount"},
		{"１２", "CNY", 0, "money.bad_amount"},
		{"0x10", "CNY", 0, "money.bad_amount"},
		{"1_0", "CNY", 0, "money.bad_amount"},
		{"NaN", "CNY", 0, "money.bad_amount"},
	} {
		t.Run(tt.text+" "+string(tt.currency), func(t *testing.T) {
			got, err := Parse(tt.text, tt.currency)
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.Equal(t, tt.minor, got.Minor)
		})
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		amount Amount
		want   string
	}{
		{Amount{82000, "CNY"}, "820.00"},
		{Amount{5, "CNY"}, "0.05"},
		{Amount{-5, "CNY"}, "-0.05"},
		{Amount{0, "CNY"}, "0.00"},
		{Amount{100, "JPY"}, "100"},
		{Amount{-100, "JPY"}, "-100"},
		{Amount{1, "KWD"}, "0.001"},
		{Amount{math.MinInt64, "CNY"}, "-92233720368547758.08"},
		{Amount{math.MaxInt64, "KWD"}, "9223372036854775.807"},
		{Amount{7, "XXX"}, "7?"},
	} {
		require.Equal(t, tt.want, tt.amount.Text())
	}
}

func TestArithmeticNeverOverflowsOrMixes(t *testing.T) {
	most, least := Amount{math.MaxInt64, "CNY"}, Amount{math.MinInt64, "CNY"}
	fen := Amount{1, "CNY"}
	for name, call := range map[string]func() error{
		"add":            func() error { _, err := most.Add(fen); return err },
		"add negative":   func() error { _, err := least.Add(Amount{-1, "CNY"}); return err },
		"sub":            func() error { _, err := least.Sub(fen); return err },
		"sub the least":  func() error { _, err := Zero("CNY").Sub(least); return err },
		"neg":            func() error { _, err := least.Neg(); return err },
		"sum on the way": func() error { _, err := Sum("CNY", most, fen, least); return err },
		"at":             func() error { _, err := most.At("1.1", "EUR"); return err },
		"at more digits": func() error { _, err := Amount{math.MaxInt64, "JPY"}.At("1", "CNY"); return err },
	} {
		require.Equal(t, "money.too_large", fault.CodeOf(call()), name)
	}
	euro := Amount{1, "EUR"}
	for name, call := range map[string]func() error{
		"add":                            func() error { _, err := fen.Add(euro); return err },
		"sub":                            func() error { _, err := fen.Sub(euro); return err },
		"cmp":                            func() error { _, err := fen.Cmp(euro); return err },
		"sum":                            func() error { _, err := Sum("CNY", fen, euro); return err },
		"the zero value has no currency": func() error { _, err := fen.Add(Amount{}); return err },
	} {
		require.Equal(t, "money.currency_mismatch", fault.CodeOf(call()), name)
	}
}

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		amount Amount
		rate   string
		base   Currency
		want   int64
		code   string
	}{
		{Amount{10000, "EUR"}, "7.8523", "CNY", 78523, ""},
		{Amount{100, "JPY"}, "0.048", "CNY", 480, ""},
		{Amount{480, "CNY"}, "20.8333", "JPY", 100, ""},
		{Amount{1, "CNY"}, "0.5", "EUR", 1, ""},   // half goes away from zero
		{Amount{-1, "CNY"}, "0.5", "EUR", -1, ""}, // on both sides
		{Amount{1, "CNY"}, "0.499999999999", "EUR", 0, ""},
		{Amount{201, "CNY"}, "0.5", "EUR", 101, ""}, // 100.5
		{Amount{1005, "KWD"}, "1", "CNY", 101, ""},  // 1.005 → 1.01
		{Amount{0, "CNY"}, "7", "EUR", 0, ""},
		{Amount{1, "CNY"}, "0", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "0.000", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "-1", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "1/3", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "1e2", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "1.", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "1234567890123", "EUR", 0, "money.bad_rate"},
		{Amount{1, "CNY"}, "1.1234567890123", "EUR", 0, "money.bad_rate"},
		{Amount{1, "XXX"}, "1", "EUR", 0, "money.unknown_currency"},
		{Amount{1, "CNY"}, "1", "XXX", 0, "money.unknown_currency"},
	} {
		got, err := tt.amount.At(tt.rate, tt.base)
		require.Equal(t, tt.code, fault.CodeOf(err), "%s at %s", tt.amount.Text(), tt.rate)
		require.Equal(t, tt.want, got.Minor, "%s at %s", tt.amount.Text(), tt.rate)
	}
	require.NoError(t, CheckRate("7.2"))
	require.Error(t, CheckRate("+7.2"))
}

func TestAllocate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		minor   int64
		weights []int64
		want    []int64
		code    string
	}{
		{"a third each: the first gets the rest", 100, []int64{1, 1, 1}, []int64{34, 33, 33}, ""},
		{"a negative amount splits as its opposite", -100, []int64{1, 1, 1}, []int64{-34, -33, -33}, ""},
		{"the largest remainder first", 100, []int64{1, 2, 4}, []int64{14, 29, 57}, ""}, // 14.28 28.57 57.14
		{"no weight, no part", 100, []int64{0, 1, 0}, []int64{0, 100, 0}, ""},
		{"less than a unit each", 2, []int64{1, 1, 1, 1}, []int64{1, 1, 0, 0}, ""},
		{"nothing", 0, []int64{3, 4}, []int64{0, 0}, ""},
		{"weights beyond 64 bits together", 3, []int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}, []int64{1, 1, 1}, ""},
		{"the least amount", math.MinInt64, []int64{1}, []int64{math.MinInt64}, ""},
		{"no weights", 1, nil, nil, "money.bad_weights"},
		{"all zero", 1, []int64{0, 0}, nil, "money.bad_weights"},
		{"a negative weight", 1, []int64{2, -1}, nil, "money.bad_weights"},
		{"too many", 1, make([]int64, partsMax+1), nil, "money.bad_weights"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Amount{tt.minor, "CNY"}.Allocate(tt.weights)
			require.Equal(t, tt.code, fault.CodeOf(err))
			var minors []int64
			for _, part := range got {
				require.Equal(t, Currency("CNY"), part.Currency)
				minors = append(minors, part.Minor)
			}
			require.Equal(t, tt.want, minors)
		})
	}
}

func TestExponent(t *testing.T) {
	for c, want := range map[Currency]int{"CNY": 2, "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "CLF": 4, "UYW": 4,
		"UGX": 0, "ISK": 0, "XCG": 2, "ANG": 2, "BGN": 2, "MGA": 2, "XAD": 2, "XOF": 0} {
		digits, ok := Exponent(c)
		require.True(t, ok, c)
		require.Equal(t, want, digits, c)
	}
	for _, c := range []Currency{"XAU", "XXX", "XTS", "XDR", "CNH", "EURO", "eur", ""} {
		_, ok := Exponent(c)
		require.False(t, ok, c)
	}
	require.Len(t, currencies, 179-13+3+2, "list one without metals and tests; XAD, XCG, ZWG since; HRK, SLL of before")
}

func TestWithdrawnCurrenciesAreNotForNewDocuments(t *testing.T) {
	require.True(t, InForce("BGN", "2025-12-31"))
	require.False(t, InForce("BGN", "2026-01-01"))
	require.False(t, InForce("CLF", "2026-01-01"))
	require.False(t, InForce("XAU", "2026-01-01"))
	list := Currencies("2026-06-01")
	require.Contains(t, list, Currency("CNY"))
	require.Contains(t, list, Currency("XCG"))
	require.NotContains(t, list, Currency("ANG"))
	require.IsIncreasing(t, list)
}

var anyCurrency = rapid.SampledFrom([]Currency{"CNY", "JPY", "KWD", "CLF", "EUR"})

func TestParseReadsWhatTextWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount{Minor: rapid.Int64Range(-1e14, 1e14).Draw(t, "minor"), Currency: anyCurrency.Draw(t, "currency")}
		got, err := Parse(a.Text(), a.Currency)
		require.NoError(t, err)
		require.Equal(t, a, got)
	})
}

func TestArithmeticIsThatOfIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Int64().Draw(t, "x"), rapid.Int64().Draw(t, "y")
		a, b := Amount{x, "CNY"}, Amount{y, "CNY"}
		big1, big2 := big.NewInt(x), big.NewInt(y)
		sum, err := a.Add(b)
		same(t, new(big.Int).Add(big1, big2), sum, err)
		difference, err := a.Sub(b)
		same(t, new(big.Int).Sub(big1, big2), difference, err)
		order, err := a.Cmp(b)
		require.NoError(t, err)
		require.Equal(t, big1.Cmp(big2), order)
		reverse, err := b.Cmp(a)
		require.NoError(t, err)
		require.Equal(t, -order, reverse)
		require.Equal(t, big1.Sign(), a.Sign())
		require.Equal(t, a.Sign() == 0, a.IsZero())
	})
}

// same wants the exact result, or the fault where it does not fit.
func same(t *rapid.T, want *big.Int, got Amount, err error) {
	if !want.IsInt64() {
		require.Equal(t, "money.too_large", fault.CodeOf(err))
		return
	}
	require.NoError(t, err)
	require.Equal(t, want.Int64(), got.Minor)
}

func TestAllocateLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount{rapid.Int64().Draw(t, "minor"), "CNY"}
		weights := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64), 1, 20).Draw(t, "weights")
		total := new(big.Int)
		for _, weight := range weights {
			total.Add(total, big.NewInt(weight))
		}
		parts, err := a.Allocate(weights)
		if total.Sign() == 0 {
			require.Equal(t, "money.bad_weights", fault.CodeOf(err))
			return
		}
		require.NoError(t, err)
		sum := new(big.Int)
		for i, part := range parts {
			sum.Add(sum, big.NewInt(part.Minor))
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(weights[i])), total)
			off := exact.Sub(exact, new(big.Rat).SetInt64(part.Minor))
			require.Negative(t, off.Abs(off).Cmp(big.NewRat(1, 1)), "part %d is off by a unit", i)
			require.LessOrEqual(t, part.Sign()*-a.Sign(), 0)
		}
		require.Equal(t, a.Minor, sum.Int64())
		require.True(t, sum.IsInt64())
	})
}

func TestAtRoundsOnceHalfAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount{rapid.Int64Range(-1e12, 1e12).Draw(t, "minor"), "CNY"}
		rate := rapid.StringMatching(`[1-9][0-9]{0,3}(\.[0-9]{1,8})?`).Draw(t, "rate")
		got, err := a.At(rate, "EUR")
		require.NoError(t, err)
		exact, ok := new(big.Rat).SetString(rate)
		require.True(t, ok)
		exact.Mul(exact, new(big.Rat).SetInt64(a.Minor))
		off := exact.Sub(exact, new(big.Rat).SetInt64(got.Minor))
		half := off.Sign()*got.Sign() <= 0 // an exact half went away from zero
		require.LessOrEqual(t, new(big.Rat).Abs(off).Cmp(big.NewRat(1, 2)), 0)
		require.True(t, new(big.Rat).Abs(off).Cmp(big.NewRat(1, 2)) < 0 || half)
		negative, err := a.Neg()
		require.NoError(t, err)
		mirrored, err := negative.At(rate, "EUR")
		require.NoError(t, err)
		require.Equal(t, -got.Minor, mirrored.Minor)
	})
}

// FuzzParse holds that what Parse accepts is what the pattern says, and comes
// back the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"820.00", "-0.05", "1e3", "+1", "999999999999999.99", "１", "", ".", "-.", "1.005",
		"00000000000000000000"} {
		f.Add(text, "CNY")
		f.Add(text, "JPY")
		f.Add(text, "CLF")
	}
	f.Fuzz(func(t *testing.T, text, c string) {
		a, err := Parse(text, Currency(c))
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again, err := Parse(a.Text(), Currency(c))
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
