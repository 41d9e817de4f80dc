package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// comparedForks lists what changed in the forks; a step that stands elsewhere says
// so itself.
func comparedForks(before, after *Policy) []Change {
	var changes []Change
	known := map[string]Fork{}
	for _, f := range before.Forks {
		known[f.ID] = f
	}
	for _, f := range after.Forks {
		if was, ok := known[f.ID]; ok {
			changes = append(changes, compared(f.ID, describeFork(was), describeFork(f))...)
		} else {
			changes = append(changes, Change{Step: f.ID, What: "added", New: branches(f)})
		}
	}
	for _, f := range before.Forks {
		if !slices.ContainsFunc(after.Forks, func(n Fork) bool { return n.ID == f.ID }) {
			changes = append(changes, Change{Step: f.ID, What: "removed", Old: branches(f)})
		}
	}
	return changes
}

func describeFork(f Fork) map[string]string {
	return map[string]string{"branches": branches(f), "none": f.None, "in": places(f.In)}
}

// branches words the branches of a fork: their titles and conditions, by number.
func branches(f Fork) string {
	var all []string
	for n, b := range f.Branches {
		text := fmt.Sprint(n + 1)
		if len(b.Title) > 0 {
			text += " " + titles(b.Title)
		}
		if b.When != "" {
			text += " (" + strings.Join(strings.Fields(b.When), " ") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// places words where something stands: reviews/2, outermost first.
func places(in []Place) string {
	var all []string
	for _, at := range in {
		all = append(all, fmt.Sprintf("%s/%d", at.Fork, at.N+1))
	}
	return strings.Join(all, " ")
}

// untitled leaves out what branches are called.
func untitled(in []approval.Branch) []approval.Branch {
	in = slices.Clone(in)
	for i := range in {
		in[i].Title = nil
	}
	return in
}
