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
	for range 2 {
		a, err := gateway.AskInbound(w.ctx, "crm", "ann", store.Idempotency{Actor: "ann", Route: "r", Key: "once", Fingerprint: "f"})
		require.NoError(w.t, err)
		assert.Equal(w.t, []string{"crm", "ann"}, []string{a.Source, a.Person})
	}
	_, err = gateway.AskInbound(w.ctx, "crm", "sue", store.Idempotency{})
	require.NoError(w.t, err)
	asked, err := gateway.InboundAskings(w.ctx)
	require.NoError(w.t, err)
	assert.Equal(w.t, "sue", asked["crm"].Person, "the newest")
	var kept int
	require.NoError(w.t, w.root.QueryRow(`SELECT count(*) FROM inbound_askings`).Scan(&kept))
	assert.Equal(w.t, 2, kept, "once for a key")
	_, err = w.root.Exec(`UPDATE inbound_askings SET person = 'x'`)
	require.Error(w.t, err)
	counts, err := gateway.InboundCounts(w.ctx)
	require.NoError(w.t, err)
	assert.Positive(w.t, counts["crm"].Received)
	mark, err := worker.InboundWatermark(w.ctx, "crm")
	require.NoError(w.t, err)
	assert.Equal(w.t, "10", mark)
}
