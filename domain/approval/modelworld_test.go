package approval_test

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// edition is that of the rules: from 1 on signers follow a task that is transferred or
// reassigned, and who may not approve changes no content either.
func (m *model) edition() int { return m.plan.Rules }

func (m *model) final() bool { return m.status.Final() }

// withdraw is free before anybody decided.
func (m *model) withdraw(a approval.Act) string {
	switch {
	case !requester(a.Actor):
		return "document.not_yours"
	case m.final():
		return "document.final"
	case m.status == approval.Approved || m.status == approval.Parked:
		return "document.too_late"
	case m.human && a.Opinion == "":
		return "act.opinion_required"
	}
	return done(func() { m.end(approval.Withdrawn) })
}

func (m *model) resubmit(a approval.Act) string {
	switch {
	case !requester(a.Actor):
		return "document.not_yours"
	case m.final():
		return "document.final"
	case m.status != approval.Returned:
		return "document.not_returned"
	case a.Revision != m.revision+1:
		return "document.revision_stale"
	}
	m.anew()
	m.revision, m.hash, m.amounts, m.money = a.Revision, a.NewHash, claimed, true
	return ""
}

// anew begins a round, without a route.
func (m *model) anew() {
	m.end(approval.Submitted)
	m.round, m.attempt, m.failed, m.staffings, m.posting = m.round+1, 0, false, 0, 0
	m.plan, m.route, m.steps, m.admins, m.stopped = approval.Plan{}, nil, nil, nil, nil
	m.known = map[string]*ticket{}
}

// release is by who stopped the clock, or with the answer that was asked for.
func (m *model) release(a approval.Act) string {
	answers := m.asksSubmitter && requester(a.Actor)
	switch {
	case m.final():
		return "document.final"
	case m.stopped == nil || m.status != approval.Pending:
		return "document.not_stopped"
	case a.Actor != m.stoppedBy && !answers:
		return "document.stopped_by_other"
	case answers && a.Opinion == "":
		return "act.opinion_required"
	}
	return done(m.goOn)
}

// goOn lets the clock run again: what was left is left.
func (m *model) goOn() {
	for _, s := range m.steps {
		for _, t := range s.tickets {
			if !t.open || !t.ticks() {
				continue
			}
			stood := m.now.Sub(m.stoppedAt)
			if t.opened.After(m.stoppedAt) {
				stood = m.now.Sub(t.opened)
			}
			if !t.due.IsZero() {
				t.due = t.due.Add(stood)
			}
			for i := range t.bells[t.rung:] {
				t.bells[t.rung+i] = t.bells[t.rung+i].Add(stood)
			}
		}
	}
	m.stopped, m.asksSubmitter = nil, false
}

func (t *ticket) ticks() bool { return !t.overdue && (!t.due.IsZero() || t.rung < len(t.bells)) }

func (t *ticket) struck(now time.Time) bool {
	return !t.overdue && !t.due.IsZero() && !t.due.After(now)
}

// rings counts the reminders that have come.
func (t *ticket) rings(now time.Time) (n int) {
	for _, bell := range t.bells {
		if !bell.After(now) {
			n++
		}
	}
	return n
}

// extend excuses a deadline that has not come.
func (m *model) extend(t *ticket, a approval.Act) string {
	switch {
	case a.Extra == "20 s" && t.step.Clock.Due.Unit != calendar.Second:
		return "act.bad_extra"
	case t.overdue || t.due.IsZero() || t.struck(m.now):
		return "task.no_deadline"
	case t.excused == 3:
		return "task.extended_enough"
	}
	return done(func() { t.due, t.excused = t.due.Add(20*time.Second), t.excused+1 })
}

func (m *model) staffed(c approval.Staffed) bool {
	s := m.step(c.Step)
	if c.Round != m.round || c.N != m.staffings || s == nil || !s.unstaffed || m.stopped != nil {
		return false
	}
	m.staff(s, c.Approvers)
	m.advance() // nobody need be asked
	return true
}

