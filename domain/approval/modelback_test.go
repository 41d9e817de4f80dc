package approval_test

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
)

// approve is a yes, with whom it chooses for a later step.
func (m *model) approve(t *ticket, a approval.Act) bool {
	for _, x := range t.step.signers {
		if x.adder == t && x.where == approval.SignBefore && !x.gone && t.step.vote(x.place) == 0 {
			return false
		}
	}
	if m.barred(t, a.Actor) {
		return false
	}
	t.vote, t.by, t.chose = 1, a.Actor, a.To
	ok := m.chooses(t) && (!m.wouldApprove(t.step) || m.humans() >= m.plan.Humans)
	t.vote, t.by = 0, ""
	if !ok {
		t.chose = nil
		return false
	}
	m.vote(t, a.Actor, 1)
	return true
}

// ends says whether a step has all that it needs.
func (s *modelStep) ends() bool {
	return s.fate(s.vote) == 1 && !slices.ContainsFunc(s.signers, func(x *modelSigner) bool {
		return !x.gone && s.vote(x.place) <= 0
	})
}

func (m *model) wouldApprove(s *modelStep) bool {
	for _, other := range m.steps {
		if other != s && other.Need == approval.NeedsPeople && !other.over {
			return false
		}
	}
	return s.ends()
}

// humans counts the different ones who agreed.
func (m *model) humans() int {
	var agreed []string
	for _, s := range m.steps {
		for _, t := range s.tickets {
			system := t.by == approval.SystemDeadline
			if t.vote > 0 && !system && !slices.ContainsFunc(agreed, func(h string) bool { return m.same(h, t.by) }) {
				agreed = append(agreed, t.by)
			}
		}
	}
	return len(agreed)
}

// chooses says whether whom a yes names is fit for the step that it chooses for.
func (m *model) chooses(t *ticket) bool {
	i := slices.IndexFunc(m.steps, func(s *modelStep) bool {
		return s.Need == approval.NeedsPeople && s.late != nil && s.late.Chooser == t.step.ID
	})
	if i < 0 {
		return len(t.chose) == 0
	}
	s := m.steps[i]
	for j, person := range t.chose {
		twice := slices.ContainsFunc(t.chose[:j], func(other string) bool { return m.same(other, person) })
		if twice || !slices.Contains(s.late.Among, person) || slices.Contains(interested, person) || m.partElsewhere(s, person) {
			return false
		}
	}
	nobody := !slices.ContainsFunc(s.late.Among, func(person string) bool {
		return !slices.Contains(interested, person) && !m.partElsewhere(s, person)
	})
	return len(t.chose) > 0 || !t.step.ends() || len(m.chosen(s)) > 0 || nobody
}

// goBack is a return to a step that people passed.
func (m *model) goBack(t *ticket, a approval.Act) bool {
	to, straight := m.step(a.ToStep), a.Back == approval.BackStraight
	passed := to != nil && to.over && slices.ContainsFunc(to.tickets, func(t *ticket) bool { return t.vote > 0 })
	if !passed || !t.step.follows(to) {
		return false
	}
	m.human = true
	m.votes++
	t.step.last = m.votes
	if straight {
		m.resume = t.step
	} else if m.resume != nil && m.resume.follows(to) {
		m.resume = nil
	}
	for _, s := range m.steps {
		if s == to || s == t.step || s.follows(to) && (!straight || s.unstaffed) {
			m.renew(s)
		}
	}
	m.advance()
	return true
}

// renew begins a step anew.
func (m *model) renew(s *modelStep) {
	s.close(nil, func(*ticket) bool { return true })
	s.tickets, s.signers = nil, nil
	s.over, s.reached, s.unstaffed = false, false, false
}

func (m *model) addSigners(t *ticket, a approval.Act) bool {
	if !slices.Contains([]string{approval.SignBefore, approval.SignAfter, approval.SignBeside}, a.Where) {
		return false
	}
	s := t.step
	for _, person := range a.To {
		x := &modelSigner{place: len(s.Approvers) + len(s.signers), person: person, where: a.Where, adder: t}
		s.signers = append(s.signers, x)
		if x.where != approval.SignAfter {
			m.ask(s, x.place, person)
		}
	}
	return true
}

func (m *model) removeSigner(t *ticket, a approval.Act) bool {
	if len(a.To) != 1 || t.step.over {
		return false
	}
	for _, x := range t.step.signers {
		if x.adder == t && x.person == a.To[0] && !x.gone && t.step.vote(x.place) == 0 {
			if x.gone = true; m.wouldApprove(t.step) && m.humans() < m.plan.Humans {
				x.gone = false
				return false
			}
			t.step.close(nil, func(o *ticket) bool { return o.place == x.place })
			m.count(t.step, nil)
			m.advance()
			return true
		}
	}
	return false
}

