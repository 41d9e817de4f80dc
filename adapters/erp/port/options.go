package port

import (
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// Option is one name that a provider knows beyond what every connection has.
type Option struct {
	Name    string
	Needed  bool
	Default string
	Mend    string // what to write there, for people
}

// Options are the values of a connection, by name.
type Options map[string]string

// Read checks the options of a connection against those its provider knows
// and fills in the defaults.
//
// Errors: Invalid erp.bad_config naming options.<name> and the mend.
func (c Config) Read(known []Option) (Options, error) {
	read, names := Options{}, make([]string, 0, len(known))
	for _, s := range known {
		names = append(names, s.Name)
		value := strings.TrimSpace(c.Options[s.Name])
		if value == "" {
			value = s.Default
		}
		if value == "" && s.Needed {
			return nil, BadOption(s.Name, "is empty: "+s.Mend)
		}
		read[s.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(c.Options)) {
		if _, ok := read[name]; !ok {
			return nil, BadOption(name, "is not known to "+c.Provider+"; it knows "+strings.Join(names, ", "))
		}
	}
	return read, nil
}

// BadOption is a fault about one option.
func BadOption(name, words string) error {
	return Fault(CodeBadConfig, "options."+name+" "+words, fault.Arg("what", "options."+name))
}

// pairs reads "a=b, c=d".
func pairs(text string) ([][2]string, bool) {
	var all [][2]string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		left, right, ok := strings.Cut(part, "=")
		left, right = strings.TrimSpace(left), strings.TrimSpace(right)
		if !ok || left == "" || right == "" {
			return nil, false
		}
		all = append(all, [2]string{left, right})
	}
	return all, true
}

// Table reads an option of the form "CNY=PRE001, USD=PRE007".
//
// Errors: Invalid erp.bad_config.
func (o Options) Table(name string) (map[string]string, error) {
	list, ok := pairs(o[name])
	if !ok {
		return nil, BadOption(name, "is not a list such as a=b, c=d")
	}
	table := map[string]string{}
	for _, p := range list {
		if _, twice := table[p[0]]; twice {
			return nil, BadOption(name, "names "+p[0]+" twice")
		}
		table[p[0]] = p[1]
	}
	return table, nil
}
