package diagram

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func branch(title string, stops ...Stop) Branch {
	return Branch{Title: title, Stands: "next", Word: "Next", Stops: stops}
}

func TestBranchesStandSideBySideWhereTheyFit(t *testing.T) {
	fork := Stop{Title: "At the same time", Stands: "now", Word: "Now", Forks: []Branch{
		branch("Law", Stop{Title: "Counsel", Stands: "now", Notes: []Note{{"李雷", "who"}}}),
		branch("Money", Stop{Title: "Controller", Stands: "next"}, Stop{Title: "Treasurer", Stands: "next"}),
	}}
	branches := func(width int) []Frame {
		var found []Frame
		for _, f := range Draw([]Stop{fork}, width).Frames {
			if f.Kind == "branch" {
				found = append(found, f)
			}
		}
		return found
	}
	side := branches(400)
	require.Len(t, side, 2)
	require.Equal(t, side[0].Y, side[1].Y)
	require.Equal(t, side[0].Height, side[1].Height, "they end together")
	require.Greater(t, side[1].X, side[0].X+side[0].Width)
	under := branches(300)
	require.Equal(t, under[0].X, under[1].X)
	require.Greater(t, under[1].Y, under[0].Y+under[0].Height)
}

func TestEverySignHasAFormOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for stands, path := range signs {
		if stands == "auto" || stands == "never" {
			continue // the style sheet tells them from done, by a square, and from skipped, by the same
		}
		require.Empty(t, seen[path], "%s and %s look the same", stands, seen[path])
		seen[path] = stands
	}
}

// TestNoTextLeavesItsBox holds any route: every word is drawn, every line fits into
// the innermost box around it by the widths we count with, and no two boxes overlap but
// one inside the other.
func TestNoTextLeavesItsBox(t *testing.T) {
	words := rapid.SampledFrom([]string{
		"Finance", "first review", "财务负责人终审，金额较大", "W", "王芳 · 待处理", "An unbrokenlylongwordthatfitsnowhereatall", "≥ 1,000.00", "",
	})
	var stop func(depth int) *rapid.Generator[Stop]
	stop = func(depth int) *rapid.Generator[Stop] {
		return rapid.Custom(func(t *rapid.T) Stop {
			s := Stop{Title: words.Draw(t, "title"), Stands: "now", Word: words.Draw(t, "word")}
			for range rapid.IntRange(0, 3).Draw(t, "notes") {
				s.Notes = append(s.Notes, Note{words.Draw(t, "note") + " " + words.Draw(t, "note"), "soft"})
			}
			if depth > 0 {
				for range rapid.IntRange(0, 3).Draw(t, "branches") {
					s.Forks = append(s.Forks, branch(words.Draw(t, "branch"), rapid.SliceOfN(stop(depth-1), 1, 3).Draw(t, "stops")...))
				}
			}
			return s
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		route := rapid.SliceOfN(stop(3), 1, 5).Draw(t, "route")
		drawing := Draw(route, rapid.IntRange(280, 900).Draw(t, "width"))
		for i, a := range drawing.Frames {
			require.GreaterOrEqual(t, a.X, 0)
			require.LessOrEqual(t, a.X+a.Width, drawing.Width)
			require.LessOrEqual(t, a.Y+a.Height, drawing.Height)
			for _, b := range drawing.Frames[i+1:] {
				apart := a.X+a.Width <= b.X || b.X+b.Width <= a.X || a.Y+a.Height <= b.Y || b.Y+b.Height <= a.Y
				inside := b.X > a.X && b.X+b.Width < a.X+a.Width && b.Y > a.Y && b.Y+b.Height < a.Y+a.Height
				require.True(t, apart || inside, "%+v and %+v", a, b)
			}
		}
		var drawn strings.Builder
		for _, line := range drawing.Lines {
			drawn.WriteString(line.Text)
			within(t, drawing, line)
		}
		for _, s := range route {
			require.Contains(t, bare(drawn.String()), bare(s.Title))
		}
	})
}

func bare(text string) string { return strings.Join(strings.Fields(text), "") }

// within holds that a line ends inside the smallest frame around its beginning.
func within(t require.TestingT, d Drawing, line Line) {
	smallest := Frame{Width: d.Width, Height: d.Height}
	for _, f := range d.Frames {
		if line.X > f.X && line.X < f.X+f.Width && line.Y > f.Y && line.Y <= f.Y+f.Height && f.Width <= smallest.Width {
			smallest = f
		}
	}
	used, size := 0, noteSize
	if line.Tone == "title" {
		size = titleSize
	}
	for _, r := range line.Text {
		used += widthOf(r)
	}
	narrowest := len([]rune(line.Text)) <= 2 // a single sign is drawn however narrow it gets
	require.True(t, narrowest || line.X+used*size/100 <= smallest.X+smallest.Width, fmt.Sprintf("%+v in %+v", line, smallest))
}

func TestLinesBreakWherePeopleWould(t *testing.T) {
	require.Equal(t, []string{"Finance first", "review"}, broken("Finance first review", 12, 100))
	require.Equal(t, []string{"财务初审，金", "额较大"}, broken("财务初审，金额较大", 12, 80))
	require.Equal(t, []string{"财务初审", "金额，较"}, broken("财务初审金额，较", 12, 50), "no comma begins a line")
	require.Empty(t, broken("", 12, 80))
}
