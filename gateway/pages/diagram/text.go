package diagram

import "unicode"

// widths are those of the fonts that the pages ask for, in hundredths of the size
// of the font, and on the safe side: a line may end early, and never too late.
const (
	wide   = 104 // Chinese, and what is as wide
	upper  = 72
	digit  = 60
	lower  = 58
	narrow = 34 // spaces, points, i and l
)

func widthOf(r rune) int {
	switch {
	case unicode.Is(unicode.Han, r), r >= 0x3000 && r <= 0x30ff, r >= 0xac00 && r <= 0xd7af, r >= 0xff00 && r <= 0xffef,
		r > 0xffff, r == '…', r == '—', r == '“', r == '”', r == '→':
		return wide
	case unicode.IsSpace(r), r == '.', r == ',', r == ':', r == ';', r == 'i', r == 'l', r == '·', r == '|', r == '\'':
		return narrow
	case unicode.IsUpper(r), r == 'm', r == 'w', r == '%', r == '@', r == '≥', r == '≤':
		return upper
	case unicode.IsDigit(r):
		return digit
	}
	return lower
}

// fits is how many runes of a text fit into a width, in hundredths of the size.
func fits(text []rune, room int) int {
	used := 0
	for i, r := range text {
		if used += widthOf(r); used > room {
			return i
		}
	}
	return len(text)
}

// broken parts a text into lines no wider than a width, for a font of a size.
// Latin words stay whole where they fit at all; nothing of the text is left out.
func broken(text string, size, width int) []string {
	rest := []rune(text)
	room := max(width*100/size, 2*wide)
	var lines []string
	for len(rest) > 0 {
		n := fits(rest, room)
		if n < len(rest) {
			n = breakAt(rest, n)
		}
		lines = append(lines, trimmed(rest[:n]))
		rest = []rune(trimmed(rest[n:]))
	}
	return lines
}

// breakAt is the last good place to break a line at or before n.
func breakAt(text []rune, n int) int {
	for at := n; at > 0; at-- {
		before, after := text[at-1], text[at]
		if closing(after) {
			continue
		}
		if unicode.IsSpace(after) || unicode.IsSpace(before) || (whole(before) || whole(after)) && !opening(before) {
			return at
		}
	}
	return max(n, 1)
}

// whole says whether a line may break on either side of a sign, as in Chinese.
func whole(r rune) bool { return widthOf(r) == wide }

// closing says whether a sign does not begin a line.
func closing(r rune) bool {
	switch r {
	case '，', '。', '、', '；', '：', '）', '》', '”', ')', ',', '.', ';', ':', '·':
		return true
	}
	return false
}

func opening(r rune) bool { return r == '（' || r == '《' || r == '“' }

func trimmed(text []rune) string {
	from, to := 0, len(text)
	for from < to && unicode.IsSpace(text[from]) {
		from++
	}
	for to > from && unicode.IsSpace(text[to-1]) {
		to--
	}
	return string(text[from:to])
}
