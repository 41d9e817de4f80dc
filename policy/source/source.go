// Package source reads the YAML of policies, document types and mappings:
// strictly, within limits, and remembering where everything stood.
//
// It refuses what makes a text mean something else than it seems to: unknown
// and repeated keys, anchors and aliases, tags, several documents, and numbers
// where text is meant (0123 is not "0123").
package source

import (
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// The limits of a text.
const (
	BytesMax  = 64 << 10 // of a whole text
	LinesMax  = 3000     // of a whole text; the parser takes seconds for many more empty ones
	DepthMax  = 24       // of nesting
	ItemsMax  = 500      // of one list or mapping
	ScalarMax = 4096     // bytes of one value
	faultsMax = 50       // reported at once
)

// Position is where a value stands in a YAML text, both from 1.
type Position struct {
	Line   int
	Column int
	Block  bool // a block scalar: lines after its first begin at the same column
}

// Index holds the position of every value, by path: steps[0].when.
type Index map[string]Position

// Text is a text that was read: its name, and where everything stands in it.
type Text struct {
	Name string
	At   Index
}

// Choice is a value that is either a word or a mapping with one or more words:
// escalate, or { reassign: cashier }.
type Choice struct {
	Word   string
	Values map[string]string
}

// Word is text that may also be written as a whole number: M3, or 7.
type Word string

// Fault makes an Invalid fault about the value at a path, with its file, line and
// column; where nothing stands at the path, with those of the nearest value above.
func (t *Text) Fault(code, path string, details ...fault.Detail) *fault.Fault {
	return t.FaultAt(code, path, t.position(path), details...)
}

// FaultAt is Fault for a position inside a value, such as a point of an expression.
func (t *Text) FaultAt(code, path string, p Position, details ...fault.Detail) *fault.Fault {
	all := []fault.Detail{fault.Field(path), fault.Arg("file", t.Name),
		fault.Arg("line", strconv.Itoa(p.Line)), fault.Arg("column", strconv.Itoa(p.Column))}
	return fault.New(fault.Invalid, code, append(all, details...)...)
}

// Inside is the position of a point of a value's text, line and column both from 1.
func (t *Text) Inside(path string, line, column int) Position {
	p := t.position(path)
	if line <= 1 {
		return Position{Line: p.Line, Column: p.Column + column - 1}
	}
	if p.Block {
		return Position{Line: p.Line + line - 1, Column: p.Column + column - 1}
	}
	return Position{Line: p.Line + line - 1, Column: column}
}

func (t *Text) position(path string) Position {
	for {
		if p, ok := t.At[path]; ok {
			return p
		}
		if path == "" {
			return Position{Line: 1, Column: 1}
		}
		path = parent(path)
	}
}

func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}
