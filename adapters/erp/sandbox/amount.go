package sandbox

import (
	"strconv"
	"strings"
)

const wholeDigitsMax = 16

// parseAmount reads decimal text into minor units; ok is false where the text
// is not a plain positive decimal or has too many decimals.
func parseAmount(text string, digits int) (minor int64, ok bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > wholeDigitsMax || len(decimals) > digits {
		return 0, false
	}
	for _, c := range whole + decimals {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", digits-len(decimals)), 10, 64)
	return minor, err == nil
}

// formatAmount writes minor units as decimal text.
func formatAmount(minor int64, digits int) string {
	text := strconv.FormatInt(minor, 10)
	if digits == 0 {
		return text
	}
	if missing := digits + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	return text[:len(text)-digits] + "." + text[len(text)-digits:]
}
