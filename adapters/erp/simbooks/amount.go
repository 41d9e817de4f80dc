package simbooks

import (
	"strconv"
	"strings"
)

const wholeDigitsMax = 15

// Minor reads decimal text with at most two decimals; zeros behind them are no
// difference. Exponents and separators are not amounts.
func Minor(text string) (minor int64, ok bool) {
	body, negative := strings.CutPrefix(text, "-")
	whole, decimals, _ := strings.Cut(body, ".")
	if len(decimals) > 2 {
		decimals = decimals[:2] + strings.TrimRight(decimals[2:], "0")
	}
	if whole == "" || len(whole) > wholeDigitsMax || len(decimals) > 2 ||
		strings.Trim(whole+decimals, "0123456789") != "" {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", 2-len(decimals)), 10, 64)
	if negative {
		minor = -minor
	}
	return minor, err == nil
}

// Text writes minor units with two decimals.
func Text(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	text := strconv.FormatInt(minor, 10)
	if missing := 3 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	return sign + text[:len(text)-2] + "." + text[len(text)-2:]
}
