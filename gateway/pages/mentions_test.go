package pages

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
)

// TestNamesTypedAfterAnAtAreMentions: whole names and accounts, the longest, wherever they
// stand; neither an address nor a part of a name.
func TestNamesTypedAfterAnAtAreMentions(t *testing.T) {
	house := &org.Snapshot{People: map[string]org.Person{
		"sun": {Name: "孙悦", Active: true}, "ann": {Name: "Ann", Active: true}, "anna": {Name: "Ann Li", Active: true},
		"w1": {Name: "王伟", Active: true}, "w2": {Name: "王伟", Active: true}, "gone": {Name: "Gone", Active: false},
	}}
	for text, want := range map[string][]string{
		"@孙悦请核对":                  {"sun"},
		"请@孙悦, @ANN and @ann li":  {"sun", "ann", "anna"},
		"mail lin@sun and @sunny": nil,
		"@Gone @nobody @":         nil,
		"@王伟":                     {"王伟"},
		"@sun @孙悦":                {"sun"},
	} {
		require.Equal(t, want, typedNames(house, text), text)
	}
}
