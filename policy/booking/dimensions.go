package booking

import (
	"maps"
	"regexp"
	"slices"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// DimensionsMax is how many dimensions an entry may have.
const DimensionsMax = 20

// dimensionText is what a value of a dimension may look like: a code, on one line.
var dimensionText = regexp.MustCompile(`^[^\s\p{C}](?:[^\p{C}]{0,62}[^\s\p{C}])?$`)

// dimensioned are the rules whose entries may carry dimensions.
func dimensioned() []string {
	return []string{ruleDebit, ruleTax, ruleCredit, ruleAdvance, ruleOwed, ruleBank}
}

// dimensions works out what splits an entry beside its account. One that comes to
// nothing is left out. 辅助核算
func (b *builder) dimensions(rule string, line *document.Line) (map[string]string, error) {
	rule = ofEntries(rule)
	var all map[string]string
	for _, name := range slices.Sorted(maps.Keys(b.rules.Dimensions[rule])) {
		path, value := "dimensions."+rule+"."+name, b.rules.Dimensions[rule][name]
		code, err := b.worth(path, value, line)
		if err != nil {
			return nil, err
		}
		if code == "" {
			continue
		}
		if !dimensionText.MatchString(code) {
			return nil, b.mapping.text.Fault("booking.bad_result", path,
				fault.Arg("expression", expressionOf(value)), fault.Arg("value", shown(code)))
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = code
	}
	return all, nil
}
