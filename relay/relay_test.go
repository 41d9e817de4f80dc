package relay_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// queues are the store's queues and Temporal, in memory; did lists what happened.
type queues struct {
	mu        sync.Mutex
	acts      []store.ActRef
	delivered []string
	starts    []store.Start
	notices   []store.Notice
	changed   []store.Telling // found by the next look at what changed
	tells     []store.Telling
	backlog   int64
	looks     int // at proposals
	looked    int // at what waits
	claims    int // of acts
	fail      error
	did       []string
	refused   map[string]approval.Outcome
	open      map[string]bool // acts whose document the record holds open
}

func (q *queues) note(what string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.did = append(q.did, what)
}

func take[T any](q *queues, from *[]T, limit int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(limit, len(*from))
	taken := slices.Clone((*from)[:n])
	*from = (*from)[n:]
	return taken
}

func (q *queues) Due(context.Context, bool) (store.Due, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.looked++
	return store.Due{Acts: len(q.acts) > 0, Starts: len(q.starts) > 0, Notices: len(q.notices) > 0}, nil
}
func (q *queues) ClaimStarts(_ context.Context, limit int) ([]store.Start, error) {
	return take(q, &q.starts, limit), nil
}
func (q *queues) ClaimActs(_ context.Context, limit int) ([]store.ActRef, error) {
	q.mu.Lock()
	q.claims++
	q.mu.Unlock()
	return take(q, &q.acts, limit), nil
}
func (q *queues) ActsDelivered(_ context.Context, ids []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delivered = append(q.delivered, ids...)
	return nil
}
func (q *queues) TellGrants(context.Context, int) (int, error) { return 0, nil }

func (q *queues) TellProposals(context.Context, int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.looks++
	return 0, nil
}
func (q *queues) StartDone(_ context.Context, document string) error {
	q.note("done " + document)
	return nil
}
func (q *queues) ClaimReversals(context.Context, int) ([]store.ReversalStart, error) { return nil, nil }
func (q *queues) Reverse(context.Context, engine.ReversalStart) error                { return q.fail }
func (q *queues) StartOf(_ context.Context, document string) (store.Start, error) {
	return store.Start{Document: document}, nil
}
func (q *queues) RefuseAct(_ context.Context, id string, o approval.Outcome) (approval.Outcome, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open[id] {
		return o, fault.New(fault.Busy, "document.unattended")
	}
	q.refused[id] = o
	return o, nil
}
func (q *queues) SpreadChanges(_ context.Context, limit int) (int, error) {
	found := take(q, &q.changed, limit)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tells = append(q.tells, found...)
	return len(found), nil
}
func (q *queues) ClaimTellings(_ context.Context, limit int) ([]store.Telling, error) {
	return take(q, &q.tells, limit), nil
}
func (q *queues) TellingDone(_ context.Context, t store.Telling) error {
	q.note("told " + t.Document)
	return nil
}
func (q *queues) Tell(_ context.Context, t engine.Telling) error {
	q.note("tell " + t.Document)
	if t.Document == "closed" {
		return fault.New(fault.Conflict, engine.CodeFinal)
	}
	return q.fail
}
func (q *queues) Start(_ context.Context, in engine.StartRequest) error {
	q.note("start " + in.Document)
	return q.fail
}
func (q *queues) Signal(_ context.Context, document, act string) error {
	q.note("signal " + act)
	if document == "closed" {
		return fault.New(fault.Conflict, engine.CodeFinal)
	}
	return q.fail
}
func (q *queues) Backlog(context.Context) (int64, error) { return q.backlog, nil }

// Round is a courier that reaches everybody but for «bad».
func (q *queues) Round(_ context.Context, limit int) relay.Told {
	notices := take(q, &q.notices, limit)
	told := relay.Told{More: len(notices) == limit}
	for _, n := range notices {
		if n.ID == "bad" {
			told.Failed++
			continue
		}
		told.Delivered++
	}
	return told
}

func TestActsGoBeforeStarts(t *testing.T) {
	q := &queues{refused: map[string]approval.Outcome{}}
	for i := range 150 {
		q.acts = append(q.acts, store.ActRef{ID: strconv.Itoa(i), Document: "d"})
	}
	q.starts = []store.Start{{Document: "d1"}, {Document: "d2"}}
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context())
	require.Len(t, q.did, 154)
	require.Equal(t, relay.Counted{Acts: 150, Starts: 2}, r.Count.Read())
	for _, did := range q.did[:150] {
		require.Contains(t, did, "signal")
	}
}

