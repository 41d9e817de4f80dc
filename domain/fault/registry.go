package fault

import (
	"maps"
	"slices"
)

// Entry is what the registry knows of a code.
type Entry struct {
	Kind   Kind
	Status int      // HTTP status where the kind's own does not fit; 0 = by kind
	Args   []string // the named arguments that its text may use
}

var registry = map[string]Entry{}

// Register enters codes into the registry. Each noun registers its own in one
// file at start; a code entered twice is a programming error.
func Register(entries map[string]Entry) map[string]Entry {
	for code, e := range entries {
		if _, twice := registry[code]; twice {
			panic("fault: code registered twice: " + code)
		}
		registry[code] = e
	}
	return entries
}

// Lookup returns what is known of a code.
func Lookup(code string) (Entry, bool) {
	e, ok := registry[code]
	return e, ok
}

// Codes lists every registered code in order.
func Codes() []string { return sortedKeys(registry) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
