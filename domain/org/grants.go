package org

import (
	"slices"
	"time"
)

// InForce says whether a grant holds at an instant.
func (g Grant) InForce(now time.Time) bool {
	return !now.Before(g.From) && (g.Until.IsZero() || now.Before(g.Until))
}

// Covers says whether a grant is for an entity as a whole, by itself or among all of
// them. One for a department gives its rights there, and no place among those whom a
// policy asks: that is said by posts.
func (g Grant) Covers(entity string) bool {
	return g.Department == "" && (g.Entity == "" || g.Entity == entity)
}

// Everywhere says whether a grant is for every entity.
func (g Grant) Everywhere() bool { return g.Entity == "" && g.Department == "" }

// Dated says whether time alone changes a grant.
func (g Grant) Dated() bool { return !g.From.IsZero() || !g.Until.IsZero() }

// At is the organisation with the grants that hold at an instant; its Until says when
// time alone changes that next. Where no grant is dated it is the same.
func (s *Snapshot) At(now time.Time) *Snapshot {
	if !slices.ContainsFunc(s.Grants, Grant.Dated) {
		return s
	}
	then := *s
	then.Grants, then.Until = nil, time.Time{}
	for _, g := range s.Grants {
		if g.InForce(now) {
			then.Grants = append(then.Grants, g)
		}
		for _, turn := range []time.Time{g.From, g.Until} {
			if turn.After(now) && (then.Until.IsZero() || turn.Before(then.Until)) {
				then.Until = turn
			}
		}
	}
	return &then
}

// Below lists a department and all those under it, sorted.
func (s *Snapshot) Below(department string) []string {
	var all []string
	for id := range s.Departments {
		if slices.Contains(s.Above(id), department) {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}