// TestTheWorldIsToldAfterTheActs holds that what changed reaches every document, that
// no act waits for it, and that what is over is not told.
func TestTheWorldIsToldAfterTheActs(t *testing.T) {
	q := &queues{refused: map[string]approval.Outcome{}, acts: []store.ActRef{{ID: "a", Document: "d"}}}
	for i := range 250 {
		q.changed = append(q.changed, store.Telling{Document: strconv.Itoa(i), Kind: store.TellDirectory})
	}
	q.changed[7].Final = true
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context())
	require.Equal(t, "signal a", q.did[0])
	require.Equal(t, relay.Counted{Acts: 1, Tellings: 250}, r.Count.Read())
	require.Len(t, q.did, 1+249+250)
	require.NotContains(t, q.did, "tell 7")
	require.Contains(t, q.did, "told 7")
}

// TestWhoseWorkflowIsOverIsStartedAgainBeforeItIsTold: the record says it is open.
func TestWhoseWorkflowIsOverIsStartedAgainBeforeItIsTold(t *testing.T) {
	q := &queues{refused: map[string]approval.Outcome{}, tells: []store.Telling{{Document: "closed"}}}
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context())
	require.Equal(t, []string{"tell closed", "start closed"}, q.did)
}

func TestTheWorldWaitsWhileWorkersAreBehind(t *testing.T) {
	q := &queues{backlog: 5000, tells: []store.Telling{{Document: "d"}}}
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context()) // the first look goes ahead
	q.tells = []store.Telling{{Document: "e"}}
	r.Once(t.Context())
	require.Equal(t, []string{"tell d", "told d"}, q.did)
}

func TestAnImportIsHeldBackWhileWorkersAreBehind(t *testing.T) {
	q := &queues{starts: []store.Start{{Document: "d1"}}, acts: []store.ActRef{{ID: "a", Document: "d"}}, backlog: 5000}
	r := &relay.Relay{Book: q, Engine: q}
	q.starts = nil
	r.Once(t.Context())
	require.Equal(t, []string{"signal a"}, q.did)
	q.starts = []store.Start{{Document: "d1"}}
	r.Once(t.Context())
	require.Equal(t, []string{"signal a"}, q.did)
	q.backlog = 0
	r.Once(t.Context())
	require.Equal(t, []string{"signal a", "start d1", "done d1"}, q.did)
}

func TestAStartThatFailedIsNotDone(t *testing.T) {
	q := &queues{starts: []store.Start{{Document: "d1"}}, fail: fault.New(fault.Busy, engine.CodeAway)}
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context())
	require.Equal(t, []string{"start d1"}, q.did)
	require.Equal(t, int64(1), r.Count.Read().Failures)
}

func TestAnActOnAClosedDocumentGetsItsOutcome(t *testing.T) {
	q := &queues{acts: []store.ActRef{{ID: "a", Document: "closed"}}, refused: map[string]approval.Outcome{}}
	(&relay.Relay{Book: q, Engine: q}).Once(t.Context())
	require.Equal(t, engine.CodeFinal, q.refused["a"].Code)
	require.Equal(t, []string{"a"}, q.delivered)
}

func TestADocumentWhoseWorkflowWasTerminatedIsStartedAgain(t *testing.T) {
	q := &queues{acts: []store.ActRef{{ID: "a", Document: "closed"}}, refused: map[string]approval.Outcome{},
		open: map[string]bool{"a": true}}
	r := &relay.Relay{Book: q, Engine: q}
	r.Once(t.Context())
	require.Empty(t, q.refused, "the act waits in the inbox")
	require.Empty(t, q.delivered)
	require.Contains(t, q.did, "start closed")
	require.Zero(t, r.Count.Read().Acts)
}

func TestNoticesAreToldUntilNoneIsLeft(t *testing.T) {
	q := &queues{notices: []store.Notice{{ID: "bad"}}}
	for range 250 {
		q.notices = append(q.notices, store.Notice{ID: "good"})
	}
	r := &relay.Relay{Book: q, Engine: q, Courier: q}
	r.Once(t.Context())
	require.Equal(t, relay.Counted{Notices: 250, Failures: 1}, r.Count.Read())
}

func TestARunDrainsWhatItSeesAndAsksNoEmptyQueue(t *testing.T) {
	q := &queues{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&relay.Relay{Book: q, Engine: q, Every: time.Millisecond}).Run(ctx) }()
	held := func(what func() bool) func() bool {
		return func() bool {
			q.mu.Lock()
			defer q.mu.Unlock()
			return what()
		}
	}
	require.Eventually(t, held(func() bool { return q.looked >= 20 }), time.Minute, time.Millisecond)
	require.True(t, held(func() bool { return q.claims < q.looked/2 })(), "queues are asked where something lies in them")
	q.mu.Lock()
	q.starts = append(q.starts, store.Start{Document: "d1"})
	q.mu.Unlock()
	require.Eventually(t, held(func() bool { return len(q.did) == 2 }), time.Minute, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}
