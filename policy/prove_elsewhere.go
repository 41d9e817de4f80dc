package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
)

// elsewhere tries requests for the other entities, and requests that one of their
// own approvers enters: too many to try all.
func (c *proving) elsewhere() {
	if len(c.classes) == 0 {
		return
	}
	entities := sortedKeys(c.firstDepartment)
	stride := max(1, len(c.classes)*max(1, len(entities))/elsewhereMax)
	for _, t := range c.kinds() {
		for n := 0; n < len(c.classes)*len(entities); n += stride {
			who := c.classes[n/len(entities)]
			if entity := entities[n%len(entities)]; entity != who.entity {
				who.entity, who.department = entity, c.firstDepartment[entity]
			}
			c.stranger(t, who)
		}
	}
}

// stranger tries one request of the highest amount, entered by each who would approve it.
func (c *proving) stranger(t *doctype.Type, who class) {
	variants := c.variants(t, who)
	content, ok := variants[0].at(c.cuts.amounts[len(c.cuts.amounts)-1], c.policy.Base)
	if !ok {
		return
	}
	submitters := []string{who.person}
	for n := 0; n < len(submitters) && n < 2; n++ {
		content.Submitter = submitters[n]
		snapshot := c.around(who.entity, who.department, who.person, content.Submitter)
		plan, err := routeOf(c.policy, content, snapshot)
		if err != nil {
			c.deadEnd(err, content)
			return
		}
		r := request{who: who, content: content, plan: plan, sight: c.sightOf(plan, content),
			humans: c.policy.humansFrom(content.BaseTotal.Minor), elsewhere: true}
		r.who.people = 1
		for _, s := range plan.Steps {
			r.needs = append(r.needs, s.Need)
			for _, a := range s.Approvers {
				if a.Person != approval.AdminQueue && !slices.Contains(submitters, a.Person) {
					submitters = append(submitters, a.Person)
				}
			}
		}
		c.judge(r)
	}
}

// unbooked finds categories that no account is named for.
func (c *proving) unbooked() {
	for _, t := range c.kinds() {
		m := c.ground.Mappings[t.Mapping]
		if m == nil {
			continue
		}
		seen := map[string]bool{}
		for _, who := range c.classes {
			if seen[who.entity] {
				continue
			}
			seen[who.entity] = true
			rules := m.For(who.entity)
			for _, category := range t.Categories {
				c.try(ClaimBooked, 0, true)
				if rules.Account(category.ID) != "" {
					continue
				}
				v := variant{content: c.variants(t, who)[0].content, rest: category.ID}
				content, _ := v.at(c.cuts.amounts[0], c.policy.Base)
				c.counter(LevelError, "policy.unbooked", -1, exampleOf(content), fault.Arg("category", category.ID),
					fault.Arg("entity", who.entity), fault.Arg("mapping", m.ID))
			}
		}
	}
}
