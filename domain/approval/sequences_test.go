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
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
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

// TestSequences walks 100,000 documents through random operations, taken and
// refused, and counts the invariants after each. It prints which acts met which
// states; the seed of a failure replays it.
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

// sequence is one random life, as lean as it can be: judged, stamped and folded.
type sequence struct {
	*rand.Rand
	s              approval.State
	now            time.Time
	acts           int
	version        int // of the calendar
	taken, refused map[string]int
	tell           func(string, ...any)
	content, next  document.Content // as it is, and as the sanction just drawn would make it
}

func runSequence(seed uint64, n int, met *meeting, tell func(string, ...any)) string {
	q := &sequence{
		Rand: rand.New(rand.NewPCG(seed, uint64(n))), now: monday, tell: tell,
		taken: map[string]int{}, refused: map[string]int{},
	}
	q.record([]evidence.Draft{approval.SubmittedDraft("sue", "hash1", approval.SubmittedData{
		Number: "EXP-1", Type: "expense", Entity: "e1", Submitter: "sue", Requester: "rob", Payee: "pat",
		Total: money.Amount{Minor: int64(q.IntN(2) * 82000), Currency: "CNY"},
	})}, approval.SubmitCause)
	q.content = twoLines()
	for range 4 + q.IntN(16) {
		if wrong := q.step(); wrong != "" {
			return wrong
		}
	}
	met.add(q.taken, q.refused)
	return ""
}

