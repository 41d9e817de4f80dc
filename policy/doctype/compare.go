package doctype

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two versions of a type, in the terms of its language.
type Change struct {
	Part string `json:"part,omitempty"` // field, category or city; "" for the type itself
	ID   string `json:"id,omitempty"`   // of that field, category or city
	What string `json:"what"`           // added, removed or changed
	Key  string `json:"key,omitempty"`  // what of it changed
	Was  string `json:"was,omitempty"`
	Now  string `json:"now,omitempty"`
}

// What a change is.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// described is what there is to compare of one part, by key, and how it is called.
type described struct {
	id, title string
	values    map[string]string
}

// Compare tells what differs between two versions of a type: of itself, then of its
// fields, categories and cities, each in the order of the newer text.
func Compare(before, after *Type) []Change {
	changes := changed("", "", describeType(before), describeType(after))
	for _, part := range []struct {
		name     string
		was, now []described
	}{
		{"field", fieldsOf(before), fieldsOf(after)},
		{"category", categoriesOf(before), categoriesOf(after)},
		{"city", citiesOf(before), citiesOf(after)},
	} {
		changes = append(changes, comparePart(part.name, part.was, part.now)...)
	}
	return changes
}

func comparePart(part string, before, after []described) []Change {
	var changes []Change
	find := func(list []described, id string) int {
		return slices.IndexFunc(list, func(d described) bool { return d.id == id })
	}
	for _, now := range after {
		if i := find(before, now.id); i >= 0 {
			changes = append(changes, changed(part, now.id, before[i].values, now.values)...)
		} else {
			changes = append(changes, Change{Part: part, ID: now.id, What: Added, Now: now.title})
		}
	}
	for _, was := range before {
		if find(after, was.id) < 0 {
			changes = append(changes, Change{Part: part, ID: was.id, What: Removed, Was: was.title})
		}
	}
	return changes
}

func changed(part, id string, before, after map[string]string) []Change {
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if before[key] != after[key] {
			changes = append(changes, Change{part, id, Changed, key, before[key], after[key]})
		}
	}
	return changes
}

func describeType(t *Type) map[string]string {
	var currencies []string
	for _, c := range t.Currencies {
		currencies = append(currencies, string(c))
	}
	return map[string]string{
		"title": titled(t.Title), "number_prefix": t.NumberPrefix, "policy": t.Policy, "mapping": t.Mapping,
		"payee": t.Payee, "currencies": strings.Join(currencies, ", "), "attachments": t.Attachments, "offsets": t.Offsets,
		"line_dates": strconv.FormatBool(t.LineDates), "lines_optional": strconv.FormatBool(t.LinesOptional),
		"own_currency": strconv.FormatBool(t.OwnCurrency), "max_lines": strconv.Itoa(t.Limits.MaxLines),
		"max_amount": t.Limits.MaxAmount,
	}
}

func fieldsOf(t *Type) []described {
	var list []described
	for _, f := range t.Fields {
		var options []string
		for _, o := range f.Options {
			options = append(options, o.ID+" "+titled(o.Title))
		}
		list = append(list, described{f.Name, titled(f.Title), map[string]string{
			"title": titled(f.Title), "kind": string(f.Kind), "required": strconv.FormatBool(f.Required),
			"options": strings.Join(options, ", "), "hint": titled(f.Hint), "min": f.Min, "max": f.Max, "after": f.After,
			"pattern": f.Pattern, "of": strings.Join(f.Of, ", "), "listed": strconv.FormatBool(f.Listed),
		}})
	}
	return list
}

func categoriesOf(t *Type) []described {
	var list []described
	for _, c := range t.Categories {
		list = append(list, described{c.ID, titled(c.Title), map[string]string{
			"title": titled(c.Title), "needs_invoice": strconv.FormatBool(c.NeedsInvoice),
			"tax_rates": strings.Join(c.TaxRates, ", "), "standard": c.Standard.words(),
		}})
	}
	return list
}

func citiesOf(t *Type) []described {
	var list []described
	for _, c := range t.Cities {
		list = append(list, described{c.ID, titled(c.Title), map[string]string{"title": titled(c.Title), "tier": c.Tier}})
	}
	return list
}

// words is a standard in the order of its text: «night, refuse: grade ≥ 8 abroad CNY 2400.00; …».
func (s *Standard) words() string {
	if s == nil {
		return ""
	}
	var rows []string
	for _, r := range s.Rates {
		var parts []string
		if r.Grade > 0 {
			parts = append(parts, fmt.Sprintf("grade ≥ %d", r.Grade))
		}
		if r.Tier != "" {
			parts = append(parts, r.Tier)
		}
		for _, c := range slices.Sorted(maps.Keys(r.Amounts)) {
			parts = append(parts, string(c)+" "+r.Amounts[c])
		}
		rows = append(rows, strings.Join(parts, " "))
	}
	return s.Per + ", " + s.Over + ": " + strings.Join(rows, "; ")
}

// titled is a title in both languages, or what there is of it.
func titled(title map[string]string) string {
	var parts []string
	for _, locale := range slices.Sorted(maps.Keys(title)) {
		parts = append(parts, title[locale])
	}
	return strings.Join(parts, " · ")
}
