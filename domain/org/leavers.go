package org

import (
	"maps"
	"slices"
)

// Remembering is the organisation with everybody of an earlier one whom it does not
// name any more, as who left: the record goes on naming them, and their managers
// are still known when what was theirs is handed over. Whose legal entity is gone
// as well is not kept.
func (s Snapshot) Remembering(before *Snapshot) Snapshot {
	people := map[string]Person{}
	maps.Copy(people, s.People)
	s.People = people
	var left []string
	for id, p := range before.People {
		_, named := s.People[id]
		if _, ok := s.Entities[p.Entity]; named || !ok {
			continue
		}
		p.Active = false
		if _, ok := s.Departments[p.Department]; !ok {
			p.Department = ""
		}
		s.People[id] = p
		left = append(left, id)
	}
	unknown := func(id string) bool { _, ok := s.People[id]; return !ok }
	for _, id := range left {
		p := s.People[id]
		if unknown(p.Manager) {
			p.Manager = ""
		}
		p.Aliases = slices.DeleteFunc(slices.Clone(p.Aliases), unknown)
		s.People[id] = p
	}
	return s
}
