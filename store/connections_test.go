package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// TestConnections is what connections keep: themselves for the next burst, and the plan of
// what a decision reads.
func TestConnections(t *testing.T) {
	w := newWorld(t)
	open := func(most int, name string) *store.Store {
		s, err := store.Open(w.ctx, store.Options{URL: w.url, MaxOpen: most, Application: name})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	t.Run("a burst leaves its connections to the next", func(t *testing.T) {
		s := open(8, "burst")
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() { _, _ = s.Task(w.ctx, "none") })
		}
		all.Wait()
		var left int
		require.NoError(t, w.root.Get(&left, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'burst'`))
		require.Greater(t, left, 2, "database/sql alone keeps two")
	})
	t.Run("a task that is read again is not planned anew", func(t *testing.T) {
		s := open(1, "again")
		for range 8 { // the first five are planned for their value
			_, err := s.Task(w.ctx, "none")
			require.ErrorContains(t, err, "task.not_found")
		}
		var planned int
		require.NoError(t, s.Session(&planned, `SELECT sum(custom_plans) FROM pg_prepared_statements
			WHERE statement LIKE '%FROM tasks t JOIN%'`))
		require.Equal(t, 5, planned)
	})
}
