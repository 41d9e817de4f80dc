package approval_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// tooLate is the refusal of who comes too late, whether or not anybody decided: by
// whom and when is for the core to tell.
const tooLate = "task.stale"

// act says why an act is refused, or takes it: "". The reasons are in the order of
// docs/acts.md.
func (m *model) act(a approval.Act) string {
	switch {
	case m.seen[a.ID]:
		return "act.seen"
	case a.Actor == queue:
		return "act.no_person"
	}
	t := m.known[a.Task]
	switch a.Name {
	case approval.Withdraw:
		return m.withdraw(a)
	case approval.Resubmit:
		return m.resubmit(a)
	case approval.Resolve:
		return m.resolve(a)
	case approval.Release:
		return m.release(a)
	case approval.Intervene:
		return m.intervene(t, a)
	case approval.RemoveSigner:
		return or(m.notMine(t, a, false), func() string { return m.removeSigner(t, a) })
	case approval.Retract:
		return or(m.notMine(t, a, false), func() string { return m.retract(t, a) })
	}
	return or(m.notMine(t, a, true), func() string { return m.onOpen(t, a) })
}

// or goes on where there is no refusal yet.
func or(refusal string, next func() string) string {
	if refusal != "" {
		return refusal
	}
	return next()
}

// done takes an act.
func done(deed func()) string {
	deed()
	return ""
}

func last[T any](of []T) T { return of[len(of)-1] }

func requester(person string) bool { return person == "sue" || person == "rob" }

// notMine says why somebody may not act on a ticket.
func (m *model) notMine(t *ticket, a approval.Act, whileOpen bool) string {
	switch {
	case t == nil && whileOpen && a.Round > 0 && a.Round < m.round:
		return tooLate
	case t == nil:
		return "task.unknown"
	case m.interested(a.Actor) || m.interested(a.OnBehalfOf):
		return "task.interested"
	case t.who != cmp.Or(a.OnBehalfOf, a.Actor), a.Name == approval.Retract && t.by != "" && t.by != a.Actor:
		return "task.not_yours"
	case whileOpen && !t.open:
		return tooLate
	case a.Round != m.round || a.ContentHash != m.hash:
		return "task.changed"
	case m.stopped != nil:
		return "document.stopped"
	}
	return ""
}

func (m *model) onOpen(t *ticket, a approval.Act) string {
	switch a.Name {
	case approval.Approve, approval.Reject, approval.Return:
		return m.decide(t, a)
	case approval.Transfer, approval.Consult, approval.AddSigner:
		if t.asker != nil {
			return m.advise(t, a)
		}
		return or(t.step.forbids(a.Name), func() string { return m.give(t, a) })
	}
	switch {
	case t.asker != nil:
		return "task.only_advice"
	case a.Opinion == "":
		return "act.opinion_required"
	}
	changes := a.Name == approval.Sanction || a.Name == approval.Amend
	if refusal := m.mayChange(t, a.Actor); changes && refusal != "" {
		return refusal
	}
	return or(t.step.forbids(a.Name), func() string {
		switch {
		case changes:
			return m.change(t, a)
		case a.Name == approval.Extend:
			return m.extend(t, a)
		}
		return done(func() {
			m.stopped, m.stoppedBy, m.stoppedAt, m.asksSubmitter = t, a.Actor, m.now, a.Name == approval.RequestInfo
		})
	})
}

func (s *modelStep) forbids(act approval.Name) string {
	if !slices.Contains(s.Allow, string(act)) {
		return "act.not_allowed"
	}
	return ""
}

// advise answers who asked for advice.
func (m *model) advise(t *ticket, a approval.Act) string {
	switch {
	case a.Name != approval.Consult:
		return "task.only_advice"
	case len(a.To) > 0:
		return "act.bad_to"
	case a.Opinion == "":
		return "act.opinion_required"
	}
	return done(func() { t.open, t.advised, t.by = false, true, a.Actor })
}

// give is a transfer, a consultation or added signers.
func (m *model) give(t *ticket, a approval.Act) string {
	refusal := m.unfit(t.step, a)
	switch {
	case refusal != "":
		return refusal
	case a.Name == approval.AddSigner:
		return m.addSigners(t, a)
	case a.Name == approval.Consult:
		m.ask(t.step, t.place, a.To[0])
		advice := last(t.step.tickets)
		advice.asker, advice.due, advice.bells = t, time.Time{}, nil
		return ""
	}
	m.pass(t, a.To[0], m.edition() > 0)
	return ""
}

// pass gives somebody else the place of a ticket and, where they follow it, the
// signers whom its holder had added.
func (m *model) pass(t *ticket, to string, signersFollow bool) {
	t.open = false
	t.step.hush(t, nil)
	m.ask(t.step, t.place, to)
	for _, x := range t.step.signers {
		if signersFollow && x.adder == t {
			x.adder = last(t.step.tickets)
		}
		if signersFollow && x.place == t.place {
			x.person = to
		}
	}
}

// unfit says why those whom an act names get no part in a step.
func (m *model) unfit(s *modelStep, a approval.Act) string {
	if len(a.To) == 0 || len(a.To) > 1 && a.Name != approval.AddSigner {
		return "act.bad_to"
	}
	advice := a.Name == approval.Consult
	for i, person := range a.To {
		twice := slices.ContainsFunc(a.To[:i], func(other string) bool { return m.same(other, person) })
		switch {
		case person == queue:
			return "act.bad_to"
		case m.interested(person):
			return "act.to_interested"
		case !advice && m.intervened(person):
			return "act.to_intervener"
		case twice || m.part(s, person) || !advice && m.partElsewhere(s, person):
			return "act.to_has_part"
		}
	}
	return ""
}

// decide is an approval, a rejection or a return.
func (m *model) decide(t *ticket, a approval.Act) string {
	switch {
	case t.asker != nil:
		return "task.only_advice"
	case t.step.decidedBy(m, a.Actor):
		return "task.twice"
	case a.Name == approval.Approve:
		return m.approve(t, a)
	case a.Opinion == "":
		return "act.opinion_required"
	case a.Name == approval.Reject:
		return done(func() { m.vote(t, a.Actor, -1) })
	case a.ToStep == "":
		m.human, t.by = true, a.Actor
		return done(func() {
			m.leaves(t.step, a.Back == approval.BackStraight)
			m.end(approval.Returned)
		})
	}
	return m.goBack(t, a)
}

func (m *model) vote(t *ticket, by string, vote int) {
	m.votes++
	t.open, t.vote, t.by, t.at, t.saw = false, vote, by, m.votes, m.revision
	m.human = m.human || by != approval.SystemDeadline
	t.step.last = m.votes
	t.step.close(t, func(other *ticket) bool { return other.place == t.place })
	m.count(t.step, t)
	m.advance()
}
