package approval_test

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// model is the second opinion of TestSequences: the rules of docs/acts.md and
// docs/semantics.md once more, written from the pages and not from the core. It has
// no events and no drafts: plain lists, the plan as a tree of forks, and votes that
// are decided by trying every way in which those still out might fall. It foretells
// whether a command changes anything, the code of a refusal, who is asked then, until
// when, and who stands by as a signer. What ended the task of who comes too late it
// leaves to the core, and so the limits of a document, which no sequence reaches.
//
// That it bites was tried by planting defects in the core, one at a time; the numbers
// are the sequences until the defect was found, by this model before any invariant:
//
//	a veto in a quorum is one vote only                     24, 53, 161, 96, 30
//	a rejection leaves the tasks of other branches open     17, 37, 45, 5, 21
//	straight back reopens what was agreed in between        1600, 997, 1563, 95, 2787
//	a retraction after the next one decided                 96, 33, 107, 2221, 381
//	deadlines strike while the clock stands still           907, 3091, 3972, 437, 4842
//	an added signer need not agree                          82, 42, 64, 57, 28
//	who decided apart may take over by transfer             138, 304, 17, 2, 67
//	the clock counts as a human                             664, 82, 20, 837, 572
//	a join does not wait for the branches                   6, 11, 17, 2, 17
//	chosen need not be among those offered                  185, 164, 1337, 43, 242
//	one human decides two places with two accounts          181, 547, 777, 541, 526
//	a ratio is rounded down                                 3, 64, 44, 5, 19
//	a signer put before is not waited for                   50, 66, 38, 91, 208
//	an overdue task goes to the submitter                   32, 14, 8, 2, 3
//
//	a jump leaves the tasks that it passes over open          4, 20
//	what was decided in a step passed over counts on          572, 1280
//	a jump back keeps the votes of what it asks again         2, 152
//	a jump back asks before what comes before is over         11440, 2120
//	a jump goes over a step of another branch                 366, 280
//	a jump goes over one of two steps of different humans     40, 52
//	a jump leaves fewer humans than are needed                1004, 575
//	a re-plan keeps the yeses, or who intervened before       53, 107; 340, 180
//	what is handed over loses the signers; or asks who left   612, 1617; 822, 216
//	void while it is booked; while it may be in the books     1051, 6020; 5940, 2708
//	both administrators are one; are one with two accounts    1, 16; 220, 360
//	one is enough for money; for what is resubmitted          121, 24; 5072, 1886
//	reassigned to who is interested; is barred; intervenes    28, 7; 556, 640; 344, 66
//	who intervened approves; counts; inherits; is found late  60, 60; 11400, 5300; 60, 960; 1600, 808
//	nobody approves but the clock and who intervened          6724, 10108
//	a release by anybody; that names any task; keeps no time  13, 53; 276, 452; 1011, 291
//	what opened while the clock stood gets more time          213, 486
//	a clock that was stopped since is let go                  3555, 708
//	a recount of what was moved since; lengthens; by an old   1113, 126; 9, 18; 138, 66
//	a recount while the clock stands                          969, 243
//	a place that others fill is handed over too               1938, 2217
//	a task is handed over to who has a part; of a stranger    36, 18; 531, 366
type model struct {
	now             time.Time
	status          approval.Status
	round, revision int
	hash            string
	amounts         [2]int64 // of the lines, as they are approved
	attempt         int      // of the plan
	failed          bool     // there is no route
	plan            approval.Plan
	route           lane
	steps           []*modelStep // those of the route, as they are written
	staffings       int
	tickets         int        // opened so far
	resume          *modelStep // returned from it, and on the way straight back to it
	material        bool       // the new round's content is another
	back            *modelBack // to where the submitter's document goes straight back
	stopped         *ticket    // as whose assignee the clock was stopped
	stoppedBy       string
	stoppedAt       time.Time
	asksSubmitter   bool
	human           bool     // somebody decided in the document
	money           bool     // it asks for money, or may
	admins          []string // who changed in this round whom it asks
	votes           int      // so far
	bent            int      // so many of them when the document last went back
	posting         int      // the voucher's attempt
	unanswered      bool
	seen            map[string]bool
	known           map[string]*ticket // by the core's names for tasks, which say nothing here
}

// lane is what comes one after another: steps, and forks into lanes.
type lane []junction

type junction struct {
	step  *modelStep
	fork  string
	lanes []*lane // in the order of the plan
	names []int
}

