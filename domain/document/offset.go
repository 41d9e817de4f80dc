package document

import (
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// Offset is the part of an advance that a report settles: it is not paid again. 核销
type Offset struct {
	Document string       `json:"document"` // the advance
	Number   string       `json:"number"`   // its human number
	Amount   money.Amount `json:"amount"`
}

// Advance is money that somebody got beforehand, and how much of it is still to
// be settled. 借款
type Advance struct {
	Document  string
	Number    string
	Type      string
	Entity    string
	Requester string
	Posted    bool // it is in the books: before that nobody has the money
	Total     money.Amount
	Open      money.Amount // Total less what other documents settle of it
}

// Faults are what may be wrong with an offset.
var Faults = fault.Register(map[string]fault.Entry{
	"offset.not_for_type":    {Kind: fault.Invalid, Args: []string{"type"}},
	"offset.unknown_advance": {Kind: fault.Invalid, Args: []string{"number"}},
	"offset.not_posted":      {Kind: fault.Invalid, Args: []string{"number"}},
	"offset.wrong_currency":  {Kind: fault.Invalid, Args: []string{"currency", "want"}},
	"offset.not_positive":    {Kind: fault.Invalid},
	"offset.exceeds_open":    {Kind: fault.Invalid, Args: []string{"number", "open", "currency"}},
})

// Allows says whether an advance bears the offset that a content asks of it.
//
// Errors: Invalid offset.unknown_advance, which also says that it is somebody
// else's or another entity's; offset.not_posted, wrong_currency, exceeds_open.
func (a Advance) Allows(c Content) error {
	number := fault.Arg("number", a.Number)
	o := c.Offset
	switch {
	case a.Requester != c.Requester || a.Entity != c.Entity || a.Document != o.Document:
		return fault.New(fault.Invalid, "offset.unknown_advance", fault.Field("offset.advance"), number)
	case !a.Posted:
		return fault.New(fault.Invalid, "offset.not_posted", fault.Field("offset.advance"), number)
	case o.Amount.Currency != a.Open.Currency:
		return fault.New(fault.Invalid, "offset.wrong_currency", fault.Field("offset.amount"),
			fault.Arg("currency", string(o.Amount.Currency)), fault.Arg("want", string(a.Open.Currency)))
	case o.Amount.Minor > a.Open.Minor:
		return fault.New(fault.Invalid, "offset.exceeds_open", fault.Field("offset.amount"), number,
			fault.Arg("open", a.Open.Text()), fault.Arg("currency", string(a.Open.Currency)))
	}
	return nil
}

// Payable is what is paid: the total less what an advance already paid. Negative,
// it is what the requester owes.
//
// Errors: Invalid money.currency_mismatch, money.too_large.
func (c Content) Payable() (money.Amount, error) {
	if c.Offset == nil {
		return c.Total, nil
	}
	return c.Total.Sub(c.Offset.Amount)
}
