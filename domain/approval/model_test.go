package approval_test

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// model is the second opinion of the property test: the rules once more, on
// plain sets, without events, drafts or times. It predicts for each command
// whether it is taken, the status after it and who is asked then.
type model struct {
	status   approval.Status
	round    int
	revision int
	attempt  int // of the plan
	failed   bool
	steps    []approval.Step
	at       int
	asked    []map[string]bool // who is asked now, by place of the current step
	yes      []bool            // which places agreed
	part     map[string]bool   // who had a part in the step, by asking or deciding
	decided  map[string]bool   // which humans decided in the step
	human    bool              // a human decided in the document
	accrues  bool
	parked   int // the voucher's attempt
}

var interested = []string{"sue", "rob", "pat", "sue2"}

func newModel() *model { return &model{status: approval.Submitted, round: 1, revision: 1} }

// askedNow lists who is asked, sorted, a person in two places twice.
func (m *model) askedNow() []string {
	var who []string
	for _, place := range m.asked {
		for person := range place {
			who = append(who, person)
		}
	}
	slices.Sort(who)
	return who
}

func (m *model) plan(p approval.Plan, attempt int, fit bool) {
	if m.status != approval.Submitted || m.failed || p.Round != m.round || attempt != m.attempt {
		return
	}
	if !fit {
		m.failed = true
		return
	}
	m.status, m.steps, m.at = approval.Pending, p.Steps, 0
	m.accrues = slices.Contains(p.Then, approval.ThenAccrue)
	m.enter()
}

// enter goes on from step at: to the next that needs people, or to the end.
func (m *model) enter() {
	m.asked, m.yes, m.part, m.decided = nil, nil, map[string]bool{}, map[string]bool{}
	for m.at < len(m.steps) && m.steps[m.at].Need != approval.NeedsPeople {
		m.at++
	}
	if m.at == len(m.steps) {
		m.end(approval.Approved)
		if !m.accrues {
			m.status = approval.Closed
		}
		return
	}
	step := m.steps[m.at]
	for i, a := range step.Approvers {
		place := map[string]bool{}
		if i == 0 || step.Mode != approval.InOrder {
			place[a.Person] = true
		}
		m.part[a.Person] = true
		m.asked, m.yes = append(m.asked, place), append(m.yes, false)
	}
}

func (m *model) end(s approval.Status) { m.status, m.asked = s, nil }

// decide says whether a decision on a task of whose is taken, and takes it.
func (m *model) decide(name approval.Name, actor, whose string, place int, current, reason bool) bool {
	ok := m.status == approval.Pending && current && place < len(m.asked) && m.asked[place][whose] &&
		!slices.Contains(interested, actor) && !m.decided[actor] && (name == approval.Approve || reason)
	if !ok {
		return false
	}
	m.human, m.decided[actor], m.part[actor] = true, true, true
	switch name {
	case approval.Reject:
		m.end(approval.Rejected)
	case approval.Return:
		m.end(approval.Returned)
	default:
		m.agree(place)
	}
	return true
}

func (m *model) agree(place int) {
	step := m.steps[m.at]
	m.asked[place], m.yes[place] = nil, true
	if step.Mode != approval.AnyOf && slices.Contains(m.yes, false) {
		if step.Mode == approval.InOrder {
			m.asked[place+1] = map[string]bool{step.Approvers[place+1].Person: true}
		}
		return
	}
	m.at++
	m.enter()
}

// timeOut is the deadline of the task of whose in a place.
func (m *model) timeOut(whose string, place int, to []string) {
	rule := m.steps[m.at].OnTimeout.Do
	if whose == queue || rule == "" {
		return
	}
	switch rule {
	case approval.TimeoutReject:
		m.end(approval.Rejected)
	case approval.TimeoutApprove:
		m.agree(place)
	default:
		delete(m.asked[place], whose)
		none := true
		for _, person := range to {
			if !m.part[person] && !slices.Contains(interested, person) {
				m.part[person], m.asked[place][person], none = true, true, false
			}
		}
		if none {
			m.asked[place][queue] = true
		}
	}
}

func (m *model) withdraw(actor string, reason bool) bool {
	early := m.status == approval.Submitted || m.status == approval.Pending || m.status == approval.Returned
	ok := early && (actor == "sue" || actor == "rob") && (!m.human || reason)
	if ok {
		m.end(approval.Withdrawn)
	}
	return ok
}

func (m *model) resubmit(actor string, revision int) bool {
	ok := m.status == approval.Returned && (actor == "sue" || actor == "rob") && revision == m.revision+1
	if ok {
		m.status, m.attempt, m.failed = approval.Submitted, 0, false
		m.round, m.revision = m.round+1, revision
		m.steps, m.asked = nil, nil
	}
	return ok
}

func (m *model) settle(attempt int, posted bool) {
	if m.status != approval.Approved || attempt != m.parked {
		return
	}
	m.status = approval.Parked
	if posted {
		m.status = approval.Closed
	}
}

func (m *model) resolve(ofPlan bool, attempt int, ruling string) bool {
	if ofPlan {
		ok := m.status == approval.Submitted && m.failed && attempt == m.attempt && ruling == approval.RulingRetry
		if ok {
			m.failed, m.attempt = false, m.attempt+1
		}
		return ok
	}
	ok := m.status == approval.Parked && attempt == m.parked
	if ok {
		m.parked++
		m.status = approval.Approved
		if ruling == approval.RulingVoid {
			m.status = approval.Closed
		}
	}
	return ok
}
