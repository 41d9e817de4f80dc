package approval_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

const (
	sequencesMost = 100_000 // ten times as many in the long form
	longForm      = "COUNTERSIGN_LONG"
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
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // states live shortly: a third less work
	met := newMeeting()
	if only >= 0 {
		require.Empty(t, runSequence(seed, only, met, t.Logf))
		return
	}
	most := sequencesMost
	if os.Getenv(longForm) != "" {
		most *= 10
	}
	var next atomic.Int64
	var failed atomic.Pointer[string]
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			own := newMeeting()
			defer met.add(own)
			for failed.Load() == nil {
				n := int(next.Add(1)) - 1
				if n >= most {
					return
				}
				if wrong := runSequence(seed, n, own, nil); wrong != "" {
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
	s             approval.State
	m             *model
	count         census
	full          *stream
	now           time.Time
	acts          int
	version       int // of the calendar
	met           *meeting
	tell          func(string, ...any)
	worldly       bool                // calendars change and people leave
	meddled       bool                // administrators step in, again and again
	wanders       bool                // it goes far, back and forth, on a long route
	deputies      map[string][]string // who decides for whom
	content, next document.Content    // as it is, and as the sanction just drawn would make it
}

func newSequence(seed uint64, n int) *sequence {
	q := &sequence{
		content: twoLines(), worldly: n%3 == 0, meddled: n%4 == 0, wanders: n%5 == 0,
		Rand: rand.New(rand.NewPCG(seed, uint64(n))), now: monday, m: newModel(), count: newCensus(),
	}
	q.delegate()
	return q
}

func runSequence(seed uint64, n int, met *meeting, tell func(string, ...any)) string {
	q := newSequence(seed, n)
	q.met, q.tell = met, tell
	if wrong := q.run(); wrong != "" || n%10 > 0 {
		return wrong
	}
	return travels(q.s)
}

// travels says what of a state is lost or made up on its way through JSON, as it goes
// when a workflow continues as new.
func travels(s approval.State) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	var back approval.State
	if err := json.Unmarshal(raw, &back); err != nil {
		return err.Error()
	}
	if !assert.ObjectsAreEqual(s, back) {
		return fmt.Sprintf("sent %#v, received %#v", s, back)
	}
	return ""
}

func (q *sequence) run() string {
	if q.full == nil {
		q.m.money = q.IntN(2) > 0
		submitted := approval.SubmittedData{
			Number: "EXP-1", Type: "expense", Entity: "e1", Submitter: "sue", Requester: "rob", Payee: "pat",
		}
		if q.m.money {
			submitted.Total = money.Amount{Minor: 82000, Currency: "CNY"}
		}
		q.record([]evidence.Draft{approval.SubmittedDraft("sue", "hash1", submitted)}, approval.SubmitCause)
	}
	left := 4 + q.IntN(16)
	if q.wanders {
		left += 5
	}
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
	world := q.world()
	for _, c := range world {
		if wrong := q.do(c); wrong != "" {
			return wrong
		}
	}
	if len(world) > 0 {
		return ""
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
	if q.IntN(8) == 0 {
		c.Approvers = append(c.Approvers, approval.Approver{Person: queue, Group: "a"})
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

// do judges and folds, and says what broke.
func (q *sequence) do(c approval.Command) string {
	a, isAct := c.(approval.Act)
	drafts, err := q.s.Judge(c, q.now)
	if q.tell != nil {
		q.tell("%s %s: %d drafts, %v", q.now.Format(time.TimeOnly), told(c), len(drafts), err)
	}
	changes, refusal := q.m.take(c, q.now)
	if changes != (len(drafts) > 0) || refusal != refused(err) {
		return fmt.Sprintf("%s: %t, %q by the model; the core: %d drafts, %v", told(c), changes, refusal, len(drafts), err)
	}
	q.met.count(q.where(), q.s, c, err, changes)
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
	if wrong := q.m.differs(q.s); wrong != "" {
		return fmt.Sprintf("%s, after %s", wrong, told(c))
	}
	if wrong := q.count.drafted(q.s, drafts, a); wrong != "" {
		return wrong
	}
	return unsound(q.s)
}

// refused is the code of a refusal. Who comes too late is told by whom and when, or
// that nobody decided: to the model it is the same.
func refused(err error) string {
	if code := fault.CodeOf(err); code != "task.closed" {
		return code
	}
	return tooLate
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
