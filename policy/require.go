package policy

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// HumansMax is the most distinct humans that a policy may require.
const HumansMax = 5

// requiresMax is how many limits a policy may have.
const requiresMax = 10

// Require says how many distinct humans must agree from an amount on, whatever
// path a document takes. Prove holds it of the route; the plan carries the number, so
// that it also holds where people hand their tasks on.
type Require struct {
	From   money.Amount `json:"from"` // in the policy's base currency
	Humans int          `json:"humans"`
}

type requireYAML struct {
	From   string `yaml:"from,required"`
	Humans int    `yaml:"humans,required"`
}

// require reads the limits; the order of the text does not matter.
func (r *reading) require(base money.Currency, raw []requireYAML) []Require {
	if len(raw) > requiresMax {
		r.refuse("policy.too_many", "require",
			fault.Arg("count", strconv.Itoa(len(raw))), fault.Arg("max", strconv.Itoa(requiresMax)))
	}
	var limits []Require
	for i, one := range raw {
		path := "require[" + strconv.Itoa(i) + "]"
		from, err := money.Parse(one.From, base)
		if err != nil || from.Minor < 0 {
			r.refuse("policy.bad_amount", path+".from", fault.Arg("value", one.From))
			continue
		}
		r.number(path+".humans", one.Humans, 1, HumansMax)
		limits = append(limits, Require{From: from, Humans: one.Humans})
	}
	slices.SortFunc(limits, func(a, b Require) int { return cmp.Compare(a.From.Minor, b.From.Minor) })
	return limits
}

// humansFrom is how many distinct humans the policy requires for an amount.
func (p *Policy) humansFrom(minor int64) int {
	most := 0
	for _, limit := range p.Require {
		if minor >= limit.From.Minor {
			most = max(most, limit.Humans)
		}
	}
	return most
}
