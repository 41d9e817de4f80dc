package delegation

import "github.com/countersign/countersign/domain/fault"

// Codes are the faults of delegations: those of a rule that cannot be made, then
// those of deciding by one that does not hold.
var Codes = fault.Register(map[string]fault.Entry{
	"delegation.self":            {Kind: fault.Invalid},
	"delegation.to_maker":        {Kind: fault.Invalid},
	"delegation.unknown_person":  {Kind: fault.Invalid, Args: []string{"person"}},
	"delegation.bad_period":      {Kind: fault.Invalid},
	"delegation.too_long":        {Kind: fault.Invalid, Args: []string{"max"}},
	"delegation.too_many_types":  {Kind: fault.Invalid, Args: []string{"max"}},
	"delegation.bad_cap":         {Kind: fault.Invalid},
	"delegation.bad_reason":      {Kind: fault.Invalid, Args: []string{"max"}},
	"delegation.reason_required": {Kind: fault.Invalid},
	"delegation.too_many":        {Kind: fault.Conflict, Args: []string{"max"}},
	"delegation.cycle":           {Kind: fault.Conflict, Args: []string{"person"}},
	"delegation.over":            {Kind: fault.Conflict, Args: []string{"at"}},
	"delegation.not_found":       {Kind: fault.NotFound},

	"delegation.none":         {Kind: fault.Forbidden},
	"delegation.not_begun":    {Kind: fault.Forbidden, Args: []string{"at"}},
	"delegation.decides_only": {Kind: fault.Forbidden, Args: []string{"act"}},
	"delegation.ended":        {Kind: fault.Forbidden, Args: []string{"at"}},
	"delegation.revoked":      {Kind: fault.Forbidden, Args: []string{"by", "at"}},
	"delegation.out_of_scope": {Kind: fault.Forbidden, Args: []string{"type"}},
	"delegation.over_cap":     {Kind: fault.Forbidden, Args: []string{"max", "currency"}},
	"delegation.person_left":  {Kind: fault.Forbidden, Args: []string{"person"}},
})

// Self is the refusal of a rule to oneself, under whichever account.
func Self() error {
	return fault.New(fault.Invalid, "delegation.self", fault.Field("delegate"))
}

// ToMaker is the refusal of a rule by which an admin would give themselves
// somebody else's decisions.
func ToMaker() error {
	return fault.New(fault.Invalid, "delegation.to_maker", fault.Field("delegate"))
}

// ReasonRequired is the refusal of an admin's change without a reason.
func ReasonRequired() error {
	return fault.New(fault.Invalid, "delegation.reason_required", fault.Field("reason"))
}
