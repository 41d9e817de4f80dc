package inbound

import "github.com/countersign/countersign/domain/fault"

func at(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are what may be wrong with a mapping, or with a message that it is to read.
var Faults = fault.Register(map[string]fault.Entry{
	"inbound.bad_value":        {Kind: fault.Invalid, Args: at("value", "known")},
	"inbound.bad_expression":   {Kind: fault.Invalid, Args: at("expression", "words")},
	"inbound.unknown_table":    {Kind: fault.Invalid, Args: at("table", "nearest")},
	"inbound.unknown_type":     {Kind: fault.Invalid, Args: at("type")},
	"inbound.unknown_field":    {Kind: fault.Invalid, Args: at("name", "nearest")},
	"inbound.unknown_category": {Kind: fault.Invalid, Args: at("category", "nearest")},
	"inbound.no_value":         {Kind: fault.Invalid, Args: at("expression", "words")},
	"inbound.not_in_table":     {Kind: fault.Invalid, Args: at("value", "table")},
	"inbound.not_text":         {Kind: fault.Invalid, Args: at("from")},
	"inbound.not_a_list":       {Kind: fault.Invalid, Args: at("from")},
	"inbound.no_id":            {Kind: fault.Invalid, Args: at()},
	"inbound.bad_message":      {Kind: fault.Invalid, Args: []string{"words"}},
})
