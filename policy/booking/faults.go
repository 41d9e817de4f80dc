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
	"booking.bad_expression":     {Kind: fault.Invalid, Args: at("expression", "words")},
	"booking.no_value":           {Kind: fault.Invalid, Args: at("expression", "words")},
	"booking.bad_result":         {Kind: fault.Invalid, Args: at("expression", "value")},
	"booking.unknown_table":      {Kind: fault.Invalid, Args: at("table", "nearest")},
	"booking.unknown_field":      {Kind: fault.Invalid, Args: at("name", "nearest")},
	"booking.too_much_tax":       {Kind: fault.Invalid, Args: at("share")},
	"booking.counter_example": {Kind: fault.Invalid,
		Args: at("entity", "department", "payee", "category", "amount", "currency", "tax")},
	"booking.no_such_account": {Kind: fault.Invalid, Args: at("account", "name", "entity")},
	"booking.closed_account":  {Kind: fault.Invalid, Args: at("account", "name", "entity")},
	"booking.wants_party":     {Kind: fault.Invalid, Args: at("account", "name", "entity")},
	"booking.dimension_lost": {Kind: fault.Invalid,
		Args: at("dimension", "account", "entity", "connection", "adapter", "known")},
	"booking.foreign_lost":      {Kind: fault.Invalid, Args: []string{"entity", "connection", "adapter", "currency"}},
	"booking.no_reversal":       {Kind: fault.Invalid, Args: []string{"entity", "connection", "adapter"}},
	"booking.unchecked":         {Kind: fault.Invalid, Args: []string{"entities"}},
	"booking.no_settlement":     {Kind: fault.Invalid, Args: at("type")},
	"booking.no_difference":     {Kind: fault.Invalid, Args: at("amount", "currency")},
	"booking.nothing_to_settle": {Kind: fault.Invalid, Args: []string{"number"}},
	"booking.no_party":          {Kind: fault.Invalid},
})
