package store_test

import (
	"database/sql/driver"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestRecordIsWhole breaks the connection before and after every statement in
// turn, and finds either everything or nothing; the repeat makes it everything.
func TestRecordIsWhole(t *testing.T) {
	for name, late := range map[string]bool{"not sent": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.routed("train", approval.AnyOf, "ann")
			broken := w.breakEverywhere(d.ID, w.act(d.ID, approval.Return, "ann"), late)
			require.Equal(t, 2, broken, "a look and a write")
			next := content("train and taxi") // takes a transaction of several statements
			hash, err := next.Hash()
			require.NoError(t, err)
			again := w.act(d.ID, approval.Resubmit, "sue")
			again.Revision, err = w.s.SaveRevision(w.ctx, store.RevisionInput{
				Document: d.ID, Actor: "sue", Content: next, Hash: hash,
			})
			require.NoError(t, err)
			again.NewHash = hash
			require.GreaterOrEqual(t, w.breakEverywhere(d.ID, again, late), 5)
			w.clean()
		})
	}
}

// breakEverywhere records an act with every statement of it broken once, and
// answers with how many there were.
func (w *world) breakEverywhere(document string, a approval.Act, late bool) int {
	w.t.Helper()
	counter, s := w.counting()
	w.commit(a)
	for n := 1; ; n++ {
		request, err := w.request(document, a)
		require.NoError(w.t, err)
		before := w.state(document)
		_, err = s.PublicKeys(w.ctx) // so that every round has the same statements
		require.NoError(w.t, err)
		counter.breakAt(n, io.ErrUnexpectedEOF, late)
		_, err = s.Record(w.ctx, request, stampIn(time.Hour))
		if err == nil {
			return n - 1
		}
		assert.Equal(w.t, fault.Busy, fault.KindOf(err), "%v", err)
		row, err := w.s.Act(w.ctx, a.ID)
		require.NoError(w.t, err)
		if row.Outcome == nil {
			assert.Equal(w.t, before, w.state(document), "statement %d", n)
			continue
		}
		assert.True(w.t, late, "statement %d was never sent", n)
		again, err := s.Record(w.ctx, request, stampIn(time.Hour))
		require.NoError(w.t, err)
		assert.Equal(w.t, *row.Outcome, again.Outcome)
		assert.Equal(w.t, again.Outcome.Seq, w.state(document).Seq)
		return n
	}
}

// TestRecordRepeatsItselfHarmlessly: database/sql sends a statement again when it
// finds its connection broken; what was carried out already is not done twice.
func TestRecordRepeatsItselfHarmlessly(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	counter, s := w.counting()
	_, err := s.PublicKeys(w.ctx)
	require.NoError(t, err)
	a := w.act(d.ID, approval.Approve, "ann")
	counter.breakAt(1, driver.ErrBadConn, true)
	_, fresh, err := s.CommitAct(w.ctx, w.signed(a))
	require.NoError(t, err)
	assert.False(t, fresh)
	request, err := w.request(d.ID, a)
	require.NoError(t, err)
	counter.breakAt(2, driver.ErrBadConn, true)
	got, err := s.Record(w.ctx, request, stampIn(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, got.Outcome.Seq, w.state(d.ID).Seq)
	w.clean()
}
