package jsonread_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/jsonread"
)

// TestCheck takes one value within limits, and nothing that two could read in two ways.
func TestCheck(t *testing.T) {
	most := jsonread.Limits{Depth: 3}
	for _, good := range []string{`{"a":1,"A":[{"a":2},{"a":3}]}`, `"x"`, ` [1, 2.50, null] `} {
		require.NoError(t, jsonread.Check([]byte(good), most), good)
	}
	for text, words := range map[string]string{
		`{"a":1,"a":2}`:          "twice",
		`[{"b":{"a":1,"a":2}}]`:  "twice",
		"[[[[1]]]]":              "deeper than 3",
		"{\"a\":\"\xff\"}":       "not UTF-8",
		`{"a":1} {"a":1}`:        "not one JSON value",
		`{"a":1`:                 "not one JSON value",
		``:                       "not one JSON value",
		strings.Repeat("[", 1e6): "deeper than 3",
	} {
		require.ErrorContains(t, jsonread.Check([]byte(text), most), words)
	}
	most.Folded = true
	require.ErrorContains(t, jsonread.Check([]byte(`{"a":1,"A":2}`), most), "twice")
}
