package worker_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/temporal"
	"github.com/countersign/countersign/platform/temporalserver"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
	"github.com/countersign/countersign/workflows"
)

const (
	namespace = "countersign-test"
	settleMax = 3 * time.Minute // for anything that a test waits for
	lookEvery = 20 * time.Millisecond
)

// house is a real server and our workers, above a record in memory.
type house struct {
	t       *testing.T
	server  *temporalserver.Server
	client  client.Client
	engine  *engine.Engine
	book    *activitiestest.Book
	outside *activitiestest.Outside
	config  worker.Config
	books   *hanging
	staff   *staff

	master     *activities.MasterData
	masterRuns chan store.MasterRun
	runs       *runs
	undone     *undone
	letters    *letters
}

func newHouse(t *testing.T, keys ...temporal.Key) *house {
	t.Helper()
	dir, remove, err := postgres.ScratchDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	database, err := postgres.Start(t.Context(), postgres.Options{Dir: dir, Fsync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = database.Stop() })
	binary, err := temporalserver.Find(t.Context(), temporalserver.FindOptions{Out: os.Stderr})
	require.NoError(t, err)
	server, err := temporalserver.Start(t.Context(), temporalserver.Options{
		Binary: binary, PostgresURL: database.URL("postgres"), Namespace: namespace,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	c, err := temporal.Dial(t.Context(), temporal.Config{
		Address: server.Address(), Namespace: namespace, Keys: keys, BlockOnMissingKey: true,
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	h := &house{
		t: t, server: server, client: c,
		engine:  &engine.Engine{Client: c, Shown: engine.Shown{People: true, Titles: true}},
		book:    activitiestest.NewBook(time.Now),
		outside: activitiestest.NewOutside(activitiestest.ThreeSteps(3600, 1800, 600)),
		staff:   &staff{runs: map[string]store.DirectoryRun{}},
		config: worker.Config{Effects: isolatedAtOnce, Books: []worker.Books{{ID: "books"}, {ID: "mute"},
			{ID: "sick", AtOnce: isolatedAtOnce}, {ID: "well", AtOnce: isolatedAtOnce}}},
		runs:   &runs{ended: map[string]store.Reconciliation{}},
		undone: newUndone(), letters: newLetters(t),
	}
	h.books = &hanging{Outside: h.outside, release: make(chan struct{})}
	h.master, h.masterRuns = masterOf()
	h.register()
	return h
}

// register registers the search attributes, twice.
func (h *house) register() {
	h.t.Helper()
	for range 2 {
		err := temporal.RegisterSearchAttributes(h.t.Context(), h.client, namespace, workflows.SearchAttributes())
		require.NoError(h.t, err)
	}
}

// work starts the workers and answers with how to stop them.
func (h *house) work() (stop func()) {
	h.t.Helper()
	workers, err := worker.Start(h.config, worker.Deps{
		Client: h.client,
		Records: &activities.Records{Book: h.book, Calendars: &activities.Calendars{Book: h.book},
			Ledgers: activities.Ledgers{"SICK": {Connection: "sick"}, "WELL": {Connection: "well"}}},
		Plans: h.outside, Vouchers: h.books, Directory: h.staff.activities(), Master: h.master,
		Reconciliations: reconciler(h.runs),
		Reversals:       h.undone.activities(),
		Inbound:         h.letters.activities(h.t),
	})
	require.NoError(h.t, err)
	return workers.Stop
}

// submit begins a document and starts its workflow.
func (h *house) submit(bulk bool) string {
	h.t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	h.book.Submit(id, "EXP-2026-000001")
	require.NoError(h.t, h.engine.Start(h.t.Context(), startOf(id, bulk)))
	return id
}

func startOf(id string, bulk bool) engine.StartRequest {
	return engine.StartRequest{
		Document: id, Number: "EXP-2026-000001", Type: "expense", Title: "Train to Shanghai",
		Entity: "CN01", Department: "D1", Urgency: "normal", Submitter: "zhao", Bulk: bulk,
	}
}

// until waits for a state of a document.
func (h *house) until(id string, what string, reached func(approval.State) bool) {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return reached(h.book.State(id)) }, settleMax, lookEvery,
		"%s; it is %s", what, h.book.State(id).Status)
}

func (h *house) untilAsked(id, person string) {
	h.t.Helper()
	h.until(id, person+" is asked", func(s approval.State) bool {
		return slices.Contains(s.Assignees(), person)
	})
}

func (h *house) untilStatus(id string, status approval.Status) {
	h.t.Helper()
	h.until(id, string(status), func(s approval.State) bool { return s.Status == status })
}

// idle waits until the history says what the record says: it is behind while a workflow
// task is under way.
func (h *house) idle(id string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		d, err := h.client.DescribeWorkflowExecution(h.t.Context(), id, "")
		return err == nil && d.GetPendingWorkflowTask() == nil
	}, settleMax, lookEvery, "a workflow task is under way")
}

// decide commits and delivers a decision once the person is asked.
func (h *house) decide(id string, name approval.Name, person string) error {
	h.untilAsked(id, person)
	return h.deliver(h.book.Commit(h.book.Decision(id, actID(), name, person)))
}

// deliver asks for the outcome of an act until there is one: on a busy machine the
// answer that it is being applied comes first.
func (h *house) deliver(a approval.Act) error {
	for began := time.Now(); ; {
		_, err := h.engine.Deliver(h.t.Context(), a)
		if fault.CodeOf(err) != "act.pending" || time.Since(began) > settleMax {
			return err
		}
	}
}

func (h *house) allApprove(id string) {
	h.t.Helper()
	for _, person := range []string{"li", "wu", "sun"} {
		require.NoError(h.t, h.decide(id, approval.Approve, person))
	}
}

// closed waits for the end of a workflow, over all its runs.
func (h *house) closed(id string) approval.Outcome {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), settleMax)
	defer cancel()
	var outcome approval.Outcome
	require.NoError(h.t, h.client.GetWorkflow(ctx, id, "").Get(ctx, &outcome))
	require.NoError(h.t, evidence.VerifyChain(h.book.Stream(id)))
	return outcome
}

// history reads the events of one run, the newest for "".
func (h *house) history(id, run string) *historypb.History {
	h.t.Helper()
	history := &historypb.History{}
	for events := h.client.GetWorkflowHistory(h.t.Context(), id, run, false, 0); events.HasNext(); {
		event, err := events.Next()
		require.NoError(h.t, err)
		history.Events = append(history.Events, event)
	}
	return history
}

// counted counts the events of a history by kind, in words.
func counted(history *historypb.History) string {
	kinds := map[string]int{}
	for _, e := range history.GetEvents() {
		kinds[e.GetEventType().String()]++
	}
	return fmt.Sprintf("%d events: %v", len(history.GetEvents()), kinds)
}

func actID() string { return uuid.Must(uuid.NewV7()).String() }
