package booking

import "github.com/countersign/countersign/domain/fault"

func at(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are what may be wrong with a mapping, or keep it from making a voucher.
var Faults = fault.Register(map[string]fault.Entry{
	"booking.bad_value":          {Kind: fault.Invalid, Args: at("value", "known")},
	"booking.wrong_type":         {Kind: fault.Invalid, Args: at("type", "want")},
	"booking.unknown_category":   {Kind: fault.Invalid, Args: at("category", "nearest")},
	"booking.unmapped_category":  {Kind: fault.Invalid, Args: at("category", "entity")},
	"booking.not_in_version":     {Kind: fault.Invalid, Args: []string{"kind"}},
	"booking.wrong_base":         {Kind: fault.Invalid, Args: []string{"currency", "want"}},
	"booking.no_advance_account": {Kind: fault.Invalid, Args: at("number")},
	"booking.no_party":           {Kind: fault.Invalid},
})
