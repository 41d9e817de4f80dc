package approval_test

import "slices"

// spare fills the places of a step that are not asked: of who agreed in a step before
// it, themselves, in this round, on what it is about now, and after the document last
// went back. Nobody is spared while more humans must agree, or where they choose.
func (m *model) spare(s *modelStep) {
	chooses := slices.ContainsFunc(m.steps, func(o *modelStep) bool { return o.late != nil && o.late.Chooser == s.ID })
	if !s.Once || chooses || m.tooFew() {
		return
	}
	for place, a := range s.Approvers {
		if !m.stranger(a.Person) || m.barred(s, a.Person) || s.decidedBy(m, a.Person) {
			continue
		}
		if yes := m.saidYes(s, a.Person); yes != nil {
			s.tickets = append(s.tickets, &ticket{step: s, place: place, who: a.Person, vote: 1, by: a.Person, spared: yes})
		}
	}
}

// saidYes is the first task in which they did.
func (m *model) saidYes(s *modelStep, person string) (first *ticket) {
	for _, o := range m.steps {
		if !s.follows(o) {
			continue
		}
		for _, t := range o.tickets {
			counts := t.spared == nil && !t.kept && t.at > m.bent && t.saw == m.revision
			if counts && t.vote > 0 && t.by == t.who && m.same(t.by, person) && (first == nil || t.n < first.n) {
				first = t
			}
		}
	}
	return first
}
