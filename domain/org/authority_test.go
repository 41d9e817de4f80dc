package org_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
)

// ranked is company with grades, posts and limits of authority.
func ranked() *org.Snapshot {
	s := company()
	for id, grade := range map[string]int{"ceo": 9, "boss": 7, "li": 5, "wu": 3, "zoe": 7} {
		p := s.People[id]
		p.Grade = grade
		s.People[id] = p
	}
	s.Grades = map[string]org.Grade{"M1": {ID: "M1", Rank: 5}, "M3": {ID: "M3", Rank: 7}}
	s.Authorities = []org.Authority{
		{Grade: "M1", Below: "1000.00", Currency: "CNY"}, {Grade: "M3", Below: "9000.00", Currency: "CNY"},
		{Grade: "7", Entity: "e2", Below: "500.00", Currency: "EUR"}, {Person: "ceo", Unlimited: true},
		{Person: "zoe", Below: "1.00", Currency: "CNY"},
	}
	s.Posts = []org.Post{
		{Person: "li", Role: "partner", Department: "dev"}, {Person: "old", Role: "partner", Department: "lab"},
		{Person: "boss", Role: "partner", Department: "all"}, {Person: "wu", Role: "owner", CostCenter: "C1"},
		{Person: "li", Role: "owner", CostCenter: "C1"}, {Person: "old", Role: "owner", CostCenter: "C2"},
	}
	return s
}

func TestAuthorityIsTheClosestLine(t *testing.T) {
	s := ranked()
	for _, tt := range []struct{ person, entity, below string }{
		{"wu", "e1", ""},           // below every grade
		{"li", "e1", "1000.00"},    // its own grade
		{"boss", "e1", "9000.00"},  // the highest grade it reaches
		{"boss", "e2", "500.00"},   // said of the entity
		{"zoe", "e2", "1.00"},      // said of the person, though less
		{"nobody", "e1", ""},       // nobody may approve nothing
		{"ceo", "e1", "unlimited"}, // said of the person
	} {
		a, ok := s.AuthorityOf(tt.person, tt.entity)
		require.Equal(t, tt.below != "", ok, tt.person)
		if a.Unlimited {
			a.Below = "unlimited"
		}
		require.Equal(t, tt.below, a.Below, tt.person)
	}
	for grade, want := range map[string]int{"M3": 7, "7": 7, "0": 0, "M9": -1, "": -1, "-1": -1, "07": -1} {
		rank, ok := s.Rank(grade)
		require.Equal(t, want >= 0, ok, grade)
		require.Equal(t, max(want, 0), rank, grade)
	}
}

func TestPostsAreOfTheNearestDepartment(t *testing.T) {
	s := ranked()
	require.Equal(t, []string{"li"}, ids(s.DepartmentHolders("partner", "dev")))
	require.Equal(t, []string{"li"}, ids(s.DepartmentHolders("partner", "lab")), "the one of the lab left")
	require.Equal(t, []string{"boss"}, ids(s.DepartmentHolders("partner", "all")))
	require.Empty(t, s.DepartmentHolders("owner", "dev"))
	require.Equal(t, []string{"li", "wu"}, ids(s.CostCenterHolders("owner", "C1")))
	require.Empty(t, s.CostCenterHolders("owner", "C2"))
	require.Empty(t, s.CostCenterHolders("partner", ""), "a post in a department is in no cost centre")
	require.Equal(t, []string{"li"}, ids(s.GroupHolders("admin")), "boss is admin of one entity only")
	require.Equal(t, []string{"boss", "ceo"}, ids(s.Heads("lab")))
	require.Equal(t, []string{"lab", "dev", "all"}, s.Above("lab"))
	require.Empty(t, s.DepartmentsOf(""))
}

func TestValidatePosts(t *testing.T) {
	require.Empty(t, ranked().ValidatePosts())
	s := ranked()
	s.Grades["M2"] = org.Grade{}
	s.Posts = []org.Post{{Person: "gone", Role: "r", Department: "no"}, {Person: "li", Role: "r"},
		{Person: "li", Role: "r", Department: "dev", CostCenter: "C1"}}
	s.Authorities = []org.Authority{{Grade: "M3", Below: "1.00", Currency: "CNY"}, {Grade: "7", Unlimited: true},
		{Person: "gone", Unlimited: true}, {Grade: "M9", Unlimited: true}, {Unlimited: true},
		{Person: "li", Below: "0.00", Currency: "CNY"}, {Person: "wu", Entity: "e9", Unlimited: true}}
	var got []string
	for _, f := range s.ValidatePosts() {
		got = append(got, f.Field+" "+f.Code)
	}
	require.Equal(t, []string{"grades[M2] org.no_id", "posts[0].person org.unknown_person",
		"posts[0].department org.unknown_department", "posts[1] org.bad_post", "posts[2] org.bad_post",
		"authorities[1] org.double_authority", "authorities[2].person org.unknown_person",
		"authorities[3].grade org.unknown_grade", "authorities[4] org.bad_authority",
		"authorities[5] org.bad_authority", "authorities[6].entity org.unknown_entity"}, got)
}
