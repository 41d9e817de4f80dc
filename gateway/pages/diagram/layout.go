package diagram

// The measures of a drawing.
const (
	gap     = 22  // between boxes one under another: room for an arrow
	pad     = 10  // inside a box
	signAt  = 19  // middle of the sign from the box's left edge and top
	textAt  = 38  // beginning of the text from the box's left edge
	beside  = 8   // between branches side by side
	sideMin = 150 // a branch narrower than this goes under the one before

	titleSize = 14
	noteSize  = 12
	leading   = 6 // between lines
)

// Draw puts a route into a drawing of a width. Branches stand side by side where
// each has room, else one under another.
func Draw(stops []Stop, width int) Drawing {
	l := layout{}
	bottom := l.stops(stops, 1, 1, width-2)
	l.drawing.Width, l.drawing.Height = width, bottom+1
	return l.drawing
}

type layout struct{ drawing Drawing }

// stops draws one under another, and tells where the last one ends.
func (l *layout) stops(stops []Stop, x, y, width int) int {
	for i, s := range stops {
		if i > 0 {
			l.drawing.Arrows = append(l.drawing.Arrows, Arrow{x + width/2, y, y + gap, stops[i-1].Stands})
			y += gap
		}
		y = l.stop(s, x, y, width)
	}
	return y
}

// stop draws one box around what is in it.
func (l *layout) stop(s Stop, x, y, width int) int {
	at, kind := len(l.drawing.Frames), "stop"
	if len(s.Forks) > 0 {
		kind = "fork"
	}
	l.drawing.Frames = append(l.drawing.Frames, Frame{x, y, width, 0, kind, s.Stands})
	l.drawing.Signs = append(l.drawing.Signs, Sign{x + signAt, y + signAt, s.Stands, signs[s.Stands]})
	inner := width - textAt - pad
	bottom := l.text(s.Title, "title", titleSize, x+textAt, y+pad, inner)
	bottom = l.text(s.Word, "word", noteSize, x+textAt, bottom, inner)
	for _, note := range s.Notes {
		bottom = l.text(note.Text, note.Tone, noteSize, x+textAt, bottom, inner)
	}
	if kind == "fork" {
		bottom = l.branches(s.Forks, x+pad, bottom+pad, width-2*pad)
	}
	l.drawing.Frames[at].Height = bottom + pad - y
	return bottom + pad
}

// branches draws the ways that are gone at the same time.
func (l *layout) branches(all []Branch, x, y, width int) int {
	each := (width - beside*(len(all)-1)) / len(all)
	if each < sideMin {
		for i, b := range all {
			if i > 0 {
				y += beside
			}
			y = l.branch(b, x, y, width)
		}
		return y
	}
	bottom, first := y, len(l.drawing.Frames)
	var own []int
	for i, b := range all {
		own = append(own, len(l.drawing.Frames))
		bottom = max(bottom, l.branch(b, x+i*(each+beside), y, each))
	}
	for _, at := range own { // as high as the highest: they end together
		l.drawing.Frames[at].Height = bottom - l.drawing.Frames[first].Y
	}
	return bottom
}

func (l *layout) branch(b Branch, x, y, width int) int {
	at := len(l.drawing.Frames)
	l.drawing.Frames = append(l.drawing.Frames, Frame{x, y, width, 0, "branch", b.Stands})
	bottom := l.text(b.Title, "branch", noteSize, x+pad, y+pad/2, width-2*pad)
	bottom = l.text(b.Word, "word", noteSize, x+pad, bottom, width-2*pad)
	inset := pad / 2
	bottom = l.stops(b.Stops, x+inset, bottom+inset+1, width-2*inset)
	l.drawing.Frames[at].Height = bottom + inset - y
	return bottom + inset
}

// text writes a text below y, and tells where it ends.
func (l *layout) text(text, tone string, size, x, y, width int) int {
	for _, line := range broken(text, size, width) {
		l.drawing.Lines = append(l.drawing.Lines, Line{x, y + size, line, tone})
		y += size + leading
	}
	return y
}
