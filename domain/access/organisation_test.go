package access_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
)

// TestOneAdministratorChangesOthersOnly: what an administrator may change of the
// organisation alone is of their companies, and never about themselves.
func TestOneAdministratorChangesOthersOnly(t *testing.T) {
	house := func() *org.Snapshot {
		s := &org.Snapshot{
			Entities: map[string]org.LegalEntity{"e1": {ID: "e1"}, "e2": {ID: "e2"}},
			Departments: map[string]org.Department{"all": {ID: "all", Entity: "e1", Head: "boss"},
				"it": {ID: "it", Entity: "e1", Parent: "all", Head: "boss"}, "far": {ID: "far", Entity: "e2", Head: "eve"},
				"shop": {ID: "shop", Entity: "e1", Parent: "all", Head: "li"}},
			People: map[string]org.Person{},
			Grants: []org.Grant{{Person: "ada", Role: access.Admin, Entity: "e1"}, {Person: "root", Role: access.Admin}},
		}
		for id, of := range map[string][2]string{"ada": {"e1", "it"}, "ada2": {"e1", "shop"}, "boss": {"e1", "all"},
			"li": {"e1", "shop"}, "eve": {"e2", "far"}, "root": {"e1", "all"}} {
			s.People[id] = org.Person{ID: id, Entity: of[0], Department: of[1], Active: true}
		}
		ada2 := s.People["ada2"]
		ada2.Aliases = []string{"ada"}
		s.People["ada2"] = ada2
		return s
	}
	person := func(id string, change func(*org.Person)) func(*org.Snapshot) {
		return func(s *org.Snapshot) {
			p := s.People[id]
			p.ID = id
			change(&p)
			s.People[id] = p
		}
	}
	department := func(id string, change func(*org.Department)) func(*org.Snapshot) {
		return func(s *org.Snapshot) {
			d := s.Departments[id]
			d.ID = id
			change(&d)
			s.Departments[id] = d
		}
	}
	for name, tt := range map[string]struct {
		change func(*org.Snapshot)
		want   []string
	}{
		"another's manager":        {person("li", func(p *org.Person) { p.Manager = "boss" }), nil},
		"somebody new":             {person("new", func(p *org.Person) { p.Entity, p.Department = "e1", "shop" }), nil},
		"their own manager":        {person("ada", func(p *org.Person) { p.Manager = "li" }), []string{"people[ada] organisation.own_row"}},
		"their other account":      {person("ada2", func(p *org.Person) { p.Name = "x" }), []string{"people[ada2] organisation.own_row"}},
		"somebody under them":      {person("li", func(p *org.Person) { p.Manager = "ada" }), []string{"people[li].manager organisation.own_team"}},
		"under their other":        {person("li", func(p *org.Person) { p.Manager = "ada2" }), []string{"people[li].manager organisation.own_team"}},
		"another company's":        {person("eve", func(p *org.Person) { p.Name = "x" }), []string{"people[eve].entity organisation.not_yours"}},
		"into another company":     {person("li", func(p *org.Person) { p.Entity = "e2" }), []string{"people[li].entity organisation.not_yours"}},
		"a sign-in":                {person("li", func(p *org.Person) { p.Subject = "ada" }), []string{"people[li].subject organisation.sign_in_stays"}},
		"whose account it is":      {person("li", func(p *org.Person) { p.Aliases = []string{"boss"} }), []string{"people[li].subject organisation.sign_in_stays"}},
		"a department":             {department("shop", func(d *org.Department) { d.CostCenter = "9" }), nil},
		"a head":                   {department("far", func(d *org.Department) { d.Head = "li" }), []string{"departments[far].entity organisation.not_yours"}},
		"themselves as head":       {department("new", func(d *org.Department) { d.Entity, d.Head = "e1", "ada" }), []string{"departments[new].head organisation.own_team"}},
		"the head of their own":    {department("it", func(d *org.Department) { d.Head = "li" }), []string{"departments[it] organisation.own_department"}},
		"the head above their own": {department("all", func(d *org.Department) { d.Head = "li" }), []string{"departments[all] organisation.own_department"}},
		"the name of their own":    {department("it", func(d *org.Department) { d.Name = map[string]string{"en": "IT"} }), nil},
		"the last administrator":   {person("root", func(p *org.Person) { p.Active = false }), []string{" organisation.last_administrator"}},
	} {
		before, after := house(), house()
		after.People, after.Departments = maps.Clone(after.People), maps.Clone(after.Departments)
		tt.change(after)
		var got []string
		for _, f := range access.ReorganiseFaultsOf(access.SubjectOf(before, "ada"), before, after) {
			got = append(got, f.Field+" "+f.Code)
		}
		require.Equal(t, tt.want, got, name)
	}
}
