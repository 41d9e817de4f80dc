package money

import (
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// The codes of this package.
const (
	codeBadAmount       = "money.bad_amount"
	codeTooManyDecimals = "money.too_many_decimals"
	codeUnknownCurrency = "money.unknown_currency"
	codeTooLarge        = "money.too_large"
	codeMismatch        = "money.currency_mismatch"
	codeBadRate         = "money.bad_rate"
	codeBadWeights      = "money.bad_weights"
)

var _ = fault.Register(map[string]fault.Entry{
	codeBadAmount:       {Kind: fault.Invalid, Args: []string{"text"}},
	codeTooManyDecimals: {Kind: fault.Invalid, Args: []string{"text", "currency", "digits"}},
	codeUnknownCurrency: {Kind: fault.Invalid, Args: []string{"currency"}},
	codeTooLarge:        {Kind: fault.Invalid, Args: []string{"currency"}},
	codeMismatch:        {Kind: fault.Invalid, Args: []string{"left", "right"}},
	codeBadRate:         {Kind: fault.Invalid, Args: []string{"rate"}},
	codeBadWeights:      {Kind: fault.Invalid, Args: []string{"reason"}},
})

// shownMax is how much of a bad text a fault repeats, in bytes.
const shownMax = 40

// shown cuts what a caller sent to what a message may repeat.
func shown(text string) string {
	if len(text) <= shownMax {
		return text
	}
	return strings.ToValidUTF8(text[:shownMax], "") + "…"
}

func unknownCurrency(c Currency) *fault.Fault {
	return fault.New(fault.Invalid, codeUnknownCurrency, fault.Arg("currency", shown(string(c))))
}

func tooLarge(c Currency) *fault.Fault {
	return fault.New(fault.Invalid, codeTooLarge, fault.Arg("currency", string(c)))
}

func mismatch(a, b Currency) *fault.Fault {
	return fault.New(fault.Invalid, codeMismatch, fault.Arg("left", string(a)), fault.Arg("right", string(b)))
}

func badWeights(reason string) *fault.Fault {
	return fault.New(fault.Invalid, codeBadWeights, fault.Arg("reason", reason))
}
