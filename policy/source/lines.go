package source

import "strings"

// cellsMax bounds the work of comparing two texts: those of LinesMax lines fit.
// What is longer is shown as taken out and put in.
const cellsMax = LinesMax * LinesMax

// Line is one line of two texts held side by side.
type Line struct {
	Old  int    `json:"old,omitempty"` // its number in the old text, from 1; 0 where it is new
	New  int    `json:"new,omitempty"` // its number in the new text; 0 where it is gone
	Text string `json:"text"`
}

// Lines holds two texts side by side, line by line: what both have stays, the
// rest is taken out before it is put in. Line ends of any kind are the same.
func Lines(before, after string) []Line {
	a, b := split(before), split(after)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var lines []Line
	for i := range head {
		lines = append(lines, Line{i + 1, i + 1, a[i]})
	}
	lines = append(lines, compared(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := range tail {
		o, n := len(a)-tail+i, len(b)-tail+i
		lines = append(lines, Line{o + 1, n + 1, a[o]})
	}
	return lines
}

// compared keeps the longest common sequence of lines; offset is how many lines
// came before in both.
func compared(a, b []string, offset int) []Line {
	width := len(b) + 1
	var kept []int16 // of a[i:] and b[j:]
	if len(a)*len(b) <= cellsMax {
		kept = make([]int16, (len(a)+1)*width)
	}
	for i := len(a) - 1; i >= 0 && kept != nil; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			at := i*width + j
			kept[at] = max(kept[at+width], kept[at+1])
			if a[i] == b[j] {
				kept[at] = kept[at+width+1] + 1
			}
		}
	}
	var lines []Line
	i, j := 0, 0
	for i < len(a) && j < len(b) && kept != nil {
		at := i*width + j
		switch {
		case a[i] == b[j]:
			lines = append(lines, Line{offset + i + 1, offset + j + 1, a[i]})
			i, j = i+1, j+1
		case kept[at+width] >= kept[at+1]:
			lines, i = append(lines, Line{Old: offset + i + 1, Text: a[i]}), i+1
		default:
			lines, j = append(lines, Line{New: offset + j + 1, Text: b[j]}), j+1
		}
	}
	for ; i < len(a); i++ {
		lines = append(lines, Line{Old: offset + i + 1, Text: a[i]})
	}
	for ; j < len(b); j++ {
		lines = append(lines, Line{New: offset + j + 1, Text: b[j]})
	}
	return lines
}

func split(text string) []string {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