// retract takes a yes back while nobody decided after it.
func (m *model) retract(t *ticket, a approval.Act) bool {
	s := t.step
	if t.vote <= 0 || t.by != a.Actor || m.resume != nil || a.Opinion == "" || !slices.Contains(s.Allow, "retract") ||
		!slices.Contains(s.tickets, t) {
		return false
	}
	for _, other := range m.steps {
		if (other == s || other.follows(s)) && other.last > t.at {
			return false
		}
	}
	for _, other := range m.steps {
		if other.follows(s) {
			m.renew(other)
		}
	}
	t.vote, t.by, s.over = 0, "", false
	later := func(o *ticket) bool {
		next := s.Mode == approval.InOrder && o.place > t.place && o.place < len(s.Approvers)
		return t.place < len(s.Approvers) && (next || slices.ContainsFunc(s.signers, func(x *modelSigner) bool {
			return x.place == o.place && x.where == approval.SignAfter
		}))
	}
	s.close(nil, later)
	s.tickets = slices.DeleteFunc(s.tickets, later)
	for _, o := range slices.Clone(s.tickets) {
		if o == t || o.ended == t && o.asker == nil {
			o.ended = nil
			m.ask(s, o.place, o.who)
		}
	}
	m.count(s, nil)
	return true
}

// sanction approves other amounts, by line and never above the claim.
func (m *model) sanction(a approval.Act) bool {
	next := m.amounts
	for _, line := range a.Sanction.Lines {
		if next[line.Line-1] = line.Now.Minor; line.Now.Minor > claimed[line.Line-1] {
			return false
		}
	}
	return next != m.amounts && next[0]+next[1] > 0 && a.Revision == m.revision+1 && m.did(func() {
		m.amounts, m.revision, m.hash, m.human = next, a.Revision, a.NewHash, true
	})
}

// amend changes fields that the step names.
func (m *model) amend(t *ticket, a approval.Act) bool {
	for _, change := range a.Changes {
		if !slices.Contains(t.step.Amend, change.Field) {
			return false
		}
	}
	return a.Revision == m.revision+1 && m.did(func() { m.revision, m.hash, m.human = a.Revision, a.NewHash, true })
}

// released lets the clock go on: what was left is left.
func (m *model) released() {
	for _, s := range m.steps {
		for _, t := range s.tickets {
			if t.open && !t.due.IsZero() && !t.overdue {
				t.due = m.now.Add(t.due.Sub(m.stoppedAt))
			}
		}
	}
	m.stopped, m.asksSubmitter = nil, false
}

func (m *model) resubmitted(a approval.Act) {
	m.status, m.attempt, m.failed, m.staffings = approval.Submitted, 0, false, 0
	m.round, m.revision, m.hash = m.round+1, a.Revision, a.NewHash
	m.route, m.steps, m.posting, m.amounts = nil, nil, 0, claimed
}

func (m *model) staffed(c approval.Staffed) {
	s := m.step(c.Step)
	if c.Round != m.round || c.N != m.staffings || s == nil || !s.unstaffed || m.stopped != nil {
		return
	}
	m.staff(s, c.Approvers)
}

// strike is a deadline; reminders change nothing here.
func (m *model) strike(c approval.Struck) {
	t := m.known[c.Task]
	if !c.Due || t == nil || !t.open || t.overdue || t.due.IsZero() || t.due.After(m.now) || m.stopped != nil {
		return
	}
	rule := t.step.OnTimeout.Do
	switch {
	case t.who == queue || rule == "" || t.asker != nil:
		t.overdue = true
	case rule == approval.TimeoutReject:
		m.vote(t, approval.SystemDeadline, -1)
	case rule == approval.TimeoutApprove:
		t.vote, t.by = 1, approval.SystemDeadline
		tooFew := m.wouldApprove(t.step) && m.humans() < m.plan.Humans
		t.vote, t.by = 0, ""
		if t.overdue = tooFew; !tooFew {
			m.vote(t, approval.SystemDeadline, 1)
		}
	default:
		m.takeOver(t, c.To)
	}
}

func (m *model) takeOver(t *ticket, to []approval.Approver) {
	t.open = false
	none := true
	for _, a := range to {
		if !slices.Contains(interested, a.Person) && !m.part(t.step, a.Person) && !m.partElsewhere(t.step, a.Person) {
			m.ask(t.step, t.place, a.Person)
			none = false
		}
	}
	waits := slices.ContainsFunc(t.step.tickets, func(o *ticket) bool {
		return o.open && o.place == t.place && o.asker == nil && o.who == queue
	})
	if none && !waits {
		m.ask(t.step, t.place, queue)
	}
}

func (m *model) voucher() string { return "v:d1:accrual:" + strconv.Itoa(m.revision) }

func (m *model) settled(c approval.Settled) {
	if m.status != approval.Approved || c.Attempt != m.posting || c.Reference != m.voucher() {
		return
	}
	m.status, m.unanswered = approval.Parked, c.Unanswered
	if c.Posted {
		m.status = approval.Closed
	}
}

func (m *model) resolve(a approval.Act) bool {
	if a.Effect == "plan:"+strconv.Itoa(m.round) {
		return m.status == approval.Submitted && m.failed && a.Attempt == m.attempt && a.Ruling == approval.RulingRetry &&
			m.did(func() { m.failed, m.attempt = false, m.attempt+1 })
	}
	void := a.Ruling == approval.RulingVoid
	return m.status == approval.Parked && a.Effect == m.voucher() && a.Attempt == m.posting && (!void || !m.unanswered) && m.did(func() {
		m.posting++
		m.status = approval.Approved
		if void {
			m.status = approval.Closed
		}
	})
}
