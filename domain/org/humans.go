package org

import (
	"cmp"
	"slices"
)

// humans is which accounts belong together, worked out once.
type humans struct {
	of  map[string][]string // accounts of the human behind an account, sorted; only of those with several
	all [][]string          // each human with several accounts, by the first of them
}

// Indexed is the same snapshot, quick to ask who is whom: worth it before
// thousands of questions. Nobody may change its people afterwards.
func (s *Snapshot) Indexed() *Snapshot {
	indexed := *s
	indexed.humans = s.gather()
	return &indexed
}

// Humans lists the accounts of each human who has several, in a fixed order.
func (s *Snapshot) Humans() [][]string {
	if s.humans != nil {
		return s.humans.all
	}
	return s.gather().all
}

// gather puts accounts that are tied by an alias, in either direction and
// through others, into one group.
func (s *Snapshot) gather() *humans {
	group := map[string]*[]string{}
	join := func(id string) *[]string {
		if group[id] == nil {
			group[id] = &[]string{id}
		}
		return group[id]
	}
	for _, p := range s.People {
		for _, alias := range p.Aliases {
			into, from := join(p.ID), join(alias)
			if into == from {
				continue
			}
			*into = append(*into, *from...)
			for _, id := range *from {
				group[id] = into
			}
		}
	}
	h := &humans{of: map[string][]string{}}
	for id, accounts := range group {
		if _, known := h.of[id]; known || len(*accounts) < 2 {
			continue
		}
		slices.Sort(*accounts)
		for _, account := range *accounts {
			h.of[account] = *accounts
		}
		h.all = append(h.all, *accounts)
	}
	slices.SortFunc(h.all, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return h
}
