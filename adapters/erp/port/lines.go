package port

import (
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
