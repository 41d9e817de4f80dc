package policy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
)

// sameHumans lists the accounts of each human who may come to decide and has
// several: whom the plan names, their managers, who takes over by a role, and who
// holds the admin queue.
func (s *search) sameHumans(plan approval.Plan) [][]string {
	if len(s.humans) == 0 {
		return nil
	}
	several := slices.SortedFunc(maps.Values(s.org.People), func(a, b org.Person) int { return cmp.Compare(a.ID, b.ID) })
	several = slices.DeleteFunc(several, func(p org.Person) bool { return len(p.Aliases) == 0 })
	deciders := s.deciders(plan)
	may := func(person string) bool { return deciders[person] }
	var same [][]string
	known := map[string]bool{}
	for _, p := range several {
		if known[p.ID] || !may(p.ID) && !slices.ContainsFunc(p.Aliases, may) {
			continue
		}
		accounts := s.org.Aliases(p.ID)
		for _, account := range accounts {
			known[account] = true
		}
		same = append(same, accounts)
	}
	slices.SortFunc(same, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return same
}

// humansOf tells for each account of a human with several which one stands for
// them.
func humansOf(snapshot *org.Snapshot) map[string]string {
	humans := map[string]string{}
	for _, p := range snapshot.People {
		if len(p.Aliases) == 0 || humans[p.ID] != "" {
			continue
		}
		accounts := snapshot.Aliases(p.ID)
		for _, account := range accounts {
			humans[account] = accounts[0]
		}
	}
	return humans
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
