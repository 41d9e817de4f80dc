package voucher

import (
	"maps"
	"slices"
	"strings"
)

// Splits are the dimensions of an entry as a text that can be compared: a line each of
// the form name=value, by name. 辅助核算
type Splits string

// SplitsOf writes dimensions out; what has no value is left out.
func SplitsOf(dimensions map[string]string) Splits {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		if value := strings.TrimSpace(strings.ReplaceAll(dimensions[name], "\n", " ")); value != "" {
			lines = append(lines, name+"="+value)
		}
	}
	return Splits(strings.Join(lines, "\n"))
}

// Names are the dimensions that are there, by name.
func (s Splits) Names() []string {
	var names []string
	for line := range strings.SplitSeq(string(s), "\n") {
		if name, _, found := strings.Cut(line, "="); found {
			names = append(names, name)
		}
	}
	return names
}

// Only leaves out all dimensions but those named.
func (s Splits) Only(names map[string]bool) Splits {
	var kept []string
	for line := range strings.SplitSeq(string(s), "\n") {
		if name, _, _ := strings.Cut(line, "="); names[name] {
			kept = append(kept, line)
		}
	}
	return Splits(strings.Join(kept, "\n"))
}

// Words are the dimensions on one line, for people.
func (s Splits) Words() string { return strings.ReplaceAll(string(s), "\n", ", ") }