// modelStep is a step of the route in its present pass.
type modelStep struct {
	approval.Step
	path      []int // where it stands: junction, lane, junction, …
	late      *approval.Late
	over      bool
	jumped    bool // over, because an administrator passed over it
	last      int  // decision in it, though it may not count any more
	reached   bool
	unstaffed bool
	tickets   []*ticket // of this pass
	signers   []*modelSigner
}

// ticket is one person's being asked.
type ticket struct {
	step    *modelStep
	place   int // from 0; signers follow the approvers
	who     string
	asker   *ticket // whom it advises
	open    bool
	named   bool    // its name is known
	advised bool    // it was answered
	left    bool    // its place is nobody's any more: the role ended, others of the step decide
	vote    int     // 1 yes, -1 no
	by      string  // who decided
	at      int     // when: how many decisions went before
	ended   *ticket // by whose decision it lost its purpose
	opened  time.Time
	due     time.Time   // zero: none
	bells   []time.Time // reminders
	rung    int         // so many of them
	version int         // of the calendar that counted them
	overdue bool
	excused int
	chose   []string
	kept    bool    // of a round before
	spared  *ticket // nobody was asked: its human agreed before, here
	n       int     // how many were opened before
	saw     int     // the revision that was voted on
}

type modelSigner struct {
	place, slot int // here, and in the core
	person      string
	where       string
	adder       *ticket
	gone        bool
}

// claimed are the amounts of the lines of twoLines.
var claimed = [2]int64{100, 50}

var interested = []string{"sue", "rob", "pat", "sue2"}

func newModel() *model {
	return &model{
		status: approval.Submitted, round: 1, revision: 1, hash: "hash1", now: monday, known: map[string]*ticket{},
		seen: map[string]bool{}, amounts: claimed,
	}
}

// grow puts a step into the tree, below the branches that it names.
func (l *lane) grow(s *modelStep, branches []approval.Branch) {
	if len(branches) == 0 {
		s.path = append(s.path, len(*l))
		*l = append(*l, junction{step: s})
		return
	}
	b := branches[0]
	if n := len(*l); n == 0 || (*l)[n-1].fork != b.Fork {
		*l = append(*l, junction{fork: b.Fork})
	}
	at := &(*l)[len(*l)-1]
	n := slices.Index(at.names, b.N)
	if n < 0 {
		n, at.names, at.lanes = len(at.names), append(at.names, b.N), append(at.lanes, &lane{})
	}
	s.path = append(s.path, len(*l)-1, n)
	at.lanes[n].grow(s, branches[1:])
}

// follows says whether a step comes after another: where their paths part, it is at
// a junction further on, not in another lane.
func (s *modelStep) follows(first *modelStep) bool {
	for i := range min(len(s.path), len(first.path)) {
		if s.path[i] != first.path[i] {
			return i%2 == 0 && s.path[i] > first.path[i]
		}
	}
	return false
}

