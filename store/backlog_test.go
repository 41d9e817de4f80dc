package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestBacklog counts what was acknowledged until it goes on, and tells the age of the oldest.
func TestBacklog(t *testing.T) {
	w := newWorld(t)
	read := func() store.Backlog {
		b, err := w.s.Backlog(w.ctx)
		require.NoError(t, err)
		return b
	}
	require.Zero(t, read())

	d := w.routed("train", approval.AnyOf, "ann")
	a := w.act(d.ID, approval.Approve, "ann")
	w.commit(a)
	w.root.MustExec(`UPDATE documents SET parked_code = 'erp.refused', parked_at = clock_timestamp() - interval '2 days'
		WHERE id = $1`, d.ID)
	w.root.MustExec(`UPDATE starts SET done_at = NULL WHERE document = $1`, d.ID)
	b := read()
	require.Equal(t, []int64{1, 1, 1}, []int64{b.Submissions, b.Acts, b.Parked})
	assert.Positive(t, b.OldestStart)
	assert.Positive(t, b.OldestAct)
	assert.InDelta(t, 48, b.OldestPark.Hours(), 1)

	require.NoError(t, w.s.StartDone(w.ctx, d.ID))
	_, err := w.s.RefuseAct(w.ctx, a.ID, approval.Outcome{Code: "task.stale"})
	require.NoError(t, err)
	w.root.MustExec(`UPDATE documents SET parked_code = '', parked_at = NULL WHERE id = $1`, d.ID)
	require.Equal(t, store.Backlog{}, read())
	require.Less(t, b.OldestStart, time.Hour)
}
