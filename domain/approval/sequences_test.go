package approval_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
)

const (
	sequencesMost = 100_000
	sequenceSeed  = "COUNTERSIGN_SEQUENCE" // <seed>:<n> of a failure: that sequence alone, told step by step
	coverageLeast = 95                     // per cent of (state × act)
)

var everyAct = []approval.Name{
	approval.Approve, approval.Reject, approval.Return, approval.Resubmit, approval.Withdraw, approval.Resolve,
	approval.Transfer, approval.Consult, approval.AddSigner, approval.RemoveSigner, approval.Retract, approval.Hold,
	approval.Release, approval.RequestInfo, approval.Extend, approval.Sanction, approval.Amend, approval.Intervene,
}

var everyState = []string{
	"submitted", "submitted, no route", "pending", "pending, stopped", "pending, on the way back", "returned", "approved",
	"parked", "closed", "rejected", "withdrawn", "voided",
}

// TestSequences walks 100,000 documents through random operations, taken and refused.
// The model foretells each, and the invariants that have a meaning here are counted
// apart from it: I2 to I8 and I14; I12 is not applicable until there are budgets. It
// prints which acts met which states; the seed of a failure replays it.
func TestSequences(t *testing.T) {
	seed, only := uint64(time.Now().UnixNano()), -1
	if given := os.Getenv(sequenceSeed); given != "" {
		text, n, _ := strings.Cut(given, ":")
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		only, err = strconv.Atoi(n)
		require.NoError(t, err)
	}
	t.Logf("seed %d", seed)
	met := &meeting{taken: map[string]int{}, refused: map[string]int{}}
	if only >= 0 {
		require.Empty(t, runSequence(seed, only, met, t.Logf))
		return
	}
	var next atomic.Int64
	var failed atomic.Pointer[string]
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for failed.Load() == nil {
				n := int(next.Add(1)) - 1
				if n >= sequencesMost {
					return
				}
				if wrong := runSequence(seed, n, met, nil); wrong != "" {
					wrong = fmt.Sprintf("%s=%d:%d: %s", sequenceSeed, seed, n, wrong)
					failed.Store(&wrong)
				}
			}
		})
	}
	done.Wait()
	if wrong := failed.Load(); wrong != nil {
		t.Fatal(*wrong)
	}
	met.report(t)
}

// sequence is one random life, as lean as it can be: judged, stamped and folded, and
// held against the model after each operation. With full it is recorded in full.
type sequence struct {
	*rand.Rand
	s              approval.State
	m              *model
	count          census
	full           *stream
	now            time.Time
	acts           int
	version        int // of the calendar
	taken, refused map[string]int
	tell           func(string, ...any)
	lost           bool             // what happened, and what follows it, the model does not know
	worldly        bool             // calendars change and people leave
	content, next  document.Content // as it is, and as the sanction just drawn would make it
}

func newSequence(seed uint64, n int) *sequence {
	return &sequence{
		content: twoLines(), worldly: n%4 == 0,
		Rand: rand.New(rand.NewPCG(seed, uint64(n))), now: monday, m: newModel(), count: newCensus(),
		taken: map[string]int{}, refused: map[string]int{},
	}
}

func runSequence(seed uint64, n int, met *meeting, tell func(string, ...any)) string {
	q := newSequence(seed, n)
	q.tell = tell
	wrong := q.run()
	met.add(q.taken, q.refused)
	return wrong
}

func (q *sequence) run() string {
	if q.full == nil {
		q.record([]evidence.Draft{approval.SubmittedDraft("sue", "hash1", approval.SubmittedData{
			Number: "EXP-1", Type: "expense", Entity: "e1", Submitter: "sue", Requester: "rob", Payee: "pat",
			Total: money.Amount{Minor: int64(q.IntN(2) * 82000), Currency: "CNY"},
		})}, approval.SubmitCause)
	}
	left := 4 + q.IntN(16)
	for ; left > 0; left-- {
		if wrong := q.step(); wrong != "" {
			return wrong
		}
		if q.s.Done() {
			left = min(left, 3)
		}
	}
	return ""
}

// step does one thing and says what broke.
func (q *sequence) step() string {
	q.now = q.now.Add(time.Duration(1+q.IntN(40)) * time.Second)
	switch {
	case q.s.WantsPlan() && q.IntN(6) > 0:
		return q.do(q.plan())
	case len(q.s.Unstaffed()) > 0 && q.IntN(4) > 0:
		return q.do(q.staffed())
	case q.s.Effect != nil && q.s.WantsPosting() && q.IntN(2) > 0:
		return q.do(approval.Settled{
			Reference: q.s.Effect.Reference, Attempt: q.s.Effect.Attempt - q.IntN(2)*q.IntN(2), Posted: q.IntN(2) > 0,
			Code: "erp.closed", Unanswered: q.IntN(3) == 0,
		})
	case q.IntN(30) == 0:
		return q.do(q.unwanted())
	}
	for _, struck := range q.s.Strike(q.now) {
		for range q.IntN(3) {
			struck.To = append(struck.To, approval.Approver{Person: q.person()})
		}
		if wrong := q.do(struck); wrong != "" {
			return wrong
		}
	}
	if c := q.world(); c != nil {
		return q.do(c)
	}
	return q.do(q.act())
}

