package org

import (
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// Faults are the findings of Validate.
var Faults = fault.Register(map[string]fault.Entry{
	"org.no_id":              {Kind: fault.Invalid}, // filed under another id, or none
	"org.unknown_person":     {Kind: fault.Invalid, Args: []string{"id", "person"}},
	"org.unknown_department": {Kind: fault.Invalid, Args: []string{"id", "department"}},
	"org.unknown_entity":     {Kind: fault.Invalid, Args: []string{"id", "entity"}},
	"org.manager_cycle":      {Kind: fault.Invalid, Args: []string{"person"}},
	"org.department_cycle":   {Kind: fault.Invalid, Args: []string{"department"}},
	"org.inactive_holder":    {Kind: fault.Invalid, Args: []string{"person", "role"}}, // a grant to somebody who left
	"org.unknown_grade":      {Kind: fault.Invalid, Args: []string{"id", "grade"}},
	// not in exactly one department or cost centre
	"org.bad_post": {Kind: fault.Invalid, Args: []string{"person", "role"}},
	// not one person or grade, or not one limit
	"org.bad_authority":    {Kind: fault.Invalid, Args: []string{"id"}},
	"org.double_authority": {Kind: fault.Invalid, Args: []string{"id"}}, // two limits for the same
})

// Validate lists what is wrong with an organisation, in a fixed order. Nothing
// here breaks on it: a dangling reference finds nobody and a cycle ends a chain.
//
// Errors: org.… faults, one for each finding, with the row as field.
func (s *Snapshot) Validate() []*fault.Fault {
	var found []*fault.Fault
	for _, id := range slices.Sorted(maps.Keys(s.People)) {
		found = append(found, s.validatePerson(id, s.People[id])...)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Departments)) {
		found = append(found, s.validateDepartment(id, s.Departments[id])...)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Entities)) {
		found = append(found, filed("entities", id, s.Entities[id].ID)...)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Suppliers)) {
		at := path("suppliers", id)
		found = append(found, filed("suppliers", id, s.Suppliers[id].ID)...)
		found = append(found, s.needEntity(at, id, s.Suppliers[id].Entity, true)...)
	}
	for i, g := range s.Grants {
		found = append(found, s.validateGrant(path("grants", strconv.Itoa(i)), g)...)
	}
	return append(found, s.ValidatePosts()...)
}

func (s *Snapshot) validatePerson(id string, p Person) []*fault.Fault {
	at := path("people", id)
	found := filed("people", id, p.ID)
	found = append(found, s.needEntity(at, id, p.Entity, false)...)
	if _, ok := s.Departments[p.Department]; !ok && p.Department != "" {
		found = append(found, dangling(at+".department", "department", id, p.Department))
	}
	if _, ok := s.People[p.Manager]; !ok && p.Manager != "" {
		found = append(found, dangling(at+".manager", "person", id, p.Manager))
	}
	for _, alias := range slices.Sorted(slices.Values(p.Aliases)) {
		if _, ok := s.People[alias]; !ok {
			found = append(found, dangling(at+".aliases", "person", id, alias))
		}
	}
	if inCycle(id, func(at string) string { return s.People[at].Manager }) {
		found = append(found, fault.New(fault.Invalid, "org.manager_cycle",
			fault.Field(at+".manager"), fault.Arg("person", id)))
	}
	return found
}

func (s *Snapshot) validateDepartment(id string, d Department) []*fault.Fault {
	at := path("departments", id)
	found := filed("departments", id, d.ID)
	found = append(found, s.needEntity(at, id, d.Entity, false)...)
	if _, ok := s.Departments[d.Parent]; !ok && d.Parent != "" {
		found = append(found, dangling(at+".parent", "department", id, d.Parent))
	}
	if _, ok := s.People[d.Head]; !ok && d.Head != "" {
		found = append(found, dangling(at+".head", "person", id, d.Head))
	}
	if inCycle(id, func(at string) string { return s.Departments[at].Parent }) {
		found = append(found, fault.New(fault.Invalid, "org.department_cycle",
			fault.Field(at+".parent"), fault.Arg("department", id)))
	}
	return found
}

func (s *Snapshot) validateGrant(at string, g Grant) []*fault.Fault {
	found := s.needEntity(at, g.Person, g.Entity, true)
	p, ok := s.People[g.Person]
	switch {
	case !ok:
		found = append(found, dangling(at+".person", "person", g.Role, g.Person))
	case !p.Active:
		found = append(found, fault.New(fault.Invalid, "org.inactive_holder", fault.Field(at+".person"),
			fault.Arg("person", g.Person), fault.Arg("role", g.Role)))
	}
	return found
}

func (s *Snapshot) needEntity(at, id, entity string, mayBeEvery bool) []*fault.Fault {
	if _, ok := s.Entities[entity]; ok || mayBeEvery && entity == "" {
		return nil
	}
	return []*fault.Fault{dangling(at+".entity", "entity", id, entity)}
}

// inCycle says whether going up from a row comes back to it.
func inCycle(id string, up func(string) string) bool {
	seen := map[string]bool{}
	for at := up(id); at != "" && !seen[at]; at = up(at) {
		if at == id {
			return true
		}
		seen[at] = true
	}
	return false
}

func filed(list, under, id string) []*fault.Fault {
	if id == under && id != "" {
		return nil
	}
	return []*fault.Fault{fault.New(fault.Invalid, "org.no_id", fault.Field(path(list, under)))}
}

func dangling(at, noun, id, missing string) *fault.Fault {
	return fault.New(fault.Invalid, "org.unknown_"+noun,
		fault.Field(at), fault.Arg("id", id), fault.Arg(noun, missing))
}

func path(list, key string) string { return list + "[" + key + "]" }
