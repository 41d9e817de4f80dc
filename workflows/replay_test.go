package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/countersign/countersign/workflows"
)

// eventsMost is the budget of a three-step approval with deadlines and a voucher.
const eventsMost = 44

func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// TestReplay proves that running documents survive an upgrade: it runs today's
// code against every history ever recorded and fails if a step would differ.
// COUNTERSIGN_RECORD_HISTORIES=<prefix> go test ./worker records new ones.
func TestReplay(t *testing.T) {
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// TestReplayNoticesAChange shows that TestReplay would fail: a history with one
// step less is not what today's code does.
func TestReplayNoticesAChange(t *testing.T) {
	history := read(t, histories(t)[0])
	var shorter []*historypb.HistoryEvent
	for _, e := range history.GetEvents() {
		if e.GetEventType() != enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES {
			shorter = append(shorter, e)
		}
	}
	history.Events = shorter
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	require.Error(t, replayer.ReplayWorkflowHistory(nil, history))
}

// TestTheEventBudget holds what a usual document costs, by kind.
func TestTheEventBudget(t *testing.T) {
	for _, file := range histories(t) {
		kinds := map[enumspb.EventType]int{}
		events := read(t, file).GetEvents()
		for _, e := range events {
			kinds[e.GetEventType()]++
		}
		t.Logf("%s: %d events %v", filepath.Base(file), len(events), kinds)
		if !strings.Contains(file, "-approved-") {
			continue
		}
		require.LessOrEqual(t, len(events), eventsMost)
		require.Equal(t, 1, kinds[enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED], "one call reaches outside")
		require.Equal(t, 1, kinds[enumspb.EVENT_TYPE_TIMER_STARTED], "one timer a document")
		require.LessOrEqual(t, kinds[enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES], 4, "one a place it rests")
	}
}

func read(t *testing.T, file string) *historypb.History {
	t.Helper()
	open, err := os.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, open.Close()) }()
	history, err := client.HistoryFromJSON(open, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history
}
