package invariants

import "math/big"

// decimalsShown is more than any currency has.
const decimalsShown = 6

// addDecimal adds a decimal text to a sum, "" being zero; what is no number makes
// the sum "not a number", which equals nothing but itself.
func addDecimal(sum, text string) string {
	if sum == "" {
		sum = "0"
	}
	a, fine := new(big.Rat).SetString(sum)
	b, alsoFine := new(big.Rat).SetString(text)
	if !fine || !alsoFine {
		return "not a number"
	}
	return a.Add(a, b).FloatString(decimalsShown)
}
