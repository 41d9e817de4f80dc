package org_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// company: ceo ← boss ← li, wu; old left. zoe2 is zoe's second account, zoe3 her third.
func company() *org.Snapshot {
	person := func(id, manager string, aliases ...string) org.Person {
		return org.Person{ID: id, Entity: "e1", Department: "dev", Manager: manager, Active: id != "old", Aliases: aliases}
	}
	people := map[string]org.Person{}
	for _, p := range []org.Person{
		person("ceo", ""), person("boss", "ceo"), person("li", "boss"), person("wu", "boss"), person("old", "boss"),
		person("zoe", "li", "zoe2"), person("zoe2", ""), person("zoe3", "", "zoe2"),
	} {
		people[p.ID] = p
	}
	return &org.Snapshot{
		Version: 7, People: people,
		Departments: map[string]org.Department{
			"all": {ID: "all", Entity: "e1", Head: "ceo"},
			"dev": {ID: "dev", Entity: "e1", Parent: "all", Head: "boss"},
			"lab": {ID: "lab", Entity: "e1", Parent: "dev"},
		},
		Entities:  map[string]org.LegalEntity{"e1": {ID: "e1"}, "e2": {ID: "e2"}},
		Suppliers: map[string]org.Supplier{"s1": {ID: "s1"}},
		Grants: []org.Grant{
			{Person: "wu", Role: "finance_clerk", Entity: "e1"}, {Person: "li", Role: "finance_clerk"},
			{Person: "li", Role: "finance_clerk", Entity: "e1"}, {Person: "boss", Role: "admin", Entity: "e2"},
			{Person: "li", Role: "admin"},
		},
	}
}

func ids(people []org.Person) []string {
	var all []string
	for _, p := range people {
		all = append(all, p.ID)
	}
	return all
}

func TestChain(t *testing.T) {
	s := company()
	require.Equal(t, []string{"li", "boss", "ceo"}, ids(s.Chain("zoe")))
	require.Empty(t, s.Chain("ceo"))
	require.Empty(t, s.Chain("nobody"))

	ring := map[string]org.Person{"a": {ID: "a", Manager: "b"}, "b": {ID: "b", Manager: "c"}, "c": {ID: "c", Manager: "b"},
		"self": {ID: "self", Manager: "self"}, "lost": {ID: "lost", Manager: "gone"}}
	s = &org.Snapshot{People: ring}
	require.Equal(t, []string{"b", "c"}, ids(s.Chain("a")), "a circle ends it")
	require.Equal(t, []string{"c"}, ids(s.Chain("b")))
	require.Empty(t, s.Chain("self"), "nobody is their own manager")
	require.Empty(t, s.Chain("lost"))
}

func TestHeadIsTheNearestAbove(t *testing.T) {
	s := company()
	for department, want := range map[string]string{"dev": "boss", "lab": "boss", "all": "ceo", "none": "", "": ""} {
		p, ok := s.Head(department)
		require.Equal(t, want, p.ID, department)
		require.Equal(t, want != "", ok)
	}
	s.Departments["x"], s.Departments["y"] = org.Department{ID: "x", Parent: "y"}, org.Department{ID: "y", Parent: "x"}
	_, ok := s.Head("x")
	require.False(t, ok, "a circle has no head")
}

func TestHoldersAreActiveSortedAndOfTheEntity(t *testing.T) {
	s := company()
	s.Grants = append(s.Grants, org.Grant{Person: "old", Role: "admin"}, org.Grant{Person: "gone", Role: "admin"})
	require.Equal(t, []string{"li", "wu"}, ids(s.Holders("finance_clerk", "e1")))
	require.Equal(t, []string{"li"}, ids(s.Holders("finance_clerk", "e2")))
	require.Equal(t, []string{"boss", "li"}, ids(s.Holders("admin", "e2")))
	require.Empty(t, s.Holders("cashier", "e1"))
	require.False(t, s.Active("old"))
	require.False(t, s.Active("gone"))
	require.True(t, s.Active("li"))
	require.Equal(t, []org.Grant{
		{Person: "li", Role: "admin"}, {Person: "li", Role: "finance_clerk"}, {Person: "li", Role: "finance_clerk",
			Entity: "e1"},
	}, s.GrantsOf("li"))
}

func TestAliasesAreOneHuman(t *testing.T) {
	s := company()
	for _, account := range []string{"zoe", "zoe2", "zoe3"} {
		require.Equal(t, []string{"zoe", "zoe2", "zoe3"}, s.Aliases(account))
	}
	require.Equal(t, []string{"li"}, s.Aliases("li"))
	require.Equal(t, []string{"nobody"}, s.Aliases("nobody"))
	require.True(t, s.Same("zoe", "zoe3"))
	require.True(t, s.Same("zoe3", "zoe"))
	require.True(t, s.Same("li", "li"))
	require.False(t, s.Same("li", "wu"))
}

func TestValidate(t *testing.T) {
	require.Empty(t, company().Validate())
	for _, tt := range []struct {
		name  string
		spoil func(s *org.Snapshot)
		want  []string // field and code
	}{
		{"a manager who is not there", func(s *org.Snapshot) {
			s.People["li"] = org.Person{ID: "li", Entity: "e1", Manager: "gone", Active: true}
		},
			[]string{"people[li].manager org.unknown_person"}},
		{"a circle of managers", func(s *org.Snapshot) {
			s.People["ceo"] = org.Person{ID: "ceo", Entity: "e1", Manager: "boss", Active: true}
		},
			[]string{"people[boss].manager org.manager_cycle", "people[ceo].manager org.manager_cycle"}},
		{"a person filed wrongly, nowhere", func(s *org.Snapshot) {
			s.People["x"] = org.Person{ID: "y",
				Department: "no", Aliases: []string{"z"}}
		},
			[]string{"people[x] org.no_id", "people[x].entity org.unknown_entity", "people[x].department org.unknown_department",
				"people[x].aliases org.unknown_person"}},
		{"a department that dangles", func(s *org.Snapshot) {
			s.Departments["lab"] = org.Department{ID: "lab", Entity: "e9", Parent: "no", Head: "gone"}
		}, []string{"departments[lab].entity org.unknown_entity", "departments[lab].parent org.unknown_department",
			"departments[lab].head org.unknown_person"}},
		{"a circle of departments", func(s *org.Snapshot) {
			s.Departments["all"] = org.Department{ID: "all",
				Entity: "e1", Parent: "all"}
		},
			[]string{"departments[all].parent org.department_cycle"}},
		{"grants to nobody, nowhere, and to somebody who left", func(s *org.Snapshot) {
			s.Grants = []org.Grant{{Person: "gone", Role: "admin"}, {Person: "li", Role: "admin", Entity: "e9"},
				{Person: "old", Role: "admin"}}
		}, []string{"grants[0].person org.unknown_person", "grants[1].entity org.unknown_entity",
			"grants[2].person org.inactive_holder"}},
		{"an entity and a supplier without an id", func(s *org.Snapshot) {
			s.Entities["e3"], s.Suppliers["s2"] = org.LegalEntity{}, org.Supplier{ID: "s2", Entity: "e9"}
		}, []string{"entities[e3] org.no_id", "suppliers[s2].entity org.unknown_entity"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 5 { // the order is fixed
				s := company()
				tt.spoil(s)
				var got []string
				for _, f := range s.Validate() {
					got = append(got, f.Field+" "+f.Code)
					_, registered := fault.Lookup(f.Code)
					require.True(t, registered)
				}
				require.Equal(t, tt.want, got)
			}
		})
	}
}
