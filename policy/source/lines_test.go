package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/policy/source"
)

// shown is the lines as people know them.
func shown(lines []source.Line) string {
	var b strings.Builder
	for _, l := range lines {
		mark := " "
		switch {
		case l.Old == 0:
			mark = "+"
		case l.New == 0:
			mark = "-"
		}
		b.WriteString(mark + l.Text + "\n")
	}
	return b.String()
}

func TestLines(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"the same", "a\nb\n", "a\r\nb", " a\n b\n"},
		{"all new", "", "a\nb", "+a\n+b\n"},
		{"all gone", "a\nb", "", "-a\n-b\n"},
		{"one changed", "a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n"},
		{"one put in, one taken out", "a\nb\nc\nd", "a\nc\nnew\nd", " a\n-b\n c\n+new\n d\n"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, shown(source.Lines(tt.before, tt.after))) })
	}
	long := strings.Repeat("a\nb\n", 5000)
	require.Equal(t, 2*10_000+1, len(source.Lines(long, "x"+long+"y")), "beyond the limit it is said plainly")
}

// TestLinesLoseNothing reads both texts back out of what is shown.
func TestLinesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", ""}), 0, 12)
		before, after := append(text.Draw(t, "before"), "end"), append(text.Draw(t, "after"), "end")
		var a, b []string
		for _, l := range source.Lines(strings.Join(before, "\n"), strings.Join(after, "\n")) {
			if l.Old > 0 {
				a = append(a, l.Text)
				require.Len(t, a, l.Old, fmt.Sprint(l))
			}
			if l.New > 0 {
				b = append(b, l.Text)
				require.Len(t, b, l.New, fmt.Sprint(l))
			}
		}
		require.Equal(t, before, a)
		require.Equal(t, after, b)
	})
}