// unwanted is an answer that nobody asked for, or a clock that did not strike.
func (q *sequence) unwanted() approval.Command {
	struck := approval.Struck{Due: q.IntN(3) > 0, N: 1}
	if len(q.s.Tasks) > 0 {
		struck.Task = pick(q, q.s.Tasks).ID
	}
	return pick(q, []approval.Command{
		struck, approval.Planned{Plan: plan(q.s.Round, step(approval.AnyOf, "li")), Attempt: q.s.PlanAttempt + 1},
		approval.Unplanned{Round: q.s.Round - 1, Attempt: q.s.PlanAttempt, Code: "policy.gap"},
		approval.Staffed{Round: q.s.Round, Step: "s2", N: q.s.Staffings},
		approval.Settled{Reference: "v:d1:accrual:1", Attempt: 0, Posted: true},
	})
}

func (q *sequence) staffed() approval.Staffed {
	c := approval.Staffed{Round: q.s.Round, Step: pick(q, q.s.Unstaffed()).ID, N: q.s.Staffings, OrgVersion: 1}
	for range q.IntN(4) {
		c.Approvers = append(c.Approvers, approval.Approver{
			Person: q.person(), Group: pick(q, []string{"a", "b"}), Weight: int64(q.IntN(3)),
		})
	}
	return c
}

// where is the state of the document as the table of acts counts it.
func (q *sequence) where() string {
	switch {
	case q.s.Status == approval.Submitted && q.s.PlanFault != "":
		return "submitted, no route"
	case q.s.Status == approval.Pending && q.s.Stopped != nil:
		return "pending, stopped"
	case q.s.Status == approval.Pending && q.s.Then != "":
		return "pending, on the way back"
	}
	return string(q.s.Status)
}

// act is any act, more often one that could take effect.
func (q *sequence) act() approval.Act {
	q.acts++
	a := approval.Act{
		ID: "act-" + strconv.Itoa(q.acts), Name: q.name(), Document: doc, Actor: q.person(), Round: q.s.Round,
		ContentHash: q.s.ContentHash, Opinion: pick(q, []string{"because", "because", ""}), To: []string{q.person()},
		Where: pick(q, []string{approval.SignBefore, approval.SignAfter, approval.SignBeside}), Extra: "20 s",
		Revision: q.s.Revision + 1, NewHash: "hash" + strconv.Itoa(q.s.Revision+1),
	}
	if len(q.s.Tasks) > 0 {
		task := pick(q, q.s.Tasks)
		if open := q.s.OpenTasks(); len(open) > 0 && a.Name != approval.Retract && q.IntN(5) > 0 {
			task = pick(q, open)
		}
		a.Task = task.ID
		if q.IntN(8) > 0 {
			a.Actor = task.Assignee
		}
		if task.Assignee == queue {
			a.Actor, a.OnBehalfOf = q.person(), queue
		}
		if task.For != "" && a.Name == approval.Consult {
			a.To = nil
		}
	}
	q.aim(&a)
	q.patch(&a)
	q.spoil(&a)
	return a
}

func (q *sequence) name() approval.Name {
	switch {
	case q.IntN(6) == 0:
		return pick(q, everyAct)
	case q.IntN(40) == 0:
		return approval.Intervene
	case q.s.Status == approval.Pending && q.s.Stopped != nil:
		return approval.Release
	case q.s.Status == approval.Pending:
		return pick(q, []approval.Name{
			approval.Approve, approval.Approve, approval.Approve, approval.Return, approval.Transfer, approval.Consult,
			approval.AddSigner, approval.RemoveSigner, approval.Retract, approval.Hold, approval.Extend, approval.Reject,
			approval.Sanction, approval.Sanction, approval.Amend,
		})
	case q.s.Status == approval.Returned:
		return approval.Resubmit
	}
	return approval.Resolve
}

