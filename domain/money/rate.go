package money

import (
	"math/big"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// The longest rate, in digits before and after its point.
const (
	rateWholeMax    = 12
	rateDecimalsMax = 12
)

// At converts at a rate: 1 unit of a's currency is rate units of base. The
// product is exact and rounded once, half away from zero, to base's minor unit.
//
// Errors: Invalid money.bad_rate for a rate that is not plain positive decimal
// text, money.unknown_currency, money.too_large.
func (a Amount) At(rate string, base Currency) (Amount, error) {
	from, ok := Exponent(a.Currency)
	if !ok {
		return Amount{}, unknownCurrency(a.Currency)
	}
	to, ok := Exponent(base)
	if !ok {
		return Amount{}, unknownCurrency(base)
	}
	value, err := parseRate(rate)
	if err != nil {
		return Amount{}, err
	}
	value.Mul(value, new(big.Rat).SetInt64(a.Minor))
	value.Mul(value, new(big.Rat).SetFrac(power(to), power(from)))
	minor := roundHalfAway(value)
	if !minor.IsInt64() {
		return Amount{}, tooLarge(base)
	}
	return Amount{Minor: minor.Int64(), Currency: base}, nil
}

// CheckRate says what is wrong with the text of a rate; nil for a good one.
//
// Errors: Invalid money.bad_rate.
func CheckRate(rate string) error {
	_, err := parseRate(rate)
	return err
}

func parseRate(text string) (*big.Rat, error) {
	bad := fault.New(fault.Invalid, codeBadRate, fault.Arg("rate", shown(text)))
	whole, decimals, pointed := strings.Cut(text, ".")
	if !allDigits(whole) || pointed && !allDigits(decimals) {
		return nil, bad
	}
	if len(whole) > rateWholeMax || len(decimals) > rateDecimalsMax {
		return nil, bad
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok || value.Sign() <= 0 {
		return nil, bad
	}
	return value, nil
}

// power is ten to the number of digits.
func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// roundHalfAway rounds to the nearest integer, halves away from zero 四舍五入.
func roundHalfAway(value *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(value.Num()), 1)
	twice.Add(twice, value.Denom())
	rounded := twice.Quo(twice, new(big.Int).Lsh(value.Denom(), 1))
	if value.Sign() < 0 {
		rounded.Neg(rounded)
	}
	return rounded
}
