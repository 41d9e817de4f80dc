package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// people says whether a step needs people in a cell.
func (x cell) people(step int) bool { return x.needs[step] == approval.NeedsPeople }

// asked lists the steps that need people in a cell.
func asked(x cell) []int {
	var steps []int
	for i := range x.needs {
		if x.people(i) {
			steps = append(steps, i)
		}
	}
	return steps
}

// within says whether every step of a is among b.
func within(a, b []int) bool {
	return !slices.ContainsFunc(a, func(i int) bool { return !slices.Contains(b, i) })
}

// bands looks for gaps and overlaps as the amount of one request rises, and for
// requests that nothing decides.
func (c *proving) bands(cells []cell) {
	for _, x := range cells {
		if !slices.ContainsFunc(x.needs, func(n approval.Need) bool { return n != approval.Skip }) {
			c.counter(LevelError, "policy.undecided", -1, exampleOf(x.content))
		}
	}
	c.try(ClaimBands, 0, c.cuts.complete)
	c.gaps(cells)
	for i := range c.policy.Steps {
		for j := range c.policy.Steps {
			if i != j {
				c.overlap(cells, i, j)
			}
		}
	}
}

// gaps finds amounts where a band has ended and no other has taken its place,
// though one begins further up; or where, from there on, nobody is asked at all.
func (c *proving) gaps(cells []cell) {
	for i := 1; i < len(cells); i++ {
		before, now := asked(cells[i-1]), asked(cells[i])
		if len(before) == len(now) || !within(now, before) {
			continue
		}
		level, to := LevelWarning, "∞"
		if len(now) == 0 {
			level = LevelError
		}
		for _, x := range cells[i:] {
			if !within(asked(x), now) {
				to = amountText(x.content)
				break
			}
		}
		if to == "∞" && level == LevelWarning {
			continue // the others go on asking: a check of small amounts only
		}
		ended := before[slices.IndexFunc(before, func(step int) bool { return !slices.Contains(now, step) })]
		c.counter(level, "policy.band_gap", ended, exampleOf(cells[i].content),
			fault.Arg("from", amountText(cells[i].content)), fault.Arg("to", to))
	}
}

// overlap finds amounts where a band that is about to end and its successor both ask.
func (c *proving) overlap(cells []cell, i, j int) {
	from := -1
	for n := 1; n < len(cells); n++ {
		a, b := cells[n].people(i), cells[n].people(j)
		switch {
		case a && b && cells[n-1].people(i) && !cells[n-1].people(j):
			from = n
		case from >= 0 && !a && b:
			c.counter(LevelWarning, "policy.band_overlap", i, exampleOf(cells[from].content),
				fault.Arg("other", c.policy.Steps[j].ID),
				fault.Arg("from", amountText(cells[from].content)), fault.Arg("to", amountText(cells[n].content)))
			from = -1
		case !a || !b:
			from = -1
		}
	}
}

func amountText(content document.Content) string { return content.BaseTotal.Text() }

// deadEnd is a request that gets no plan at all.
func (c *proving) deadEnd(err error, content document.Content) {
	code, words, other, details := fault.CodeOf(err), err.Error(), "", []fault.Detail{}
	path := "policy"
	if f, ok := fault.As(err); ok {
		words, other = f.Args["words"], f.Args["other"]
		if path = c.placeOf(f.Args["step"]); path != "policy" {
			details = append(details, fault.Arg("step", f.Args["step"]))
		}
	}
	c.counterAt(path, LevelError, "policy.dead_end", exampleOf(content),
		append(details, fault.Arg("code", code), fault.Arg("words", words), fault.Arg("other", other))...)
}

// never finds steps that no request needs. A sample cannot tell.
func (c *proving) never() {
	for i, needed := range c.needed {
		if c.last.Type == "" {
			return
		}
		c.try(ClaimReachable, 0, c.cuts.complete)
		if !needed && c.cuts.complete {
			c.counter(LevelWarning, "policy.never_needed", i, exampleOf(c.last),
				fault.Arg("expression", c.unneeded(c.policy.Steps[i])))
		}
	}
}
