package approval_test

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// vote is what a place said: 1, -1, or 0 for nothing yet.
func (s *modelStep) vote(place int) int {
	for _, t := range s.tickets {
		if t.place == place && t.vote != 0 {
			return t.vote
		}
	}
	return 0
}

// ask opens a ticket in a place.
func (m *model) ask(s *modelStep, place int, who string) {
	t := &ticket{step: s, place: place, who: who, open: true}
	if s.Clock.Due.Count > 0 {
		t.due = m.now.Add(time.Duration(s.Clock.Due.Count) * time.Second)
	}
	s.tickets = append(s.tickets, t)
}

func (s *modelStep) asked(place int) bool {
	return slices.ContainsFunc(s.tickets, func(t *ticket) bool { return t.open && t.asker == nil && t.place == place })
}

// close ends the tickets that a decision leaves without purpose, and the advice for them.
func (s *modelStep) close(by *ticket, which func(*ticket) bool) {
	for _, t := range s.tickets {
		if t.open && t != by && which(t) {
			t.open, t.ended = false, by
			s.hush(t, by)
		}
	}
}

// hush ends the advice for a ticket.
func (s *modelStep) hush(t, by *ticket) {
	for _, advice := range s.tickets {
		if advice.open && advice.asker == t {
			advice.open, advice.ended = false, by
		}
	}
}

// count looks at the votes of a step and asks whom they want asked.
func (m *model) count(s *modelStep, by *ticket) {
	fate := s.fate(s.vote)
	for i := range s.Approvers {
		if fate == -1 || s.vote(i) < 0 && s.veto() {
			m.end(approval.Rejected)
			return
		}
	}
	s.close(by, func(t *ticket) bool { return t.asker == nil && t.place < len(s.Approvers) && s.idle(t.place, fate) })
	for i, a := range s.Approvers {
		if !s.idle(i, fate) && !s.asked(i) {
			m.ask(s, i, a.Person)
		}
	}
	agreed := fate == 1
	for _, x := range s.signers {
		if s.vote(x.place) < 0 {
			m.end(approval.Rejected)
			return
		}
		if x.gone || s.vote(x.place) > 0 {
			continue
		}
		if (x.where != approval.SignAfter || fate == 1) && !s.asked(x.place) {
			m.ask(s, x.place, x.person)
		}
		agreed = false
	}
	if agreed {
		s.over = true
		s.close(by, func(*ticket) bool { return true })
	}
}

// idle says whether nobody is asked in a place of the plan.
func (s *modelStep) idle(place, fate int) bool {
	if fate == 1 || s.vote(place) != 0 {
		return true
	}
	for i := range s.Approvers {
		before := s.Mode == approval.InOrder && i < place && s.vote(i) == 0
		spoken := s.Mode == approval.PerGroup && s.Approvers[i].Group == s.Approvers[place].Group && s.vote(i) > 0
		if before || spoken {
			return true
		}
	}
	return false
}

func (m *model) end(s approval.Status) {
	m.status, m.stopped, m.resume = s, nil, nil
	for _, s := range m.steps {
		s.unstaffed = false
		s.close(nil, func(*ticket) bool { return true })
	}
}

// act says whether an act is taken, and takes it.
func (m *model) act(a approval.Act) bool {
	if a.Actor == queue {
		return false
	}
	switch a.Name {
	case approval.Withdraw:
		early := m.status == approval.Submitted || m.status == approval.Pending || m.status == approval.Returned
		return early && requester(a.Actor) && (!m.human || a.Opinion != "") && m.did(func() { m.end(approval.Withdrawn) })
	case approval.Resubmit:
		return m.status == approval.Returned && requester(a.Actor) && a.Revision == m.revision+1 && a.NewHash != "" &&
			m.did(func() { m.resubmitted(a) })
	case approval.Resolve:
		return m.resolve(a)
	case approval.Release:
		answered := m.asksSubmitter && requester(a.Actor) && a.Opinion != ""
		return m.stopped != nil && (answered || a.Actor == m.stoppedBy) && m.did(m.released)
	}
	t := m.known[a.Task]
	whose := a.OnBehalfOf
	if whose == "" {
		whose = a.Actor
	}
	mine := t != nil && whose == t.who && !slices.Contains(interested, a.Actor)
	if !mine || m.status != approval.Pending || m.stopped != nil || a.Round != m.round || a.ContentHash != m.hash {
		return false
	}
	switch a.Name {
	case approval.RemoveSigner:
		return m.removeSigner(t, a)
	case approval.Retract:
		return m.retract(t, a)
	}
	return t.open && m.onOpen(t, a)
}

