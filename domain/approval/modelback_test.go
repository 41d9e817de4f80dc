package approval_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// approve is a yes, with whom it chooses for a later step.
func (m *model) approve(t *ticket, a approval.Act) string {
	awaits := slices.ContainsFunc(t.step.signers, func(x *modelSigner) bool {
		return x.adder == t && x.where == approval.SignBefore && !x.gone && t.step.vote(x.place) <= 0
	})
	switch {
	case m.intervened(a.Actor):
		return "task.intervened"
	case awaits:
		return "task.awaits_signer"
	case m.barred(t.step, a.Actor):
		return "task.distinct"
	}
	t.vote, t.by, t.chose = 1, a.Actor, a.To
	refusal := m.chooses(t)
	if refusal == "" && m.wouldApprove(t.step) && m.tooFew() {
		refusal = "task.too_few_humans"
	}
	if t.vote, t.by = 0, ""; refusal != "" {
		t.chose = nil
		return refusal
	}
	return done(func() { m.vote(t, a.Actor, 1) })
}

// mayChange says why somebody may not change what they may not approve.
func (m *model) mayChange(t *ticket, person string) string {
	switch {
	case m.edition() < 1:
		return ""
	case t.step.decidedBy(m, person):
		return "task.twice"
	case m.intervened(person):
		return "task.intervened"
	case m.barred(t.step, person):
		return "task.distinct"
	}
	return ""
}

// decidedBy says whether a human, with whatever account, decided in a step.
func (s *modelStep) decidedBy(m *model, person string) bool {
	return slices.ContainsFunc(s.tickets, func(o *ticket) bool { return o.vote != 0 && m.same(o.by, person) })
}

