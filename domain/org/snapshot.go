package org

import (
	"cmp"
	"maps"
	"slices"
)

// chainMax bounds a walk up the managers; no company is deeper.
const chainMax = 100

// Active says whether a person exists and may act.
func (s *Snapshot) Active(person string) bool { return s.People[person].Active }

// Manager returns whom a person answers to, active or not; false at the top or
// where the person or the manager is unknown.
func (s *Snapshot) Manager(person string) (Person, bool) {
	p, ok := s.People[person]
	if !ok || p.Manager == "" || p.Manager == person {
		return Person{}, false
	}
	m, ok := s.People[p.Manager]
	return m, ok
}

// Chain lists the managers of a person, the nearest first, active or not. A
// cycle ends it: nobody appears twice, and never the person.
func (s *Snapshot) Chain(person string) []Person {
	var chain []Person
	seen := map[string]bool{person: true}
	for at := person; len(chain) < chainMax; {
		m, ok := s.Manager(at)
		if !ok || seen[m.ID] {
			break
		}
		seen[m.ID] = true
		chain = append(chain, m)
		at = m.ID
	}
	return chain
}

// Head returns the head of a department, active or not; where it has none, the
// head of the nearest department above it that has one.
func (s *Snapshot) Head(department string) (Person, bool) {
	heads := s.Heads(department)
	if len(heads) == 0 {
		return Person{}, false
	}
	return heads[0], true
}

// Heads lists the heads of a department and of those above it, the nearest
// first, active or not, each once.
func (s *Snapshot) Heads(department string) []Person {
	var heads []Person
	for _, id := range s.Above(department) {
		p, ok := s.People[s.Departments[id].Head]
		if ok && !slices.ContainsFunc(heads, func(h Person) bool { return h.ID == p.ID }) {
			heads = append(heads, p)
		}
	}
	return heads
}

// Above lists a department and those above it, the nearest first. A cycle ends
// it, and so does a department that is not there.
func (s *Snapshot) Above(department string) []string {
	var all []string
	for at := department; at != "" && !slices.Contains(all, at); {
		d, ok := s.Departments[at]
		if !ok {
			break
		}
		all = append(all, at)
		at = d.Parent
	}
	return all
}

// DepartmentsOf lists the departments that a cost centre belongs to, sorted.
func (s *Snapshot) DepartmentsOf(costCenter string) []string {
	var all []string
	for id, d := range s.Departments {
		if d.CostCenter == costCenter && costCenter != "" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

// Holders lists the active people who hold a role for an entity, by a grant for
// it or for every entity, sorted by id.
func (s *Snapshot) Holders(role, entity string) []Person {
	found := map[string]Person{}
	for _, g := range s.Grants {
		p, ok := s.People[g.Person]
		if ok && p.Active && g.Role == role && g.Covers(entity) {
			found[p.ID] = p
		}
	}
	return sorted(found)
}

// GroupHolders lists the active people who hold a role for every entity, sorted
// by id: those of the group of companies, not of one of them.
func (s *Snapshot) GroupHolders(role string) []Person {
	found := map[string]Person{}
	for _, g := range s.Grants {
		if p := s.People[g.Person]; p.Active && g.Role == role && g.Everywhere() {
			found[p.ID] = p
		}
	}
	return sorted(found)
}

// DepartmentHolders lists the active people with a post of a role in a
// department, sorted by id; where it has none, those of the nearest department
// above it that has.
func (s *Snapshot) DepartmentHolders(role, department string) []Person {
	for _, id := range s.Above(department) {
		found := s.posted(func(p Post) bool { return p.Role == role && p.Department == id })
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// CostCenterHolders lists the active people with a post of a role in a cost
// centre, sorted by id.
func (s *Snapshot) CostCenterHolders(role, costCenter string) []Person {
	return s.posted(func(p Post) bool { return p.Role == role && p.CostCenter == costCenter && costCenter != "" })
}

func (s *Snapshot) posted(in func(Post) bool) []Person {
	found := map[string]Person{}
	for _, post := range s.Posts {
		if p := s.People[post.Person]; p.Active && in(post) {
			found[p.ID] = p
		}
	}
	return sorted(found)
}

// GrantsOf lists a person's grants, sorted by role and reach.
func (s *Snapshot) GrantsOf(person string) []Grant {
	var grants []Grant
	for _, g := range s.Grants {
		if g.Person == person {
			grants = append(grants, g)
		}
	}
	slices.SortFunc(grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Department, b.Department),
			a.From.Compare(b.From), cmp.Compare(a.ID, b.ID))
	})
	return slices.Compact(grants)
}

// Aliases lists every account of the human behind an account, the account
// itself included, sorted. Being an alias holds in both directions and through
// others: whom a links to b, and b to c, is one human.
func (s *Snapshot) Aliases(person string) []string {
	if s.humans != nil {
		if accounts, several := s.humans.of[person]; several {
			return slices.Clone(accounts)
		}
		return []string{person}
	}
	same := map[string]bool{person: true}
	for grown := true; grown; {
		grown = false
		for _, p := range s.People {
			for _, alias := range p.Aliases {
				if same[p.ID] != same[alias] {
					same[p.ID], same[alias], grown = true, true, true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(same))
}

// Same says whether two accounts belong to one human.
func (s *Snapshot) Same(a, b string) bool {
	return a == b || slices.Contains(s.Aliases(a), b)
}

func sorted(people map[string]Person) []Person {
	return slices.SortedFunc(maps.Values(people), func(a, b Person) int { return cmp.Compare(a.ID, b.ID) })
}
