package store_test

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// collectedUnder has the worker bring messages under its own role: each says that it
// did, whatever comes under its name afterwards. How a source was read stays until
// something new comes.
func (w *world) collectedUnder(worker, gateway *store.Store) {
	w.t.Helper()
	in := inbound("collected", "a")
	in.Calm = true
	m, err := worker.Receive(w.ctx, in)
	require.NoError(w.t, err)
	assert.Equal(w.t, store.RoleWorker, m.ReceivedBy)
	require.NoError(w.t, gateway.InboundFailed(w.ctx, m, fault.New(fault.Invalid, "payee.unknown"), "cn"))
	m, err = worker.Receive(w.ctx, in)
	require.NoError(w.t, err)
	assert.Equal(w.t, []string{store.InboundRefused, store.RoleWorker}, []string{m.State, m.ReceivedBy}, "it rests")
	mended, err := gateway.Receive(w.ctx, inbound("collected", "b"))
	require.NoError(w.t, err)
	assert.NotEqual(w.t, store.RoleWorker, mended.ReceivedBy)
	require.NoError(w.t, gateway.InboundFailed(w.ctx, mended, fault.New(fault.Invalid, "payee.unknown"), "cn"))
	in = inbound("collected", "c")
	taken, err := worker.Receive(w.ctx, in)
	require.NoError(w.t, err)
	assert.Equal(w.t, store.RoleWorker, taken.ReceivedBy)
	named, err := worker.InboundNamed(w.ctx, "crm", []string{"collected", "nothing"})
	require.NoError(w.t, err)
	require.Len(w.t, named, 1)
	assert.Equal(w.t, in.Hash, named["collected"].Hash)
	assert.Empty(w.t, named["collected"].Body)

	for _, r := range []store.InboundReading{
		{Source: "crm", Items: 7, Files: 2, Watermark: "10"}, {Source: "crm", Code: "drop.unavailable", Detail: "why"},
	} {
		require.NoError(w.t, worker.NoteInboundReading(w.ctx, r))
	}
	readings, err := gateway.InboundReadings(w.ctx)
	require.NoError(w.t, err)
	got := readings["crm"]
	assert.WithinDuration(w.t, got.ReadAt, got.TookAt, time.Hour)
	got.ReadAt, got.TookAt = time.Time{}, time.Time{}
	assert.Equal(w.t, store.InboundReading{Source: "crm", Items: 7, Files: 2, Watermark: "10", Code: "drop.unavailable",
		Detail: "why"}, got)
	mark, err := worker.InboundWatermark(w.ctx, "crm")
	require.NoError(w.t, err)
	assert.Equal(w.t, "10", mark)
}
