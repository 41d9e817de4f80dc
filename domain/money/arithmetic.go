package money

import (
	"cmp"
	"math"
)

// Zero is nothing, in a currency.
func Zero(c Currency) Amount { return Amount{Currency: c} }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return cmp.Compare(a.Minor, 0) }

// IsZero says whether the amount is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Add adds an amount of the same currency.
//
// Errors: Invalid money.currency_mismatch, money.too_large.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, mismatch(a.Currency, b.Currency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, tooLarge(a.Currency)
	}
	return Amount{Minor: sum, Currency: a.Currency}, nil
}

// Sub takes an amount of the same currency away.
//
// Errors: Invalid money.currency_mismatch, money.too_large.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, mismatch(a.Currency, b.Currency)
	}
	difference := a.Minor - b.Minor
	if (difference < a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, tooLarge(a.Currency)
	}
	return Amount{Minor: difference, Currency: a.Currency}, nil
}

// Neg turns the sign.
//
// Errors: Invalid money.too_large, for the one amount without an opposite.
func (a Amount) Neg() (Amount, error) {
	if a.Minor == math.MinInt64 {
		return Amount{}, tooLarge(a.Currency)
	}
	return Amount{Minor: -a.Minor, Currency: a.Currency}, nil
}

// Cmp is -1, 0 or 1 as a is less than, equal to or more than b.
//
// Errors: Invalid money.currency_mismatch; amounts of two currencies have no order.
func (a Amount) Cmp(b Amount) (int, error) {
	if a.Currency != b.Currency {
		return 0, mismatch(a.Currency, b.Currency)
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// Sum adds amounts of one currency; of none it is zero.
//
// Errors: as Add.
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	total := Zero(c)
	for _, a := range amounts {
		next, err := total.Add(a)
		if err != nil {
			return Amount{}, err
		}
		total = next
	}
	return total, nil
}
