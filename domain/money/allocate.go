package money

import (
	"cmp"
	"math/big"
	"slices"
)

// partsMax is the most parts an amount is split into.
const partsMax = 10_000

// Allocate splits an amount in proportion to the weights, by largest remainder:
// the parts add up exactly, none differs from its exact share by a whole minor
// unit, and ties go to the earlier part. A negative amount splits as its
// opposite does. A part of weight 0 is zero. 最大余额法
//
// Errors: Invalid money.bad_weights for no weights, too many, a negative one,
// or nothing but zeros.
func (a Amount) Allocate(weights []int64) ([]Amount, error) {
	total, err := totalWeight(weights)
	if err != nil {
		return nil, err
	}
	whole := new(big.Int).SetUint64(magnitude(a.Minor))
	left := new(big.Int).Set(whole)
	shares := make([]share, len(weights))
	for i, weight := range weights {
		product := new(big.Int).Mul(whole, big.NewInt(weight))
		quotient, remainder := new(big.Int).QuoRem(product, total, new(big.Int))
		shares[i] = share{index: i, minor: quotient, remainder: remainder}
		left.Sub(left, quotient)
	}
	order := slices.Clone(shares)
	slices.SortFunc(order, func(x, y share) int {
		return cmp.Or(y.remainder.Cmp(x.remainder), cmp.Compare(x.index, y.index))
	})
	// What is left is less than the number of parts with a remainder.
	for _, next := range order[:left.Int64()] {
		next.minor.Add(next.minor, big.NewInt(1))
	}
	parts := make([]Amount, len(shares))
	for i, s := range shares {
		if a.Minor < 0 {
			s.minor.Neg(s.minor)
		}
		parts[i] = Amount{Minor: s.minor.Int64(), Currency: a.Currency}
	}
	return parts, nil
}

// share is one part while it is being found.
type share struct {
	index     int
	minor     *big.Int
	remainder *big.Int
}

func totalWeight(weights []int64) (*big.Int, error) {
	if len(weights) == 0 {
		return nil, badWeights("none")
	}
	if len(weights) > partsMax {
		return nil, badWeights("too_many")
	}
	total := new(big.Int)
	for _, weight := range weights {
		if weight < 0 {
			return nil, badWeights("negative")
		}
		total.Add(total, big.NewInt(weight))
	}
	if total.Sign() == 0 {
		return nil, badWeights("all_zero")
	}
	return total, nil
}
