package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// candidates are all who may be asked first in a step: those found, or those among
// whom earlier approvers choose.
func candidates(s approval.Step) []string {
	var people []string
	for _, a := range s.Approvers {
		people = append(people, a.Person)
	}
	if s.Late != nil {
		people = append(people, s.Late.Among...)
	}
	return people
}

// siblings tells of a human who alone can carry two branches of one fork, asked at
// the same time: two opinions that are one. distinct_from mends it.
func (c *proving) siblings(r request, i int) {
	step := c.policy.Steps[i]
	if len(step.In) == 0 || r.sight.places[i] > 1 {
		return
	}
	for j, other := range c.policy.Steps[:i] {
		if !siblings(other.In, step.In) || r.needs[j] != approval.NeedsPeople || r.sight.places[j] > 1 ||
			slices.Contains(step.DistinctSteps, other.ID) {
			continue
		}
		if c.share(r.plan.Steps[i], r.plan.Steps[j]) {
			c.counter(LevelWarning, "policy.same_in_branches", i, r.example(), fault.Arg("other", other.ID))
		}
	}
}

// share says whether one human may be asked in both steps.
func (c *proving) share(a, b approval.Step) bool {
	return slices.ContainsFunc(candidates(a), func(x string) bool {
		return x != approval.AdminQueue && slices.ContainsFunc(candidates(b), func(y string) bool {
			return c.humans.behind(x) == c.humans.behind(y)
		})
	})
}

// unneeded is the condition that keeps a step from ever being needed: its own, or
// that of the branch it stands in.
func (c *proving) unneeded(s Step) string {
	for _, at := range slices.Backward(s.In) {
		if s.When == "" {
			s.When = c.policy.fork(at.Fork).Branches[at.N].When
		}
	}
	return s.When
}

// placeOf is where a fault of a route points to, in the text.
func (c *proving) placeOf(id string) string {
	if i := c.stepOf(id); i >= 0 {
		return c.policy.Steps[i].at + ".id"
	}
	for _, f := range c.policy.Forks {
		if f.ID == id {
			return f.at + ".parallel"
		}
	}
	return "policy"
}
