package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
	"github.com/countersign/countersign/workflows"
)

// plainBooks is an ERP with one account, which is busy when it is first asked.
type plainBooks struct {
	erp.Port
	asked int
}

func (p *plainBooks) Capabilities() erp.Capabilities { return erp.Capabilities{} }

func (p *plainBooks) Sync(context.Context, time.Time) (erp.Master, error) {
	if p.asked++; p.asked == 1 {
		return erp.Master{}, fault.New(fault.Busy, erp.CodeUnavailable)
	}
	return erp.Master{Complete: true, Accounts: []port.Account{{ID: "1", Code: "6602", Active: true}}}, nil
}

// shelf keeps the runs in memory.
type shelf struct {
	activities.MasterBook
	kept chan store.MasterRun
}

func (s shelf) Master(context.Context, string) ([]master.Row, error)        { return nil, nil }
func (s shelf) NewestMaster(context.Context) ([]store.MasterRun, error)     { return nil, nil }
func (s shelf) Policies(context.Context, string) ([]store.PolicyRow, error) { return nil, nil }
func (s shelf) Snapshot(context.Context, int64) (*org.Snapshot, error)      { return &org.Snapshot{}, nil }
func (s shelf) MasterRulings(context.Context, string) (map[string]master.Ruling, error) {
	return nil, nil
}
func (s shelf) SaveMaster(_ context.Context, r store.MasterRun, _ []master.Change) error {
	s.kept <- r
	return nil
}

// masterOf makes what reads the master data of one ERP, into a channel.
func masterOf() (*activities.MasterData, chan store.MasterRun) {
	kept := make(chan store.MasterRun, 10)
	return &activities.MasterData{Book: shelf{kept: kept},
		Sources: map[string]activities.MasterSource{"books": {Ledger: activities.Ledger{Port: &plainBooks{}}, Entities: []string{"CN01"}}}}, kept
}

// readsMaster reads master data on a real server: once for a person, tried again where
// the ERP is busy, and by a schedule: at once when it is made, not when the next worker
// says it again, and no more when it ends.
func (h *house) readsMaster(t *testing.T) {
	ctx := t.Context()
	run := uuid.Must(uuid.NewV7()).String()
	for range 2 {
		_, err := h.engine.ReadMaster(ctx, activities.MasterInput{Run: run, Connection: "books", By: "liu"})
		require.NoError(t, err)
	}
	id := workflows.MasterDataID("books") + ":" + run
	var outcome activities.MasterOutcome
	require.NoError(t, h.client.GetWorkflow(ctx, id, "").Get(ctx, &outcome))
	require.Equal(t, activities.MasterOutcome{State: store.MasterApplied, Came: 1, Counts: map[string]int{master.Added: 1}}, outcome)
	kept := h.untilMaster(t)
	require.Equal(t, run, kept.ID)
	require.Equal(t, "liu", kept.By)
	play := *h
	play.t = t
	play.replay("master", id)

	for _, every := range []time.Duration{time.Hour, 2 * time.Hour} {
		require.NoError(t, worker.ScheduleMasterData(ctx, h.client, []string{"books"}, nil, every))
	}
	schedule := h.client.ScheduleClient().GetHandle(ctx, workflows.MasterDataID("books"))
	require.Empty(t, h.untilMaster(t).By, "the first reading is at once")
	require.NoError(t, worker.ScheduleMasterData(ctx, h.client, []string{"books"}, []string{"books"}, 2*time.Hour))
	h.untilMaster(t) // one that can tell of more than was read, too
	described, err := schedule.Describe(ctx)
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, described.Schedule.Spec.Intervals[0].Every)
	require.Equal(t, 2, described.Info.NumActions, "a worker that starts again reads nothing")
	for range 2 {
		require.NoError(t, worker.ScheduleMasterData(ctx, h.client, []string{"books"}, nil, 0))
	}
	_, err = schedule.Describe(ctx)
	require.Error(t, err)
}

// untilMaster waits for a reading that is kept.
func (h *house) untilMaster(t *testing.T) store.MasterRun {
	t.Helper()
	select {
	case run := <-h.masterRuns:
		return run
	case <-time.After(settleMax):
		require.FailNow(t, "nothing was read")
		return store.MasterRun{}
	}
}
