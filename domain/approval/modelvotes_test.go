package approval_test

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// fate is 1 where a step passes however the votes still out fall, -1 where it is
// rejected, else 0: all their ways are tried.
func (s *modelStep) fate(vote func(int) int) int {
	return s.fall(make([]bool, 0, 8), vote)
}

func (s *modelStep) fall(votes []bool, vote func(int) int) int {
	if len(votes) == len(s.Approvers) {
		if s.carried(votes) {
			return 1
		}
		return -1
	}
	switch v := vote(len(votes)); {
	case v > 0:
		return s.fall(append(votes, true), vote)
	case v < 0:
		return s.fall(append(votes, false), vote)
	}
	with, without := s.fall(append(votes, true), vote), s.fall(append(votes, false), vote)
	if with == without {
		return with
	}
	return 0
}

// carried says whether a step passes by votes that are all in.
func (s *modelStep) carried(votes []bool) bool {
	yes, weight, all := 0, int64(0), int64(0)
	group := map[string]bool{}
	for i, a := range s.Approvers {
		all += max(a.Weight, 1)
		group[a.Group] = group[a.Group] || votes[i]
		if votes[i] {
			yes, weight = yes+1, weight+max(a.Weight, 1)
		}
	}
	switch s.Mode {
	case approval.AnyOf:
		return yes > 0
	case approval.Quorum:
		return yes >= s.Votes.Count
	case approval.Ratio:
		return weight*s.Votes.Den >= s.Votes.Num*all
	case approval.PerGroup:
		for _, agreed := range group {
			if !agreed {
				return false
			}
		}
		return true
	}
	return yes == len(votes)
}

// veto says whether one no of an approver ends the document.
func (s *modelStep) veto() bool {
	if s.OnReject == "" {
		return s.Mode != approval.Quorum && s.Mode != approval.Ratio
	}
	return s.OnReject == approval.RejectVeto
}

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
	after := func(n int64) time.Time { return m.now.Add(time.Duration(n) * time.Second) }
	t := &ticket{step: s, place: place, who: who, open: true, opened: m.now, n: m.tickets}
	m.tickets++
	if s.Clock.Due.Count > 0 {
		t.due = after(s.Clock.Due.Count)
	}
	for n := range s.Clock.AtMost {
		t.bells = append(t.bells, after(s.Clock.First.Count+int64(n)*s.Clock.Every.Count))
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
	vacated := func(t *ticket) bool { return t.place == place && t.left }
	if fate == 1 || s.vote(place) != 0 || slices.ContainsFunc(s.tickets, vacated) {
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
	m.status, m.resume = s, nil
	for _, s := range m.steps {
		s.unstaffed = false
		s.close(nil, func(*ticket) bool { return true })
	}
}
