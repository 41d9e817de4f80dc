package approval_test

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// modelBack is the round that was returned to the submitter, to go straight back.
type modelBack struct {
	at      *modelStep
	round   int
	steps   []*modelStep
	passkey bool
	signIn  *approval.FreshSignIn
	meddled bool
	known   map[string]*ticket
}

// leaves returns the document to the submitter.
func (m *model) leaves(at *modelStep, straight bool) {
	m.back = nil
	if straight && m.edition() >= 2 {
		meddled := len(m.admins) > 0 || slices.ContainsFunc(m.steps, func(s *modelStep) bool { return s.jumped })
		m.back = &modelBack{at, m.round, m.steps, m.plan.Passkey, m.plan.SignIn, meddled, m.known}
	}
}

// keeps lets what was decided before the return stand, where all is as it was.
func (m *model) keeps() {
	b := m.back
	if b == nil || b.round != m.round-1 || m.material || b.meddled || m.edition() < 2 ||
		b.passkey != m.plan.Passkey || !reflect.DeepEqual(b.signIn, m.plan.SignIn) {
		return
	}
	at := m.step(b.at.ID)
	if at == nil || at.Need != approval.NeedsPeople || !b.sameWay(m, at) || !b.stands(m) {
		return
	}
	for _, was := range b.steps {
		votes := b.votes(was)
		if len(votes) == 0 {
			continue
		}
		is := m.step(was.ID)
		is.over, is.reached, is.tickets = true, true, votes
		for _, t := range votes {
			t.step, t.kept = is, true
		}
	}
	for name, t := range b.known {
		if t.kept {
			m.known[name] = t
		}
	}
}

// votes are what stands of a step that was over and does not follow who returned.
func (b *modelBack) votes(s *modelStep) (votes []*ticket) {
	if s == b.at || !s.over || s.follows(b.at) {
		return nil
	}
	for _, t := range s.tickets {
		if t.vote != 0 && t.asker == nil {
			votes = append(votes, t)
		}
	}
	return votes
}

// sameWay says whether the route asks the same until it comes to who returned it, and
// of the same people where they voted.
func (b *modelBack) sameWay(m *model, at *modelStep) bool {
	matters := func(s, at *modelStep, of []*modelStep) bool {
		chosen := s.late != nil && slices.ContainsFunc(of, func(o *modelStep) bool {
			was := b.steps[max(0, slices.IndexFunc(b.steps, func(x *modelStep) bool { return x.ID == o.ID }))]
			return s.late.Chooser == o.ID && o.ID == was.ID && len(b.votes(was)) > 0
		})
		return !s.follows(at) || chosen
	}
	var was, is []*modelStep
	for _, s := range b.steps {
		if matters(s, b.at, b.steps) {
			was = append(was, s)
		}
	}
	for _, s := range m.steps {
		if matters(s, at, m.steps) {
			is = append(is, s)
		}
	}
	return slices.EqualFunc(was, is, func(x, y *modelStep) bool {
		voted := x.late == nil && len(b.votes(x)) > 0
		return asks(x) == asks(y) && (!voted || slices.Equal(x.Approvers, y.Approvers))
	})
}

// asks is a step without its people, clock and words, as it is written down.
func asks(s *modelStep) string {
	written, err := json.Marshal(approval.Step{
		ID: s.ID, Need: s.Need, Mode: s.Mode, Votes: s.Votes, OnReject: s.OnReject, Allow: s.Allow, Amend: s.Amend,
		DistinctFrom: s.DistinctFrom, Branches: s.Branches, Late: s.late, Once: s.Once,
	})
	if err != nil {
		return err.Error()
	}
	return string(written)
}

// stands says whether who voted then might have voted on this route: no one who is
// interested, no human twice in a step or where another must.
func (b *modelBack) stands(m *model) bool {
	at := map[string][]string{} // by step
	for _, s := range b.steps {
		for _, t := range b.votes(s) {
			if rests := t.spared == nil || slices.Contains(b.votes(t.spared.step), t.spared); !rests {
				if m.edition() >= 3 {
					return false
				}
				continue // before, nobody looked at who had that place
			}
			if m.interested(t.by) || m.interested(t.who) {
				return false
			}
			at[s.ID] = append(at[s.ID], t.by)
		}
	}
	for _, s := range m.steps {
		for i, by := range at[s.ID] {
			same := func(other string) bool { return m.same(by, other) }
			if by == approval.SystemDeadline {
				continue
			}
			if slices.ContainsFunc(at[s.ID][:i], same) {
				return false
			}
			for _, o := range m.apart(s) {
				if slices.ContainsFunc(at[o.ID], same) || slices.ContainsFunc(o.Approvers, func(a approval.Approver) bool {
					return same(a.Person)
				}) {
					return false
				}
			}
		}
	}
	return true
}
