// Package source reads the YAML of policies, document types and mappings:
// strictly, within limits, and remembering where everything stood.
package source

// Position is where something stands in a YAML text, both from 1.
type Position struct {
	Line   int
	Column int
	Block  bool // a block scalar: its text begins on the next line
}

// Index holds the position of every value, by path: steps[0].when.
type Index map[string]Position
