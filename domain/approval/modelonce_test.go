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
		if m.stranger(a.Person) && !m.barred(s, a.Person) && !s.decidedBy(m, a.Person) && m.saidYes(s, a.Person) {
			s.tickets = append(s.tickets, &ticket{step: s, place: place, who: a.Person, vote: 1, by: a.Person, spared: true})
		}
	}
}

func (m *model) saidYes(s *modelStep, person string) bool {
	for _, o := range m.steps {
		if s.follows(o) && slices.ContainsFunc(o.tickets, func(t *ticket) bool {
			counts := !t.spared && !t.kept && t.at > m.bent && t.saw == m.revision
			return counts && t.vote > 0 && t.by == t.who && m.same(t.by, person)
		}) {
			return true
		}
	}
	return false
}
