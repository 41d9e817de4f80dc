package voucher

import "github.com/countersign/countersign/domain/fault"

// Faults are what may be wrong with a voucher.
var Faults = fault.Register(map[string]fault.Entry{
	"voucher.unbalanced":     {Kind: fault.Invalid, Args: []string{"reference", "debit", "credit", "currency"}},
	"voucher.bad_entry":      {Kind: fault.Invalid, Args: []string{"reference", "why"}},
	"voucher.mixed_currency": {Kind: fault.Invalid, Args: []string{"reference", "currency", "other"}},
	"voucher.entries":        {Kind: fault.Invalid, Args: []string{"reference", "count", "max"}},
	"voucher.bad_reference":  {Kind: fault.Invalid, Args: []string{"reference"}},
	"voucher.bad_date":       {Kind: fault.Invalid, Args: []string{"reference", "date"}},
})
