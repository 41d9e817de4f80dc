package approval_test

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// intervene is what an administrator does, whom another one must agree with where
// there is money.
func (m *model) intervene(t *ticket, a approval.Act) string {
	two := m.money || m.steps != nil && slices.Contains(m.plan.Then, approval.ThenAccrue)
	switch {
	case a.Maker == "" && two:
		return "intervention.second_person"
	case a.Maker != "" && (a.Maker == queue || m.same(a.Maker, a.Actor)):
		return "intervention.own"
	case m.interested(a.Actor) || m.interested(a.Maker):
		return "intervention.interested"
	case m.final():
		return "document.final"
	case a.Round != m.round || a.ContentHash != m.hash:
		return "document.moved_on"
	case a.Opinion == "":
		return "act.opinion_required"
	case a.Ruling == approval.RulingVoid:
		return m.void()
	case !slices.Contains(everyRuling, a.Ruling):
		return "act.bad_ruling"
	case m.status != approval.Pending:
		return "document.not_pending"
	case a.Ruling == approval.RulingReplan:
		return done(m.anew)
	case a.Ruling == approval.RulingRelease:
		return m.forceRelease(t)
	}
	return or(m.notStuck(t), func() string {
		if a.Ruling == approval.RulingReassign {
			return m.reassign(t, a)
		}
		return m.jump(t.step, m.step(a.ToStep), a)
	})
}

func (m *model) void() string {
	switch {
	case m.status == approval.Approved:
		return "intervention.too_late"
	case m.status == approval.Parked && m.unanswered:
		return "voucher.unanswered"
	}
	return done(func() { m.end(approval.Voided) })
}

func (m *model) forceRelease(t *ticket) string {
	switch {
	case m.stopped == nil:
		return "document.not_stopped"
	case t != m.stopped:
		return "document.moved_on"
	}
	return done(m.goOn)
}

// notStuck says why nobody can be helped out of a ticket.
func (m *model) notStuck(t *ticket) string {
	switch {
	case t == nil:
		return "task.unknown"
	case !t.open:
		return tooLate
	case t.asker != nil:
		return "task.only_advice"
	case m.stopped != nil:
		return "document.stopped"
	}
	return ""
}

// intervenes notes who changes whom the round asks.
func (m *model) intervenes(a approval.Act) {
	for _, person := range []string{a.Actor, a.Maker} {
		if person != "" && !slices.Contains(m.admins, person) {
			m.admins = append(m.admins, person)
		}
	}
}

func (m *model) reassign(t *ticket, a approval.Act) string {
	return or(m.unfit(t.step, a), func() string {
		if m.same(a.To[0], a.Actor) || m.same(a.To[0], a.Maker) {
			return "act.to_intervener"
		}
		m.intervenes(a)
		m.pass(t, a.To[0], m.edition() > 0)
		return ""
	})
}

// jump goes from a step on to a later one, or back to an earlier one.
func (m *model) jump(from, to *modelStep, a approval.Act) string {
	switch {
	case to == nil || to.Need != approval.NeedsPeople:
		return "step.no_target"
	case from.follows(to):
		m.intervenes(a)
		return done(func() { m.jumpBack(to) })
	case !to.follows(from) || to.over:
		return "step.no_target"
	}
	var over, rest []*modelStep
	for _, s := range m.steps {
		if s.over || !to.follows(s) || s.Need != approval.NeedsPeople {
			rest = append(rest, s)
			continue
		}
		if over = append(over, s); s != from && !s.follows(from) && !from.follows(s) {
			return "step.beside"
		}
		if slices.ContainsFunc(m.apart(s), func(o *modelStep) bool { return o.Need == approval.NeedsPeople }) {
			return "step.four_eyes"
		}
	}
	before := m.admins
	if m.intervenes(a); !m.canReach(rest) {
		m.admins = before
		return "task.too_few_humans"
	}
	m.jumpOver(over, to)
	return ""
}

func (m *model) jumpBack(to *modelStep) {
	m.bendWay(to)
	m.bent = m.votes
	for _, s := range m.steps {
		if s == to || s.follows(to) {
			m.renew(s)
		}
	}
	m.advance()
}

// jumpOver passes over steps: what was decided in them counts no more.
func (m *model) jumpOver(over []*modelStep, to *modelStep) {
	for _, s := range over {
		s.close(nil, func(*ticket) bool { return true })
		s.tickets, s.jumped, s.reached, s.unstaffed = nil, true, false, false
	}
	for _, s := range m.steps {
		s.over = s.over || to.follows(s)
	}
	if m.resume != nil && m.resume.over {
		m.resume = nil
	}
	m.advance()
}

// canReach says whether as many humans as the plan needs can agree in some steps:
// those who did, and those who are asked or will be.
func (m *model) canReach(steps []*modelStep) bool {
	accounts := m.agreed(steps)
	for _, s := range steps {
		if s.over || s.Need != approval.NeedsPeople {
			continue
		}
		if s.late != nil && (!s.reached || s.unstaffed) {
			return true
		}
		for _, t := range s.tickets {
			if t.open && t.asker == nil {
				accounts = append(accounts, t.who)
			}
		}
		for i, a := range s.Approvers {
			if s.vote(i) == 0 && !s.asked(i) {
				accounts = append(accounts, a.Person)
			}
		}
		for _, x := range s.signers {
			if !x.gone && s.vote(x.place) == 0 && !s.asked(x.place) {
				accounts = append(accounts, x.person)
			}
		}
	}
	return slices.Contains(accounts, queue) || m.humans(accounts) >= m.plan.Humans
}
