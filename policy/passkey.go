package policy

import (
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// Passkey asks whoever decides on a document from an amount on to sign the decision
// with a passkey, in every step. 大额通行密钥签署
type Passkey struct {
	From money.Amount `json:"from"` // in the policy's base currency
}

type passkeyYAML struct {
	From string `yaml:"from,required"`
}

// passkey reads the limit; nil where none is written.
func (r *reading) passkey(base money.Currency, raw passkeyYAML) *Passkey {
	if !r.written("passkey") {
		return nil
	}
	from, err := money.Parse(raw.From, base)
	if err != nil || from.Minor < 0 {
		r.refuse("policy.bad_amount", "passkey.from", fault.Arg("value", raw.From))
	}
	return &Passkey{From: from}
}

// over says whether a plan asks for it at an amount.
func (k *Passkey) over(minor int64) bool { return k != nil && minor >= k.From.Minor }
