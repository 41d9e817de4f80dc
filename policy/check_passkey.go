package policy

import (
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// unkeyed warns of people who could be asked to sign with a passkey and have none:
// their decisions would wait for it. Whoever is found by a field, a choice, a matrix or
// a delegation is not foreseen. Nothing is said where passkeys are not known.
func unkeyed(p *Policy, ground Ground) []Finding {
	if p.Passkey == nil || ground.Passkeys == nil {
		return nil
	}
	c := &checking{policy: p, org: ground.Org}
	asked := map[string]bool{}
	for _, s := range p.Steps {
		for _, f := range s.Approvers {
			for _, person := range c.askable(f) {
				asked[person] = true
			}
		}
	}
	var without []string
	for _, person := range slices.Sorted(maps.Keys(asked)) {
		if ground.Org.Active(person) && !ground.Passkeys[person] {
			without = append(without, person)
		}
	}
	if len(without) > 0 {
		c.add(LevelWarning, "policy.no_passkey", "passkey",
			fault.Arg("count", strconv.Itoa(len(without))), fault.Arg("people", some(without)))
	}
	return c.findings
}

// askable lists whom a finder may find, whoever asks.
func (c *checking) askable(f Finder) []string {
	var people []string
	switch {
	case f.Person != "":
		return []string{f.Person}
	case f.Role != "":
		for entity := range c.org.Entities {
			for _, holder := range c.org.Holders(f.Role, entity) {
				people = append(people, holder.ID)
			}
		}
	case f.Manager > 0 || f.TopManager || f.Climb != nil:
		for id := range c.org.People {
			for _, manager := range c.org.Chain(id) {
				people = append(people, manager.ID)
			}
		}
	case f.DepartmentHead || f.Heads != nil:
		for id := range c.org.Departments {
			if head, ok := c.org.Head(id); ok {
				people = append(people, head.ID)
			}
		}
	}
	return people
}
