package org

import (
	"regexp"
	"strconv"
)

var rankText = regexp.MustCompile(`^(0|[1-9][0-9]{0,3})$`)

// Rank is how high a grade stands: a grade by its name, or a rank as a number.
func (s *Snapshot) Rank(grade string) (int, bool) {
	if g, ok := s.Grades[grade]; ok {
		return g.Rank, true
	}
	if !rankText.MatchString(grade) {
		return 0, false
	}
	rank, err := strconv.Atoi(grade)
	return rank, err == nil
}

// AuthorityOf returns up to what a person may approve for an entity; false where
// nothing says so. What is said of the person beats what is said of a grade; of
// the grades it is the highest that is not above the person's own; then what is
// said of the entity beats what is said of every entity.
func (s *Snapshot) AuthorityOf(person, entity string) (Authority, bool) {
	p, ok := s.People[person]
	var best Authority
	bestOf := -1
	for _, a := range s.Authorities {
		if !ok || a.Entity != "" && a.Entity != entity {
			continue
		}
		if of := s.closeness(a, p); of > bestOf {
			best, bestOf = a, of
		}
	}
	return best, bestOf >= 0
}

// personal is closer than any rank.
const personal = 1 << 20

// closeness is how closely a line speaks of a person, -1 where it does not.
func (s *Snapshot) closeness(a Authority, p Person) int {
	of := -1
	if rank, known := s.Rank(a.Grade); known && rank <= p.Grade {
		of = 2 * rank
	}
	if a.Person != "" {
		of = -1
		if a.Person == p.ID {
			of = personal
		}
	}
	if of >= 0 && a.Entity != "" {
		of++
	}
	return of
}
