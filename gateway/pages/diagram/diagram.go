// Package diagram draws a route as boxes one under another: shapes and lines of
// text with their places, for a template to write as SVG. It knows nothing of
// documents, and makes no markup.
//
//	diagram.go  what is drawn, and what comes of it
//	layout.go   where everything stands
//	text.go     how wide text is, and where its lines break
package diagram

// Stop is one box of a route.
type Stop struct {
	Title  string
	Stands string // how it stands, for the style sheet and the sign
	Word   string // the same in words
	Notes  []Note
	Forks  []Branch // asked at the same time, inside the box
}

// Note is one thing said in a box, on as many lines as it needs.
type Note struct {
	Text string
	Tone string // for the style sheet: who, soft, why, …
}

// Branch is one of the ways that are gone at the same time. 并行分支
type Branch struct {
	Title, Stands, Word string

	Stops []Stop
}

// Drawing is a route with everything in its place. Lengths are in units of the
// drawing, which are pixels where it is shown as wide as it was asked for.
type Drawing struct {
	Width, Height int

	Frames []Frame
	Arrows []Arrow
	Signs  []Sign
	Lines  []Line
}

// Frame is the box of a stop, a fork or a branch.
type Frame struct {
	X, Y, Width, Height int

	Kind, Stands string // Kind: stop, fork or branch
}

// Arrow leads straight down from one box to the next.
type Arrow struct {
	X, From, To int

	Stands string // of the box it leads from
}

// Tip is where the shaft ends and the head begins.
func (a Arrow) Tip() int { return a.To - 6 }

// Sign is the mark of a stop: its form, not only its colour, says how it stands.
type Sign struct {
	X, Y int // its middle

	Stands string
	Path   string // of the sign in its circle, around 0,0
}

// Line is one line of text.
type Line struct {
	X, Y int // of its beginning, on the base line

	Text, Tone string
}

// signs are the forms inside the circles, around their middle.
var signs = map[string]string{
	"done":    "M-4 0 L-1 3 L4 -3",                  // a tick
	"auto":    "M-4 0 L-1 3 L4 -3",                  // the same, in a square: see the style sheet
	"now":     "M-2 -4 L4 0 L-2 4 Z",                // go
	"next":    "",                                   // nothing yet
	"skipped": "M-4 0 L4 0",                         // a dash
	"never":   "M-4 0 L4 0",                         //
	"stuck":   "M0 -5 L0 1 M0 4 L0 4.5",             // an exclamation mark
	"stopped": "M-3 -3 L3 3 M-3 3 L3 -3",            // a cross
	"jumped":  "M-4 -3 L-1 0 L-4 3 M0 -3 L3 0 L0 3", // two chevrons
}
