package org

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// ValidatePosts is the part of Validate about grades, posts and authorities.
func (s *Snapshot) ValidatePosts() []*fault.Fault {
	var found []*fault.Fault
	for _, id := range slices.Sorted(maps.Keys(s.Grades)) {
		found = append(found, filed("grades", id, s.Grades[id].ID)...)
	}
	for i, p := range s.Posts {
		found = append(found, s.validatePost(path("posts", strconv.Itoa(i)), p)...)
	}
	return append(found, s.validateAuthorities()...)
}

func (s *Snapshot) validatePost(at string, p Post) []*fault.Fault {
	var found []*fault.Fault
	if _, ok := s.People[p.Person]; !ok {
		found = append(found, dangling(at+".person", "person", p.Role, p.Person))
	}
	if _, ok := s.Departments[p.Department]; !ok && p.Department != "" {
		found = append(found, dangling(at+".department", "department", p.Person, p.Department))
	}
	if p.Role == "" || (p.Department == "") == (p.CostCenter == "") {
		found = append(found, fault.New(fault.Invalid, "org.bad_post", fault.Field(at),
			fault.Arg("person", p.Person), fault.Arg("role", p.Role)))
	}
	return found
}

func (s *Snapshot) validateAuthorities() []*fault.Fault {
	type of struct{ who, entity string }
	var found []*fault.Fault
	seen := map[of]bool{}
	for i, a := range s.Authorities {
		at := path("authorities", strconv.Itoa(i))
		who := "person " + a.Person
		rank, known := s.Rank(a.Grade)
		if a.Person == "" {
			who = "rank " + strconv.Itoa(rank)
		}
		if !known && a.Grade != "" {
			found = append(found, dangling(at+".grade", "grade", cmp.Or(a.Person, a.Grade), a.Grade))
		}
		if _, ok := s.People[a.Person]; !ok && a.Person != "" {
			found = append(found, dangling(at+".person", "person", a.Person, a.Person))
		}
		found = append(found, s.needEntity(at, cmp.Or(a.Person, a.Grade), a.Entity, true)...)
		if (a.Person == "") == (a.Grade == "") || !a.limited() {
			found = append(found, fault.New(fault.Invalid, "org.bad_authority", fault.Field(at),
				fault.Arg("id", cmp.Or(a.Person, a.Grade))))
		}
		if seen[of{who, a.Entity}] && (known || a.Person != "") {
			found = append(found, fault.New(fault.Invalid, "org.double_authority", fault.Field(at),
				fault.Arg("id", cmp.Or(a.Person, a.Grade))))
		}
		seen[of{who, a.Entity}] = true
	}
	return found
}

// limited says whether a line says one limit, and one that can be read.
func (a Authority) limited() bool {
	if a.Unlimited {
		return a.Below == "" && a.Currency == ""
	}
	below, err := money.Parse(a.Below, money.Currency(a.Currency))
	return err == nil && below.Sign() > 0
}
