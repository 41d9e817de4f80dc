package directory

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// compare holds one value against another. What is not there equals null only.
func compare(have any, op string, want any, exact bool) bool {
	if op == "pr" {
		return have != nil && have != ""
	}
	if truth, ok := have.(bool); ok {
		if words, isText := want.(string); isText {
			want = strings.EqualFold(words, "true")
		}
		return op == "eq" && want == truth || op == "ne" && want != truth
	}
	a, isText := have.(string)
	b, wantsText := want.(string)
	if !isText || !wantsText {
		return op == "eq" && have == nil && want == nil || op == "ne" && (have == nil) != (want == nil)
	}
	if at, err := time.Parse(time.RFC3339, a); err == nil {
		if other, err := time.Parse(time.RFC3339, b); err == nil {
			return ordered(op, at.Compare(other))
		}
	}
	if !exact {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	switch op {
	case "co":
		return strings.Contains(a, b)
	case "sw":
		return strings.HasPrefix(a, b)
	case "ew":
		return strings.HasSuffix(a, b)
	}
	return ordered(op, strings.Compare(a, b))
}

func ordered(op string, sign int) bool {
	switch op {
	case "eq":
		return sign == 0
	case "ne":
		return sign != 0
	case "gt":
		return sign > 0
	case "ge":
		return sign >= 0
	case "lt":
		return sign < 0
	case "le":
		return sign <= 0
	}
	return false
}

// Narrow is what every resource that a filter holds for has: exact values by which
// an index finds the few that the whole filter is then held against.
type Narrow struct {
	ID, Name, External, Member string
}

// NarrowOf finds what can be looked up of a filter: equalities that must all hold.
func NarrowOf(kind Kind, f Filter) Narrow {
	var n Narrow
	n.gather(kind, f)
	return n
}

func (n *Narrow) gather(kind Kind, f Filter) {
	switch f := f.(type) {
	case and:
		n.gather(kind, f.a)
		n.gather(kind, f.b)
	case test:
		if value, ok := f.value.(string); ok && f.op == "eq" && len(f.path) == 1 {
			n.take(kind, f.path[0], value)
		}
	case some:
		value, ok := f.want.(string)
		if ok && f.op == "eq" && f.part == "value" && f.path[0] == "members" {
			n.Member = value
		}
	}
}

func (n *Narrow) take(kind Kind, name, value string) {
	switch {
	case name == "id":
		n.ID = value
	case name == "externalId":
		n.External = value
	case name == "userName", name == "displayName" && kind == Group:
		n.Name = value
	}
}

func sortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// AsksMembers says whether a filter must know who is in a group.
func AsksMembers(f Filter) bool {
	switch f := f.(type) {
	case and:
		return AsksMembers(f.a) || AsksMembers(f.b)
	case or:
		return AsksMembers(f.a) || AsksMembers(f.b)
	case not:
		return AsksMembers(f.of)
	case some:
		return f.path[0] == "members"
	}
	return false
}
