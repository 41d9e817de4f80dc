package port

import (
	"math"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Base is what an entry weighs in the books: its base amount, or its own amount
// where the document is in the base currency and no other was given.
func Base(e voucher.Entry) money.Amount {
	if e.Base.Currency == "" {
		return e.Amount
	}
	return e.Base
}

// LineOf is an entry as the ERP should hold it.
func LineOf(e voucher.Entry) Line {
	base := Base(e)
	line := Line{Account: e.Account, Party: e.Party,
		Debit: money.Amount{Currency: base.Currency}, Credit: money.Amount{Currency: base.Currency}}
	if e.Side == voucher.Debit {
		line.Debit = base
	} else {
		line.Credit = base
	}
	return line
}

// Sum adds up both sides. All lines of a voucher are in its base currency.
func Sum(lines []Line) Totals {
	var t Totals
	for _, l := range lines {
		t.Debit.Minor += l.Debit.Minor
		t.Credit.Minor += l.Credit.Minor
		t.Debit.Currency, t.Credit.Currency = l.Debit.Currency, l.Credit.Currency
	}
	return t
}

// ParseAmount reads decimal text as ERPs write it. Zeros behind the currency's
// decimals are no difference: databases keep the scale of a sum's longest part.
//
// Errors: those of money.Parse.
func ParseAmount(text string, c money.Currency) (money.Amount, error) {
	digits, _ := money.Exponent(c)
	if whole, decimals, ok := strings.Cut(text, "."); ok && len(decimals) > digits {
		decimals = decimals[:digits] + strings.TrimRight(decimals[digits:], "0")
		text = strings.TrimSuffix(whole+"."+decimals, ".")
	}
	return money.Parse(text, c)
}

// FloatMax is the largest amount, in minor units, that an ERP which computes in
// binary floating point keeps to the last unit: fifteen digits.
const FloatMax = 999_999_999_999_999

// floatNoise is how far, in minor units, sums of such an ERP may be off.
const floatNoise = 0.25

// RoundAmount reads a number of an ERP that computes in binary floating point:
// 299.99999999999994 is 300.00, and 1e+16 is a number.
//
// Errors: those of money.Parse, where it is further from a whole minor unit
// than such an ERP's arithmetic explains.
func RoundAmount(text string, c money.Currency) (money.Amount, error) {
	value, err := strconv.ParseFloat(text, 64)
	digits, known := money.Exponent(c)
	if err != nil || !known {
		return money.Parse(text, c)
	}
	minor := value * math.Pow10(digits)
	whole := math.Round(minor)
	if math.IsNaN(minor) || math.Abs(whole) > FloatMax || math.Abs(minor-whole) > floatNoise {
		return money.Parse(text, c)
	}
	return money.Amount{Minor: int64(whole), Currency: c}, nil
}
