package booking

import (
	"maps"
	"regexp"
	"slices"
)

// quoted are the texts written out in an expression.
var quoted = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)

// Names lists every code that a mapping might book with: what is written out in its
// rules, its tables and its expressions. It lists rather too much than too little.
func (m *Mapping) Names() []string {
	var all []string
	add := func(values ...string) {
		for _, v := range values {
			if expressionOf(v) == "" {
				all = append(all, v)
				continue
			}
			for _, found := range quoted.FindAllStringSubmatch(v, -1) {
				all = append(all, found[1]+found[2])
			}
		}
	}
	for _, r := range append([]Rules{m.Rules}, slices.Collect(maps.Values(m.Entities))...) {
		add(r.Default, r.Tax, r.Credit, r.Advance, r.Owed, r.Party, r.CostCenter)
		add(r.Settlement.Bank, r.Settlement.Gain, r.Settlement.Loss)
		add(slices.Collect(maps.Values(r.Debit))...)
		for _, rule := range r.Taxes {
			for _, part := range rule.Parts {
				add(part.Account)
			}
		}
		for _, table := range r.Tables {
			add(slices.Collect(maps.Values(table))...)
		}
		for _, values := range r.Dimensions {
			add(slices.Collect(maps.Values(values))...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(code string) bool { return code == "" })
}