// barred says whether somebody decided where another human must than in a step.
func (m *model) barred(s *modelStep, person string) bool {
	return slices.ContainsFunc(m.apart(s), func(other *modelStep) bool { return other.decidedBy(m, person) })
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

// agreed lists who agreed in some steps: neither the clock nor who intervened counts.
func (m *model) agreed(steps []*modelStep) (who []string) {
	for _, s := range steps {
		for _, t := range s.tickets {
			if t.vote > 0 && t.by != approval.SystemDeadline {
				who = append(who, t.by)
			}
		}
	}
	return who
}

// humans counts the different ones behind some accounts who did not intervene.
func (m *model) humans(accounts []string) int {
	var humans []string
	for _, a := range accounts {
		if !m.intervened(a) && !slices.ContainsFunc(humans, func(h string) bool { return m.same(h, a) }) {
			humans = append(humans, a)
		}
	}
	return len(humans)
}

// tooFew says whether fewer humans agreed than must have in the end.
func (m *model) tooFew() bool {
	return m.humans(m.agreed(m.steps)) < max(m.plan.Humans, min(len(m.admins), 1))
}

// chooses says why whom a yes names is not fit for the steps that it chooses for.
func (m *model) chooses(t *ticket) string {
	var steps []*modelStep
	for _, s := range m.steps {
		if s.Need == approval.NeedsPeople && s.late != nil && s.late.Chooser == t.step.ID {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 && len(t.chose) > 0 {
		return "act.bad_to"
	}
	for i, person := range t.chose {
		twice := slices.ContainsFunc(t.chose[:i], func(other string) bool { return m.same(other, person) })
		for _, s := range steps {
			switch {
			case m.interested(person):
				return "act.to_interested"
			case twice || !slices.Contains(s.late.Among, person):
				return "act.to_not_among"
			case m.partElsewhere(s, person) || m.intervened(person):
				return "act.to_has_part"
			}
		}
	}
	if len(steps) == 0 || !t.step.ends() || len(m.chosen(steps[0])) > 0 {
		return ""
	}
	for _, person := range steps[0].late.Among {
		if !slices.ContainsFunc(steps, func(s *modelStep) bool {
			return !m.stranger(person) || m.partElsewhere(s, person) || !slices.Contains(s.late.Among, person)
		}) {
			return "act.choice_required"
		}
	}
	return ""
}

// goBack is a return to a step that people passed.
func (m *model) goBack(t *ticket, a approval.Act) string {
	to, straight := m.step(a.ToStep), a.Back == approval.BackStraight
	passed := to != nil && to.over && slices.ContainsFunc(to.tickets, func(t *ticket) bool { return t.vote > 0 && t.spared == nil })
	if !passed || !t.step.follows(to) {
		return "step.not_passed"
	}
	m.human, t.by = true, a.Actor
	m.votes++
	t.step.last, m.bent = m.votes, m.votes
	if straight {
		m.resume = t.step
	} else {
		m.bendWay(to)
	}
	for _, s := range m.steps {
		if s == to || s == t.step || s.follows(to) && (!straight || s.unstaffed || s.follows(t.step)) {
			m.renew(s)
		}
	}
	m.advance()
	return ""
}

// bendWay lets a way straight back past a step lead there, while a step before it is
// still asked on that way, and ends it else.
func (m *model) bendWay(to *modelStep) {
	if m.resume == nil || m.resume != to && !m.resume.follows(to) {
		return
	}
	m.resume = nil
	if slices.ContainsFunc(m.steps, func(s *modelStep) bool { return to.follows(s) && !s.over }) {
		m.resume = to
	}
}

// renew begins a step anew.
func (m *model) renew(s *modelStep) {
	s.close(nil, func(*ticket) bool { return true })
	s.tickets, s.signers = nil, nil
	s.over, s.reached, s.unstaffed, s.jumped = false, false, false, false
}

func (m *model) addSigners(t *ticket, a approval.Act) string {
	s := t.step
	for _, person := range a.To {
		x := &modelSigner{place: len(s.Approvers) + len(s.signers), person: person, where: a.Where, adder: t}
		s.signers = append(s.signers, x)
		if x.where != approval.SignAfter {
			m.ask(s, x.place, person)
		}
	}
	return ""
}

func (m *model) removeSigner(t *ticket, a approval.Act) string {
	switch {
	case len(a.To) != 1:
		return "act.bad_to"
	case m.status != approval.Pending || t.step.over:
		return "signer.not_removable"
	}
	for _, x := range t.step.signers {
		if x.adder == t && x.person == a.To[0] && !x.gone && t.step.vote(x.place) == 0 {
			if x.gone = true; m.wouldApprove(t.step) && m.tooFew() {
				x.gone = false
				return "task.too_few_humans"
			}
			t.step.close(nil, func(o *ticket) bool { return o.place == x.place })
			m.count(t.step, nil)
			m.advance()
			return ""
		}
	}
	return "signer.not_removable"
}

// retract takes a yes back while nobody decided after it.
func (m *model) retract(t *ticket, a approval.Act) string {
	s := t.step
	switch {
	case m.status != approval.Pending || t.vote <= 0 || m.resume != nil || t.kept || !slices.Contains(s.tickets, t):
		return "task.not_retractable"
	case a.Opinion == "":
		return "act.opinion_required"
	case s.forbids(a.Name) != "":
		return s.forbids(a.Name)
	}
	for _, other := range m.steps {
		if (other == s || other.follows(s)) && other.last > t.at {
			return tooLate
		}
	}
	for _, other := range m.steps {
		if other.follows(s) {
			m.renew(other)
		}
	}
	t.vote, s.over, m.bent = 0, false, m.votes
	later := func(o *ticket) bool {
		next := s.Mode == approval.InOrder && o.place > t.place && o.place < len(s.Approvers) && o.spared == nil
		return t.place < len(s.Approvers) && (next || slices.ContainsFunc(s.signers, func(x *modelSigner) bool {
			return x.place == o.place && x.where == approval.SignAfter && !x.gone
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
	return ""
}

// change sets other amounts, by line and never above the claim, or amends fields that
// the step names.
func (m *model) change(t *ticket, a approval.Act) string {
	next := m.amounts
	for _, change := range a.Changes {
		switch {
		case change.Field == "payee": // it decides a route, so that no step can name it
			return "amend.bad_field"
		case !slices.Contains(t.step.Amend, change.Field):
			return "amend.not_allowed"
		}
	}
	if a.Name == approval.Sanction {
		for _, line := range a.Sanction.Lines {
			if next[line.Line-1] = line.Now.Minor; line.Now.Minor > claimed[line.Line-1] {
				return "sanction.above_claimed"
			}
		}
		if next == m.amounts || next[0]+next[1] <= 0 {
			return "sanction.no_change"
		}
	}
	if a.Revision != m.revision+1 {
		return "document.revision_stale"
	}
	return done(func() { m.amounts, m.revision, m.hash, m.human = next, a.Revision, a.NewHash, true })
}

func (m *model) voucher() string { return "v:d1:accrual:" + strconv.Itoa(m.revision) }

func (m *model) settled(c approval.Settled) bool {
	if m.status != approval.Approved || c.Attempt != m.posting || c.Reference != m.voucher() {
		return false
	}
	m.status, m.unanswered = approval.Parked, c.Unanswered
	if c.Posted {
		m.status = approval.Closed
	}
	return true
}

func (m *model) resolve(a approval.Act) string {
	if strings.HasPrefix(a.Effect, "plan:") {
		return m.retryPlan(a)
	}
	void := a.Ruling == approval.RulingVoid
	switch {
	case m.final():
		return "document.final"
	case m.status != approval.Parked:
		return "voucher.not_parked"
	case a.Effect != m.voucher() || a.Attempt != m.posting:
		return "voucher.resolve_stale"
	case void && m.unanswered:
		return "voucher.unanswered"
	}
	m.posting++
	m.status = approval.Approved
	if void {
		m.status = approval.Closed
	}
	return ""
}

func (m *model) retryPlan(a approval.Act) string {
	switch {
	case m.final():
		return "document.final"
	case m.status != approval.Submitted || !m.failed:
		return "plan.not_failed"
	case a.Effect != "plan:"+strconv.Itoa(m.round) || a.Attempt != m.attempt:
		return "plan.resolve_stale"
	case a.Ruling != approval.RulingRetry:
		return "act.bad_ruling"
	}
	return done(func() { m.failed, m.attempt = false, m.attempt+1 })
}
