package org

import "slices"

// Indexed is the same snapshot, quick to ask who is whom: worth it before
// thousands of questions. Nobody may change its people afterwards.
func (s *Snapshot) Indexed() *Snapshot {
	indexed := *s
	indexed.humans = s.Humans()
	return &indexed
}

// Humans lists the accounts of every human who has several, sorted, by each of
// the accounts. It is what Aliases says of them, found in one walk. Nobody may
// change it.
func (s *Snapshot) Humans() map[string][]string {
	if s.humans != nil {
		return s.humans
	}
	near := map[string][]string{}
	for id, p := range s.People {
		for _, alias := range p.Aliases {
			if alias != id {
				near[id], near[alias] = append(near[id], alias), append(near[alias], id)
			}
		}
	}
	all := make(map[string][]string, len(near))
	for account := range near {
		if all[account] != nil {
			continue
		}
		human := reached(account, near)
		for _, one := range human {
			all[one] = human
		}
	}
	return all
}

// reached lists an account and all that are tied to it, sorted.
func reached(account string, near map[string][]string) []string {
	human, seen := []string{account}, map[string]bool{account: true}
	for i := 0; i < len(human); i++ {
		for _, next := range near[human[i]] {
			if !seen[next] {
				seen[next] = true
				human = append(human, next)
			}
		}
	}
	slices.Sort(human)
	return human
}