func (m *model) step(id string) *modelStep {
	for _, s := range m.steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// planned takes a route into use, or finds that nobody could follow it.
func (m *model) planned(p approval.Plan, attempt int, fit bool) bool {
	if m.status != approval.Submitted || m.failed || p.Round != m.round || attempt != m.attempt {
		return false
	}
	if m.lay(p); !fit || !m.followable() {
		m.failed, m.plan, m.route, m.steps = true, approval.Plan{}, nil, nil
		return true
	}
	m.status = approval.Pending
	m.keeps()
	m.advance()
	return true
}

func (m *model) lay(p approval.Plan) {
	m.plan, m.route, m.steps = p, nil, nil
	for _, s := range p.Steps {
		s.Approvers = slices.Clone(s.Approvers)
		laid := &modelStep{Step: s, late: s.Late}
		m.route.grow(laid, s.Branches)
		m.steps = append(m.steps, laid)
	}
}

func (m *model) followable() bool {
	asks := slices.ContainsFunc(m.steps, func(s *modelStep) bool { return s.Need == approval.NeedsPeople })
	if m.edition() > 0 && m.plan.Humans > 0 && !asks {
		return false
	}
	for _, s := range m.steps {
		chosen := s.late != nil && s.late.Chooser != ""
		if chosen && (m.step(s.late.Chooser) == nil || !s.follows(m.step(s.late.Chooser))) {
			return false
		}
		if chosen || s.Need != approval.NeedsPeople {
			continue
		}
		for _, a := range s.Approvers {
			if slices.Contains(interested, a.Person) {
				return false
			}
		}
		if len(s.Approvers) == 0 || s.fate(func(int) int { return 1 }) < 1 {
			return false
		}
	}
	return true
}

// advance goes through the route as far as it is open.
func (m *model) advance() {
	if m.status == approval.Pending && m.walk(m.route) {
		m.end(approval.Approved)
		if !slices.Contains(m.plan.Then, approval.ThenAccrue) {
			m.status = approval.Closed
		}
	}
}

// walk opens what is reached in a lane and says whether the lane is over.
func (m *model) walk(l lane) bool {
	for _, at := range l {
		over := true
		if at.step != nil {
			over = m.reach(at.step)
		}
		for _, inner := range at.lanes {
			over = m.walk(*inner) && over
		}
		if !over {
			return false
		}
	}
	return true
}

func (m *model) reach(s *modelStep) bool {
	if s.over || s.Need != approval.NeedsPeople {
		s.over = true
		return true
	}
	if s.reached {
		return false
	}
	s.reached = true
	if m.resume == s {
		m.resume = nil
	}
	switch {
	case s.late == nil:
		m.spare(s)
		m.count(s, nil)
	case s.late.Chooser == "":
		s.unstaffed = true
	default:
		m.staff(s, m.chosen(s))
	}
	return s.over
}

// chosen is whom the last yes that names somebody names.
func (m *model) chosen(s *modelStep) []approval.Approver {
	var last *ticket
	for _, t := range m.step(s.late.Chooser).tickets {
		if t.vote > 0 && len(t.chose) > 0 && (last == nil || t.at > last.at) {
			last = t
		}
	}
	var to []approval.Approver
	if last != nil {
		for _, person := range last.chose {
			to = append(to, approval.Approver{Person: person, Group: person})
		}
	}
	return to
}

// staff fills the places of a step with those of the found who fit, or with the queue.
func (m *model) staff(s *modelStep, found []approval.Approver) {
	m.staffings++
	s.unstaffed, s.Approvers = false, nil
	for _, a := range found {
		twice := slices.ContainsFunc(s.Approvers, func(b approval.Approver) bool { return m.same(a.Person, b.Person) })
		if a.Person == queue || !twice && m.stranger(a.Person) && !m.partElsewhere(s, a.Person) {
			s.Approvers = append(s.Approvers, a)
		}
	}
	if len(s.Approvers) == 0 || s.fate(func(int) int { return 1 }) < 1 {
		s.Approvers = []approval.Approver{{Person: queue}}
		for s.fate(func(int) int { return 1 }) < 1 {
			s.Approvers = append(s.Approvers, approval.Approver{Person: queue})
		}
	}
	m.spare(s)
	m.count(s, nil)
}

// same says whether two accounts are one human's.
func (m *model) same(a, b string) bool {
	return a == b || slices.ContainsFunc(m.plan.Same, func(accounts []string) bool {
		return slices.Contains(accounts, a) && slices.Contains(accounts, b)
	})
}

// apart are the steps that need other humans than this one.
func (m *model) apart(s *modelStep) (others []*modelStep) {
	for _, o := range m.steps {
		if o != s && (slices.Contains(s.DistinctFrom, o.ID) || slices.Contains(o.DistinctFrom, s.ID)) {
			others = append(others, o)
		}
	}
	return others
}

// intervened says whether somebody changed in this round whom it asks.
func (m *model) intervened(person string) bool {
	return slices.ContainsFunc(m.admins, func(admin string) bool { return m.same(admin, person) })
}

// stranger says whether somebody is neither interested nor intervened.
func (m *model) stranger(person string) bool {
	return person != queue && !m.interested(person) && !m.intervened(person)
}

// interested says who never decides: whom else than submitter and requester the
// document is about is known with its route.
func (m *model) interested(person string) bool {
	return requester(person) || m.steps != nil && slices.Contains(interested, person)
}

// part says whether somebody has or had a place in a step.
func (m *model) part(s *modelStep, person string) bool {
	planned := s.late == nil || s.reached && !s.unstaffed
	return person != queue && (slices.ContainsFunc(s.tickets, func(t *ticket) bool {
		return m.same(t.who, person) && !t.advised || t.vote != 0 && m.same(t.by, person)
	}) || planned && slices.ContainsFunc(s.Approvers, func(a approval.Approver) bool {
		return m.same(a.Person, person)
	}) || slices.ContainsFunc(s.signers, func(x *modelSigner) bool {
		return !x.gone && m.same(x.person, person)
	}))
}

func (m *model) partElsewhere(s *modelStep, person string) bool {
	return slices.ContainsFunc(m.apart(s), func(o *modelStep) bool { return m.part(o, person) })
}
