package invariants

import "math/big"

// decimalsShown is more than any currency has.
const decimalsShown = 6

const notANumber = "not a number"

// addDecimal adds a decimal text to a sum, "" being zero; what is no number makes
// the sum notANumber, for good.
func addDecimal(sum, text string) string {
	if sum == "" {
		sum = "0"
	}
	a, fine := new(big.Rat).SetString(sum)
	b, alsoFine := new(big.Rat).SetString(text)
	if !fine || !alsoFine {
		return notANumber
	}
	return a.Add(a, b).FloatString(decimalsShown)
}
