package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// sameHumans lists the accounts of each human who may come to decide and has
// several: whom the plan names, their managers, who takes over by a role, and who
// holds the admin queue.
func (s *search) sameHumans(plan approval.Plan) [][]string {
	several := s.org.Humans()
	if len(several) == 0 {
		return nil
	}
	deciders := s.deciders(plan)
	var same [][]string
	for _, accounts := range several {
		if slices.ContainsFunc(accounts, func(id string) bool { return deciders[id] }) {
			same = append(same, slices.Clone(accounts))
		}
	}
	return same
}

// deciders is everybody who may come to decide a step of the plan.
func (s *search) deciders(plan approval.Plan) map[string]bool {
	all := map[string]bool{}
	add := func(person string) {
		all[person] = true
		for _, m := range s.org.Chain(person) {
			all[m.ID] = true
		}
	}
	for _, admin := range plan.Admins {
		all[admin] = true
	}
	for _, step := range plan.Steps {
		for _, a := range step.Approvers {
			add(a.Person)
		}
		for _, p := range s.org.Holders(step.OnTimeout.Role, s.content.Entity) {
			add(p.ID)
		}
	}
	return all
}
