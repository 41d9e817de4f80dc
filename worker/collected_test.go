package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/drop/folder"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
	"github.com/countersign/countersign/workflows"
)

// letters is a source that leaves files, and what is kept of them, in memory.
type letters struct {
	at    string
	mutex sync.Mutex
	kept  map[string]store.Inbound
}

func newLetters(t *testing.T) *letters {
	return &letters{at: t.TempDir(), kept: map[string]store.Inbound{}}
}

func (l *letters) Receive(_ context.Context, in store.InboundInput) (store.Inbound, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	m := store.Inbound{Origin: in.Origin, Hash: in.Hash, State: store.InboundSubmitted, Number: "PAY-2026-000001"}
	l.kept[in.Origin.Reference] = m
	return m, nil
}

func (l *letters) InboundNamed(context.Context, string, []string) (map[string]store.Inbound, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.kept, nil
}

func (l *letters) InboundWatermark(context.Context, string) (string, error) { return "", nil }

func (l *letters) NoteInboundReading(context.Context, store.InboundReading) error { return nil }

func (l *letters) activities(t *testing.T) *activities.Inbounds {
	mapping, err := inbound.Parse("oa.yaml", []byte(
		"inbound: oa\ntype: payment_request\nid: $.no\ndocument: { title: $.no, currency: CNY }\n"))
	require.NoError(t, err)
	place, err := folder.Open(l.at)
	require.NoError(t, err)
	return &activities.Inbounds{Book: l, Sources: map[string]activities.InboundSource{"oa": {ID: "oa", Mapping: mapping,
		Place: place}}, Words: activities.Words{
		Text:  func(_, key string) string { return key },
		Fault: func(_ string, f *fault.Fault) string { return f.Code },
	}}
}

// collects asks a source on demand and by its schedule, which goes with the source.
func (h *house) collects(t *testing.T) {
	leave := func(name string) {
		require.NoError(t, os.WriteFile(filepath.Join(h.letters.at, name), []byte("no\n"+name+"\n"), 0o600))
	}
	results := func() int {
		found, err := filepath.Glob(filepath.Join(h.letters.at, "done", "*.result.csv"))
		require.NoError(t, err)
		return len(found)
	}
	leave("a.csv")
	run, err := h.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "collect", TaskQueue: workflows.QueueApproval},
		workflows.CollectWorkflow, activities.CollectInput{Source: "oa"})
	require.NoError(t, err)
	var got activities.Collected
	require.NoError(t, run.Get(t.Context(), &got))
	require.Len(t, got.Files, 1)
	require.Equal(t, 1, got.Items)
	require.Equal(t, 1, results())
	play := *h
	play.t = t
	play.replay("collected", run.GetID())

	leave("b.csv")
	asked := []worker.InboundSchedule{{Source: "oa", Every: time.Hour}}
	for range 2 {
		require.NoError(t, worker.KeepInboundSchedules(t.Context(), h.client, asked))
	}
	handle := h.client.ScheduleClient().GetHandle(t.Context(), "inbound-oa")
	require.NoError(t, h.engine.Collect(t.Context(), "oa"))
	require.Eventually(t, func() bool { return results() == 2 }, settleMax, lookEvery, "the schedule asks too")
	next, paused, err := h.engine.NextCollection(t.Context(), "oa")
	require.NoError(t, err)
	require.False(t, paused)
	require.WithinRange(t, next, time.Now(), time.Now().Add(time.Hour))
	require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{}))
	require.Eventually(t, func() bool { // what was asked of a schedule it does a moment later
		_, paused, err = h.engine.NextCollection(t.Context(), "oa")
		require.NoError(t, err)
		return paused
	}, settleMax, lookEvery)
	require.Eventually(t, func() bool { // a list of schedules follows a moment later
		require.NoError(t, worker.KeepInboundSchedules(t.Context(), h.client, nil))
		_, err := handle.Describe(t.Context())
		return err != nil
	}, settleMax, 10*lookEvery, "it goes with its source")
	require.Equal(t, "inbound.unplanned", fault.CodeOf(h.engine.Collect(t.Context(), "oa")))
}
