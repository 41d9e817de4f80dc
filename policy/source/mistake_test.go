package source

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
)

// TestFrequentMistakesAreNamed proves that who mistypes a text in a usual way is told of
// it in words of ours, and not by the parser's alone.
func TestFrequentMistakesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"a: [b\nc: d\n":       "unclosed_list",
		"a: [b, c: d\n":       "unclosed_list",
		"a: {b: c\nd: e":      "unclosed_map",
		"a: ]":                "unopened",
		"a: b: c\n":           "colon_in_value",
		"a: b\n  c: d\n":      "colon_in_value",
		"a:\n  b: c\n d: e\n": "not_here",
		"a:\n\tb: c\n":        "tab",
		"\ta: b":              "tab",
		"a: |\n x\n\ty\n":     "tab",
		"a: \"b\nc: d\n":      "quote",
		"a: 'b\n":             "quote",
		"a: b\nc\n":           "no_colon",
		"a b\nc: d\n":         "no_colon",
		"a: @x\n":             "reserved",
		"a: `x\n":             "reserved",
		"a: \xff\n":           "not_utf8",
		"":                    "empty",
		"a: %x\n":             "", // a rare one is told in the parser's words
	} {
		var into struct {
			A string `yaml:"a"`
		}
		_, err := Read("policy", []byte(text), &into)
		f, ok := fault.As(err)
		require.True(t, ok, "%q", text)
		require.Equal(t, "yaml.syntax", f.Code, "%q", text)
		require.Equal(t, want, f.Args["mistake"], "%q", text)
	}
}
