package money

import (
	"math"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// wholeMax is the most digits an amount may have before its point.
const wholeMax = 15

// Parse reads decimal text strictly: an optional minus, 1 to 15 digits, and at
// most as many decimals as the currency has. No plus, exponent, separator,
// space or full-width digit; nothing is rounded.
//
// Errors: Invalid money.unknown_currency, money.bad_amount,
// money.too_many_decimals, money.too_large.
func Parse(text string, c Currency) (Amount, error) {
	digits, ok := Exponent(c)
	if !ok {
		return Amount{}, unknownCurrency(c)
	}
	body, negative := strings.CutPrefix(text, "-")
	whole, decimals, pointed := strings.Cut(body, ".")
	if !allDigits(whole) || pointed && !allDigits(decimals) {
		return Amount{}, fault.New(fault.Invalid, codeBadAmount, fault.Arg("text", shown(text)))
	}
	if len(whole) > wholeMax {
		return Amount{}, tooLarge(c)
	}
	if len(decimals) > digits {
		return Amount{}, fault.New(fault.Invalid, codeTooManyDecimals, fault.Arg("text", shown(text)),
			fault.Arg("currency", string(c)), fault.Arg("digits", strconv.Itoa(digits)))
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", digits-len(decimals)), 10, 64)
	if err != nil {
		return Amount{}, tooLarge(c)
	}
	if negative {
		minor = -minor
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// allDigits says whether text is one or more ASCII digits.
func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// Text is the amount as decimal text with all the decimals of its currency:
// "820.00", "-5", "1.250". Parse reads it back. An amount in a currency nobody
// knows has no decimal text: its minor units are shown with a question mark.
func (a Amount) Text() string {
	digits, ok := Exponent(a.Currency)
	if !ok {
		return strconv.FormatInt(a.Minor, 10) + "?"
	}
	if digits == 0 {
		return strconv.FormatInt(a.Minor, 10)
	}
	body := strconv.FormatUint(magnitude(a.Minor), 10)
	if missing := digits + 1 - len(body); missing > 0 {
		body = strings.Repeat("0", missing) + body
	}
	text := body[:len(body)-digits] + "." + body[len(body)-digits:]
	if a.Minor < 0 {
		return "-" + text
	}
	return text
}

// magnitude is |minor|, right for the smallest int64 too.
func magnitude(minor int64) uint64 {
	if minor == math.MinInt64 {
		return 1 << 63
	}
	return uint64(max(minor, -minor))
}
