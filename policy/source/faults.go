package source

import "github.com/countersign/countersign/domain/fault"

var place = []string{"file", "line", "column"}

func at(args ...string) []string { return append(append([]string{}, place...), args...) }

// Faults are what may be wrong with a YAML text before anybody reads a meaning in it.
var Faults = fault.Register(map[string]fault.Entry{
	"yaml.too_large":     {Kind: fault.Invalid, Args: []string{"file", "size", "max"}},
	"yaml.too_deep":      {Kind: fault.Invalid, Args: at("max")},
	"yaml.too_many":      {Kind: fault.Invalid, Args: at("max")},
	"yaml.too_long":      {Kind: fault.Invalid, Args: at("max")},
	"yaml.syntax":        {Kind: fault.Invalid, Args: at("words", "mistake")},
	"yaml.not_allowed":   {Kind: fault.Invalid, Args: at("what")},
	"yaml.unknown_key":   {Kind: fault.Invalid, Args: at("key", "nearest", "known")},
	"yaml.duplicate_key": {Kind: fault.Invalid, Args: at("key", "first")},
	"yaml.missing_key":   {Kind: fault.Invalid, Args: at("key")},
	"yaml.wrong_type":    {Kind: fault.Invalid, Args: at("want", "found", "mend")},
})
