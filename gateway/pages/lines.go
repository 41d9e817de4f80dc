package pages

import (
	"strings"

	"github.com/countersign/countersign/policy/source"
)

// contextLines is how many unchanged lines are shown around a change.
const contextLines = 3

// diffLine is one line of a text, or of two texts held side by side.
type diffLine struct {
	Old, New int    // its number; 0 where it is not in that text
	Mark     string // "", add, del
	Text     string
	Gap      int // so many unchanged lines are left out here; the rest is empty
}

// plainLines numbers the lines of one text.
func plainLines(text string) []diffLine {
	var lines []diffLine
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		lines = append(lines, diffLine{New: i + 1, Text: line})
	}
	return lines
}

// diffLines leaves out what is far from any change; nothing where nothing changed.
func diffLines(all []source.Line) []diffLine {
	near := make([]bool, len(all))
	for i, l := range all {
		if l.Old > 0 && l.New > 0 {
			continue
		}
		for j := max(0, i-contextLines); j <= min(len(all)-1, i+contextLines); j++ {
			near[j] = true
		}
	}
	var lines []diffLine
	for i, l := range all {
		if !near[i] {
			if n := len(lines); n > 0 && lines[n-1].Gap > 0 {
				lines[n-1].Gap++
			} else {
				lines = append(lines, diffLine{Gap: 1})
			}
			continue
		}
		shown := diffLine{Old: l.Old, New: l.New, Text: l.Text}
		switch {
		case l.Old == 0:
			shown.Mark = "add"
		case l.New == 0:
			shown.Mark = "del"
		}
		lines = append(lines, shown)
	}
	if len(lines) == 1 && lines[0].Gap > 0 {
		return nil
	}
	return lines
}