func (m *model) onOpen(t *ticket, a approval.Act) bool {
	if t.asker != nil {
		return a.Name == approval.Consult && len(a.To) == 0 && a.Opinion != "" && m.did(func() { t.open, t.advised = false, true })
	}
	switch a.Name {
	case approval.Approve, approval.Reject, approval.Return:
		return m.decide(t, a)
	}
	if !slices.Contains(t.step.Allow, string(a.Name)) {
		return false
	}
	switch a.Name {
	case approval.Hold, approval.RequestInfo:
		return a.Opinion != "" && m.did(func() {
			m.stopped, m.stoppedBy, m.stoppedAt, m.asksSubmitter = t, a.Actor, m.now, a.Name == approval.RequestInfo
		})
	case approval.Sanction:
		return a.Opinion != "" && !m.barred(t, a.Actor) && m.sanction(a)
	case approval.Amend:
		return a.Opinion != "" && !m.barred(t, a.Actor) && m.amend(t, a)
	case approval.Extend:
		late := t.overdue || t.due.IsZero() || !t.due.After(m.now)
		return a.Opinion != "" && !late && t.excused < 3 && m.did(func() {
			t.due, t.excused = t.due.Add(20*time.Second), t.excused+1
		})
	}
	for i, person := range a.To {
		elsewhere := a.Name != approval.Consult && m.partElsewhere(t.step, person)
		twice := slices.ContainsFunc(a.To[:i], func(other string) bool { return m.same(other, person) })
		if elsewhere || twice || slices.Contains(interested, person) || m.part(t.step, person) || person == queue {
			return false
		}
	}
	if len(a.To) == 0 || len(a.To) > 1 && a.Name != approval.AddSigner {
		return false
	}
	switch a.Name {
	case approval.Transfer:
		t.open = false
		t.step.hush(t, nil)
		m.ask(t.step, t.place, a.To[0])
		t.step.pass(t, last(t.step.tickets))
	case approval.Consult:
		m.ask(t.step, t.place, a.To[0])
		last(t.step.tickets).asker, last(t.step.tickets).due = t, time.Time{}
	default:
		return m.addSigners(t, a)
	}
	return true
}

// pass gives whoever takes a ticket's place what stood by it: the signers whom its
// holder added, and the place of one who was added.
func (s *modelStep) pass(t, next *ticket) {
	for _, x := range s.signers {
		if x.adder == t {
			x.adder = next
		}
		if x.place == t.place && !x.gone {
			x.person = next.who
		}
	}
}

func last[T any](of []T) T { return of[len(of)-1] }

func requester(person string) bool { return person == "sue" || person == "rob" }

func (m *model) did(deed func()) bool {
	deed()
	return true
}

// voted says whether somebody, with whatever account, decided in a step.
func (m *model) voted(s *modelStep, who string) bool {
	return slices.ContainsFunc(s.tickets, func(o *ticket) bool { return o.by != "" && o.vote != 0 && m.same(o.by, who) })
}

// barred says whether somebody may not approve here, and so may change nothing either.
func (m *model) barred(t *ticket, who string) bool {
	return m.voted(t.step, who) ||
		slices.ContainsFunc(m.apart(t.step), func(other *modelStep) bool { return m.voted(other, who) })
}

// decide is an approval, a rejection or a return.
func (m *model) decide(t *ticket, a approval.Act) bool {
	if m.voted(t.step, a.Actor) {
		return false
	}
	switch {
	case a.Name == approval.Approve:
		return m.approve(t, a)
	case a.Opinion == "":
		return false
	case a.Name == approval.Reject:
		m.vote(t, a.Actor, -1)
		return true
	case a.ToStep == "":
		m.human = true
		m.end(approval.Returned)
		return true
	}
	return m.goBack(t, a)
}

func (m *model) vote(t *ticket, by string, vote int) {
	m.votes++
	t.open, t.vote, t.by, t.at = false, vote, by, m.votes
	m.human = m.human || by != approval.SystemDeadline
	t.step.last = m.votes
	t.step.close(t, func(other *ticket) bool { return other.place == t.place })
	m.count(t.step, t)
	m.advance()
}