// step does one thing and says which invariant broke.
func (q *sequence) step() string {
	q.now = q.now.Add(time.Duration(1+q.IntN(40)) * time.Second)
	switch {
	case q.s.WantsPlan() && q.IntN(4) > 0:
		q.plan()
	case len(q.s.Unstaffed()) > 0 && q.IntN(4) > 0:
		i := q.IntN(len(sequencePeople) - 1)
		found := []approval.Approver{{Person: sequencePeople[i], Group: "a"}, {Person: sequencePeople[i+1], Group: "b"}}
		q.do(approval.Staffed{Round: q.s.Round, Step: q.s.Unstaffed()[0].ID, N: q.s.Staffings, Approvers: found[q.IntN(3):]})
	case q.s.WantsPosting() && q.IntN(2) > 0:
		q.do(approval.Settled{Reference: q.s.Effect.Reference, Attempt: q.s.Effect.Attempt, Posted: q.IntN(2) > 0, Code: "erp.closed"})
	default:
		for _, struck := range q.s.Strike(q.now) {
			struck.To = []approval.Approver{{Person: q.person()}}
			q.do(struck)
		}
		q.world()
		before := q.where()
		a := q.act()
		counts := q.taken
		if code := q.do(a); code != "" {
			counts = q.refused
		} else if wrong := q.lay(a); wrong != "" {
			return wrong
		}
		counts[before+" × "+string(a.Name)]++
		if a.Name == approval.Intervene {
			counts[a.Ruling]++
		}
	}
	return unsound(q.s)
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

var sequencePeople = []string{"li", "wu", "zoe", "max", "mia", "ada", "al", "sue", "rob", "pat"}

func (q *sequence) person() string { return pick(q, sequencePeople) }

func pick[T any](q *sequence, from []T) T { return from[q.IntN(len(from))] }

func (q *sequence) plan() {
	if q.IntN(8) == 0 {
		q.do(approval.Unplanned{Round: q.s.Round, Attempt: q.s.PlanAttempt, Code: "policy.gap"})
		return
	}
	modes := []approval.Mode{
		approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio, approval.PerGroup,
	}
	var steps []approval.Step
	for range 1 + q.IntN(4) {
		who := slices.Clone(sequencePeople[:5])
		q.Shuffle(len(who), func(i, j int) { who[i], who[j] = who[j], who[i] })
		s := late(step(pick(q, modes), who[:1+q.IntN(3)]...), pick(q, rules))
		s.Allow, s.Amend = handling, []string{"title"}
		if q.IntN(2) > 0 {
			s.Clock.Due.Unit, s.Clock.First.Unit = calendar.WorkHour, calendar.WorkHour // stamped as seconds all the same
		}
		s.Votes = &approval.Votes{Count: 1 + q.IntN(len(s.Approvers)), Num: 1, Den: int64(1 + q.IntN(3))}
		for i := range s.Approvers {
			s.Approvers[i].Group, s.Approvers[i].Weight = pick(q, []string{"a", "b"}), int64(q.IntN(4))
		}
		steps = append(steps, s)
	}
	q.fork(steps)
	q.do(approval.Planned{Plan: plan(q.s.Round, steps...), Attempt: q.s.PlanAttempt})
}

// fork puts some steps into branches, and leaves some to be staffed when reached.
func (q *sequence) fork(steps []approval.Step) {
	if len(steps) > 1 && q.IntN(2) > 0 {
		for i := q.IntN(2); i < len(steps)-q.IntN(2); i++ {
			steps[i].Branches = []approval.Branch{{Fork: "f", N: i * 2 / len(steps)}}
		}
	}
	for i := range steps {
		switch q.IntN(8) {
		case 0:
			steps[i].Late = &approval.Late{}
		case 1:
			if i > 0 {
				steps[i].Late, steps[i].Approvers = &approval.Late{Chooser: "s" + strconv.Itoa(i), Among: sequencePeople}, nil
			}
		}
	}
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
	return a
}

func (q *sequence) name() approval.Name {
	switch {
	case q.IntN(6) == 0:
		return pick(q, everyAct)
	case q.IntN(12) == 0:
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
			a.ToStep, a.Back = pick(q, []string{"s1", "s2", "s3"}), pick(q, []string{"", approval.BackStraight})
		}
	case approval.RemoveSigner:
		if len(q.s.Added) > 0 {
			gone := pick(q, q.s.Added)
			a.Task, a.To, a.Actor = gone.Task, []string{gone.Person}, assignee(q.s, gone.Task)
		}
	case approval.Sanction:
		a.Sanction = q.sanction()
		a.NewHash = "sanctioned" + strconv.Itoa(q.s.Revision+1)
	case approval.Amend:
		a.Changes = []document.Change{{Field: pick(q, []string{"title", "title", "payee"}), Was: "a", Now: "b"}}
	case approval.Resolve:
		a.Actor, a.OnBehalfOf, a.Ruling = "ada", "", pick(q, []string{"retry", "void", "redate"})
		a.Date, a.Effect, a.Attempt = "2026-12-01", q.s.PlanReference(), q.s.PlanAttempt
		if q.s.Effect != nil {
			a.Effect, a.Attempt = q.s.Effect.Reference, q.s.Effect.Attempt
		}
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

// do judges and folds; the code of a refusal is its answer.
func (q *sequence) do(c approval.Command) string {
	drafts, err := q.s.Judge(c, q.now)
	if q.tell != nil {
		q.tell("%+v: %d drafts, %v", c, len(drafts), err)
	}
	if err != nil {
		return fault.CodeOf(err)
	}
	q.record(drafts, c.Cause())
	return ""
}

func (q *sequence) record(drafts []evidence.Draft, cause string) {
	events := make([]evidence.Event, len(drafts))
	for i, d := range drafts {
		if approval.Stamped(d.Kind) {
			d.Data = q.stamp(d.Data)
		}
		events[i] = evidence.Event{
			Stream: doc, Seq: q.s.Seq + int64(i) + 1, At: q.now, Kind: d.Kind, Actor: d.Actor, OnBehalfOf: d.OnBehalfOf,
			Cause: cause, Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash, Data: d.Data,
		}
	}
	q.s = q.s.Fold(events)
}

// stamp is what Record does, with a clock of seconds.
func (q *sequence) stamp(raw json.RawMessage) json.RawMessage {
	var d approval.TaskOpenedData
	if err := json.Unmarshal(raw, &d); err != nil {
		panic(err)
	}
	switch m := d.Moved; {
	case m != nil && m.Recounted:
		return raw
	case m != nil && m.Extra.IsZero():
		d.DueAt = q.now.Add(m.Was.Sub(m.StoppedAt))
	case m != nil:
		d.DueAt = m.Was.Add(time.Duration(m.Extra.Count) * time.Second)
	case d.Clock.Due != calendar.Duration{}:
		d.DueAt = q.now.Add(time.Duration(d.Clock.Due.Count) * time.Second)
	}
	out, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return out
}
