package org

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What a difference between two versions of the organisation is.
const (
	Joins   = "joins"
	Changes = "changes"
	Leaves  = "leaves"
)

// Difference is what one version says otherwise of somebody than another.
type Difference struct {
	Person, Name, What string
	Fields             []FieldChange // of Changes, and what else a leaver or who joins anew has otherwise
}

// FieldChange is one field that was told otherwise.
type FieldChange struct{ Name, Was, Is string }

// Differences lists who joins, changes and leaves from one organisation to another:
// first who joins, then who leaves, then who changes, each by their id.
func Differences(before, after *Snapshot) []Difference {
	var all []Difference
	for _, id := range slices.Sorted(maps.Keys(after.People)) {
		was, is := before.People[id], after.People[id]
		if !was.Active && !is.Active {
			continue
		}
		d := Difference{Person: id, Name: is.Name, What: Changes, Fields: FieldsChanged(was, is)}
		switch {
		case was.Active && !is.Active:
			d.What = Leaves
		case !was.Active:
			d.What = Joins
		case len(d.Fields) == 0:
			continue
		}
		all = append(all, d)
	}
	for id, was := range before.People {
		if _, named := after.People[id]; was.Active && !named {
			all = append(all, Difference{Person: id, Name: was.Name, What: Leaves})
		}
	}
	order := []string{Joins, Leaves, Changes}
	slices.SortStableFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.What), slices.Index(order, b.What)), cmp.Compare(a.Person, b.Person))
	})
	return all
}

// FieldsChanged says what is told otherwise of somebody, field by field, but whether
// they work here.
func FieldsChanged(was, is Person) []FieldChange {
	return changedFields([]FieldChange{
		{"name", was.Name, is.Name}, {"email", was.Email, is.Email}, {"locale", was.Locale, is.Locale},
		{"entity", was.Entity, is.Entity}, {"department", was.Department, is.Department},
		{"cost_center", was.CostCenter, is.CostCenter}, {"manager", was.Manager, is.Manager},
		{"grade", strconv.Itoa(was.Grade), strconv.Itoa(is.Grade)}, {"subject", was.Subject, is.Subject},
		{"aliases", strings.Join(was.Aliases, "+"), strings.Join(is.Aliases, "+")},
	})
}

// DepartmentChanged says what is told otherwise of a department, field by field.
func DepartmentChanged(was, is Department) []FieldChange {
	fields := []FieldChange{
		{"entity", was.Entity, is.Entity}, {"parent", was.Parent, is.Parent}, {"head", was.Head, is.Head},
		{"cost_center", was.CostCenter, is.CostCenter},
	}
	locales := slices.Concat(slices.Collect(maps.Keys(was.Name)), slices.Collect(maps.Keys(is.Name)))
	slices.Sort(locales)
	for _, locale := range slices.Compact(locales) {
		fields = append(fields, FieldChange{"name." + locale, was.Name[locale], is.Name[locale]})
	}
	return changedFields(fields)
}

func changedFields(fields []FieldChange) []FieldChange {
	return slices.DeleteFunc(fields, func(f FieldChange) bool { return f.Was == f.Is })
}
