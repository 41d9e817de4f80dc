package policy

import "github.com/countersign/countersign/domain/fault"

func at(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are what may be wrong with a policy, or keep it from making a plan. The
// arguments file, line and column say where in its text.
var Faults = fault.Register(map[string]fault.Entry{
	// found by Parse
	"policy.bad_id":              {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_value":           {Kind: fault.Invalid, Args: at("value", "nearest", "known")},
	"policy.bad_currency":        {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_duration":        {Kind: fault.Invalid, Args: at("value")},
	"policy.bad_number":          {Kind: fault.Invalid, Args: at("value", "min", "max")},
	"policy.bad_approver":        {Kind: fault.Invalid, Args: at("given", "known")},
	"policy.missing_title":       {Kind: fault.Invalid, Args: at("locale")},
	"policy.missing_otherwise":   {Kind: fault.Invalid, Args: at()},
	"policy.otherwise_without":   {Kind: fault.Invalid, Args: at()},
	"policy.timeout_without_due": {Kind: fault.Invalid, Args: at()},
	"policy.duplicate_step":      {Kind: fault.Invalid, Args: at("id", "first")},
	"policy.duplicate_value":     {Kind: fault.Invalid, Args: at("value")},
	"policy.too_many":            {Kind: fault.Invalid, Args: at("count", "max")},
	"policy.empty":               {Kind: fault.Invalid, Args: at()},
	"policy.not_in_version":      {Kind: fault.Invalid, Args: at("what")},
	// found by Check; bad_condition by Route as well
	"policy.bad_condition":      {Kind: fault.Invalid, Args: at("expression", "words")},
	"policy.unknown_role":       {Kind: fault.Invalid, Args: at("role", "nearest", "known")},
	"policy.unknown_person":     {Kind: fault.Invalid, Args: at("person")},
	"policy.inactive_person":    {Kind: fault.Invalid, Args: at("person")},
	"policy.unknown_field":      {Kind: fault.Invalid, Args: at("field", "type", "nearest")},
	"policy.not_a_person":       {Kind: fault.Invalid, Args: at("field", "type")},
	"policy.vacant_role":        {Kind: fault.Invalid, Args: at("role", "entity")},
	"policy.sole_holder":        {Kind: fault.Invalid, Args: at("role", "entity", "person")},
	"policy.crowded_role":       {Kind: fault.Invalid, Args: at("role", "entity", "count", "max")},
	"policy.short_chain":        {Kind: fault.Invalid, Args: at("level", "count", "people")},
	"policy.vacant_departments": {Kind: fault.Invalid, Args: at("count", "departments")},
	"policy.approve_on_timeout": {Kind: fault.Invalid, Args: at()},
	"policy.no_admin":           {Kind: fault.Invalid, Args: at("entity")},
	"policy.no_mapping":         {Kind: fault.Invalid, Args: at("type")},
	"policy.unused":             {Kind: fault.Invalid, Args: at("policy")},
	// found by Route
	"policy.condition_failed":   {Kind: fault.Invalid, Args: at("step", "expression", "words")},
	"policy.no_rate":            {Kind: fault.Invalid, Args: []string{"from", "to"}},
	"policy.unknown_entity":     {Kind: fault.Invalid, Args: []string{"entity"}},
	"policy.too_many_approvers": {Kind: fault.Invalid, Args: []string{"step", "count", "max"}},
})