// aim fills in what only some acts need.
func (q *sequence) aim(a *approval.Act) {
	switch a.Name {
	case approval.Approve:
		if !q.chooses(a.Task) || q.IntN(6) == 0 {
			a.To = nil
		}
	case approval.Resubmit, approval.Withdraw:
		a.Actor, a.OnBehalfOf = pick(q, []string{"sue", "rob", "li"}), ""
	case approval.Intervene:
		q.aimIntervention(a)
	case approval.Release:
		a.OnBehalfOf = ""
		if q.s.Stopped != nil {
			a.Actor = pick(q, []string{q.s.Stopped.By, "rob"})
		}
	case approval.Return:
		if q.IntN(2) > 0 {
			a.ToStep, a.Back = pick(q, []string{"s1", "s1", "s2", "s3", "s4"}), pick(q, []string{"", approval.BackStraight})
		}
	case approval.RemoveSigner:
		if len(q.s.Added) > 0 {
			gone := pick(q, q.s.Added)
			a.Task, a.To, a.Actor, a.OnBehalfOf = gone.Task, []string{gone.Person}, assignee(q.s, gone.Task), ""
			if a.Actor == queue {
				a.Actor, a.OnBehalfOf = q.person(), queue
			}
		}
	case approval.Resolve:
		a.Actor, a.OnBehalfOf, a.Ruling = "ada", "", pick(q, []string{"retry", "void", "redate"})
		a.Date, a.Effect, a.Attempt = "2026-12-01", q.s.PlanReference(), q.s.PlanAttempt
		if q.s.Effect != nil {
			a.Effect, a.Attempt = q.s.Effect.Reference, q.s.Effect.Attempt
		}
	}
}

// spoil makes some acts stale, repeated or on somebody's behalf.
func (q *sequence) spoil(a *approval.Act) {
	switch q.IntN(40) {
	case 0:
		a.ContentHash = "other"
	case 1:
		a.Round--
	case 2:
		a.ID = "act-" + strconv.Itoa(1+q.IntN(q.acts))
	case 3, 4, 5, 6:
		a.OnBehalfOf, a.Actor = a.Actor, q.person()
	case 7, 8:
		a.To = append(a.To, q.person())
	case 9:
		a.Attempt++
	case 10:
		a.Revision += 1 - 2*q.IntN(2)
	}
}

// chooses says whether the step of a task chooses for another one.
func (q *sequence) chooses(task string) bool {
	return q.s.Plan != nil && slices.ContainsFunc(q.s.Tasks, func(t approval.Task) bool {
		return t.ID == task && slices.ContainsFunc(q.s.Plan.Steps, func(s approval.Step) bool {
			return s.Late != nil && s.Late.Chooser == t.Step
		})
	})
}

// do judges and folds, and says what broke.
func (q *sequence) do(c approval.Command) string {
	a, isAct := c.(approval.Act)
	pair := q.where() + " × " + string(a.Name)
	drafts, err := q.s.Judge(c, q.now)
	if q.tell != nil {
		q.tell("%s %s: %d drafts, %v", q.now.Format(time.TimeOnly), told(c), len(drafts), err)
	}
	known, want := q.known(c), err == nil
	if q.lost = q.lost || !known && len(drafts) > 0; !q.lost && known {
		want = q.m.take(c, q.now)
	}
	if want != (err == nil) || isAct && want != (len(drafts) > 0) {
		return fmt.Sprintf("%s is taken: %t by the model; the core: %d drafts, %v", told(c), want, len(drafts), err)
	}
	switch {
	case isAct && err != nil:
		q.refused[pair]++
	case isAct:
		q.taken[pair]++
	}
	if a.Name == approval.Intervene {
		map[bool]map[string]int{true: q.taken, false: q.refused}[err == nil][a.Ruling]++
	}
	if q.full != nil {
		q.full.now = q.now
		_ = q.full.do(c)
		q.s = q.full.state
	} else if len(drafts) > 0 {
		q.record(drafts, c.Cause())
	}
	if isAct && err == nil {
		if wrong := q.lay(a); wrong != "" {
			return wrong
		}
	}
	if wrong := q.m.differs(q.s); !q.lost && wrong != "" {
		return fmt.Sprintf("%s, after %s", wrong, told(c))
	}
	if wrong := q.count.drafted(q.s, drafts, a); wrong != "" {
		return wrong
	}
	return unsound(q.s)
}

func (q *sequence) record(drafts []evidence.Draft, cause string) {
	events := make([]evidence.Event, len(drafts))
	for i, d := range drafts {
		if approval.Stamped(d.Kind) {
			d.Data = stamp(loud{}, q.now, d.Data)
		}
		events[i] = evidence.Event{
			Stream: doc, Seq: q.s.Seq + int64(i) + 1, At: q.now, Kind: d.Kind, Actor: d.Actor, OnBehalfOf: d.OnBehalfOf,
			Cause: cause, Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash, Data: d.Data,
		}
	}
	q.s = q.s.Fold(events)
}

// told is a command in short, in JSON without what is empty.
func told(c approval.Command) string {
	raw, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%T %s", c, raw)
}
