package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
	"github.com/countersign/countersign/workflows"
)

// staff is a directory of one person, and what is known of it, in memory.
type staff struct {
	mutex sync.Mutex
	runs  map[string]store.DirectoryRun
	known []directory.Resource
}

func (s *staff) List(context.Context) (directory.Listing, error) {
	li, err := directory.Read(directory.User, map[string]any{"userName": "li", "externalId": "1", "active": true})
	return directory.Listing{Users: []directory.Resource{li}, Sum: "sum"}, err
}

func (s *staff) BeginDirectoryRun(_ context.Context, r store.DirectoryRun) error { return s.keep(r) }

func (s *staff) EndDirectoryRun(_ context.Context, r store.DirectoryRun) error { return s.keep(r) }

func (s *staff) keep(r store.DirectoryRun) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.runs[r.ID] = r
	return nil
}

func (s *staff) DirectoryRun(_ context.Context, id string) (store.DirectoryRun, error) {
	return s.runs[id], nil
}

func (s *staff) DirectoryEntries(context.Context, string) ([]directory.Resource, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.known, nil
}

func (s *staff) Directory(context.Context, time.Duration) (store.DirectoryState, error) {
	return store.DirectoryState{Active: 1}, nil
}

func (s *staff) AgreedLeavers(context.Context, string) ([]string, error) { return nil, nil }

func (s *staff) WriteDirectory(_ context.Context, in store.DirectoryWrite) (directory.Resource, error) {
	next, err := in.Edit(directory.Resource{})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next.ID = "li"
	s.known = append(s.known, next)
	return next, err
}

func (s *staff) done() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	n := 0
	for _, r := range s.runs {
		if r.State == store.RunDone {
			n++
		}
	}
	return n
}

func (s *staff) activities() *activities.Directories {
	return &activities.Directories{Book: s, Sources: map[string]activities.DirectorySource{"hr": {Port: s}}}
}

// playDirectory asks a directory on demand and by its schedule, which is kept by every
// worker that starts, changed with the configuration, and goes with its source.
func playDirectory(t *testing.T, h *house) {
	run, err := h.engine.SyncDirectory(t.Context(), workflows.DirectorySyncInput{Source: "hr", AskedBy: "adm"})
	require.NoError(t, err)
	var out activities.DirectoryRun
	require.NoError(t, run.Get(t.Context(), &out))
	require.Equal(t, activities.DirectoryRun{Run: run.GetRunID(), State: store.RunDone, Joins: 1}, out)
	play := *h
	play.t = t
	play.replay("synced", run.GetID())

	schedule := worker.DirectorySchedule{Source: "hr", Cron: "0 2 * * *", Zone: "Asia/Shanghai"}
	for range 2 {
		require.NoError(t, worker.KeepSchedules(t.Context(), h.client, []worker.DirectorySchedule{schedule, {Source: "asked"}}))
	}
	handle := h.client.ScheduleClient().GetHandle(t.Context(), "directory-sync-hr")
	require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{}))
	var is *client.ScheduleDescription
	shows := func(what func(client.Schedule) bool) { // what was asked of a schedule it does a moment later
		require.Eventually(t, func() bool {
			is, err = handle.Describe(t.Context())
			require.NoError(t, err)
			return what(is.Schedule)
		}, settleMax, lookEvery)
	}
	shows(func(s client.Schedule) bool { return s.State.Paused })
	schedule.Cron, schedule.Every = "", time.Hour
	require.NoError(t, worker.KeepSchedules(t.Context(), h.client, []worker.DirectorySchedule{schedule}))
	shows(func(s client.Schedule) bool {
		return len(s.Spec.Intervals) == 1 && s.Spec.Intervals[0].Every == time.Hour
	})
	require.Empty(t, is.Schedule.Spec.Calendars)
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, is.Schedule.Policy.Overlap)
	require.Equal(t, time.Hour, is.Schedule.Policy.CatchupWindow)
	require.True(t, is.Schedule.State.Paused, "one that somebody paused stays paused")
	before := h.staff.done()
	require.NoError(t, handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	require.Eventually(t, func() bool { return h.staff.done() > before }, settleMax, lookEvery, "the schedule asks too")

	require.Eventually(t, func() bool { // a list of schedules follows a moment later
		require.NoError(t, worker.KeepSchedules(t.Context(), h.client, nil))
		_, err := handle.Describe(t.Context())
		return err != nil
	}, settleMax, 10*lookEvery, "it goes with its source")
}