// strike is a deadline or a reminder.
func (m *model) strike(c approval.Struck) bool {
	t := m.known[c.Task]
	if t == nil || !t.open || m.stopped != nil {
		return false
	}
	if !c.Due {
		rings := c.N > t.rung && c.N <= t.rings(m.now)
		if rings {
			t.rung = c.N
		}
		return rings
	}
	if !t.struck(m.now) {
		return false
	}
	rule := t.step.OnTimeout.Do
	switch {
	case t.who == queue || rule == "":
		m.overdue(t)
	case rule == approval.TimeoutReject:
		m.vote(t, approval.SystemDeadline, -1)
	case rule == approval.TimeoutApprove:
		t.vote, t.by = 1, approval.SystemDeadline
		tooFew := m.wouldApprove(t.step) && m.tooFew()
		if t.vote, t.by = 0, ""; tooFew {
			m.overdue(t)
		} else {
			m.vote(t, approval.SystemDeadline, 1)
		}
	default:
		m.escalate(t, c.To)
	}
	return true
}

func (m *model) overdue(t *ticket) { t.overdue, t.rung = true, max(t.rung, t.rings(m.now)) }

// heir says whether somebody may take over a ticket.
func (m *model) heir(t *ticket, person string) bool {
	return m.stranger(person) && !m.part(t.step, person) && !m.partElsewhere(t.step, person)
}

// others says whether somebody else, or the queue, is asked in the place of a ticket.
func (t *ticket) others(who string) bool {
	return slices.ContainsFunc(t.step.tickets, func(o *ticket) bool {
		return o != t && o.open && o.place == t.place && o.asker == nil && (who == "" || o.who == who)
	})
}

func (m *model) escalate(t *ticket, to []approval.Approver) {
	t.open = false
	none := true
	for _, a := range to {
		if m.heir(t, a.Person) {
			m.ask(t.step, t.place, a.Person)
			none = false
		}
	}
	if none && !t.others(queue) {
		m.ask(t.step, t.place, queue)
	}
}

// handOver is a ticket whose holder left, or lost the role: the first who may takes over.
func (m *model) handOver(c approval.HandedOver) bool {
	t := m.known[c.Task]
	if t == nil || !t.open || t.who != c.From || t.who == queue || c.Lost == neverGave {
		return false
	}
	to := queue
	if i := slices.IndexFunc(c.To, func(a approval.Approver) bool { return m.heir(t, a.Person) }); i >= 0 {
		to = c.To[i].Person
	}
	needless := c.Lost != "" && to == queue && m.decidedBeside(t)
	if t.asker != nil || t.others("") || needless {
		t.open, t.left = false, t.asker == nil && !t.others("")
		t.step.hush(t, nil)
		return true
	}
	m.pass(t, to, true)
	return true
}

// letGo is a clock whose stopper left.
func (m *model) letGo(c approval.LetGo) bool {
	if m.stopped == nil || m.status != approval.Pending || m.stoppedBy != c.By || !m.stoppedAt.Equal(c.At) {
		return false
	}
	m.goOn()
	return true
}

// recount is a deadline as another version of the calendar counts it.
func (m *model) recount(c approval.Recounted) bool {
	t := m.known[c.Task]
	if t == nil || !t.open || t.asker != nil || m.stopped != nil || !t.ticks() || t.struck(m.now) {
		return false
	}
	clock := t.step.Clock
	if clock.Calendar != c.Calendar || clock.Due.Unit == calendar.Second || c.Version <= t.version ||
		!c.Was.Equal(t.due) || c.Reminded != t.rung {
		return false
	}
	t.due, t.version, t.bells = c.DueAt, c.Version, append(t.bells[:t.rung:t.rung], c.RemindAt...)
	return true
}

// neverGave is a role that gave nobody a task.
const neverGave = "role:nobody"

// decidedBeside says whether another human of the same step, or group of it, is asked
// whose yes or no ends it as well.
func (m *model) decidedBeside(t *ticket) bool {
	s, places := t.step, m.groupsOf(t.step)
	one := s.Mode == approval.AnyOf || s.Mode == approval.PerGroup
	if !one || t.place >= len(places) || s.OnReject == approval.RejectVote || s.OnReject == approval.RejectEveryone {
		return false
	}
	if slices.ContainsFunc(s.signers, func(x *modelSigner) bool { return !x.gone && x.adder == t }) {
		return false
	}
	return slices.ContainsFunc(s.tickets, func(o *ticket) bool {
		near := o.place < len(places) && (s.Mode == approval.AnyOf || places[o.place] == places[t.place])
		return o != t && o.open && o.asker == nil && o.who != queue && near
	})
}

// groupsOf are the groups of the places that the plan gives, each human once.
func (m *model) groupsOf(s *modelStep) (groups []string) {
	asked := map[string]bool{}
	for _, a := range s.Approvers {
		if a.Person == queue || !asked[a.Person] {
			asked[a.Person] = true
			groups = append(groups, a.Group)
		}
	}
	return groups
}
