package store_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// TestGatesOfWorkers proves that workers say how their gates stand, each for itself, that the gateway
// and an auditor read it and say nothing, and that a worker that is silent is gone.
func TestGatesOfWorkers(t *testing.T) {
	w := newLedgers(t)
	db, err := sqlx.Open("postgres", w.url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	rests := store.GateRow{Connection: "books", Phase: "resting", Since: time.Now().UTC().Truncate(time.Microsecond),
		Until: sql.NullTime{Time: time.Now().Add(time.Minute), Valid: true}, InFlight: 1, Limited: 2, Code: "erp.unavailable"}
	open := store.GateRow{Connection: "books", Phase: "open", Since: rests.Since}
	require.NoError(t, w.worker.SaveGates(t.Context(), "w1", []store.GateRow{open}))
	require.NoError(t, w.worker.SaveGates(t.Context(), "w2", []store.GateRow{open}))
	require.NoError(t, w.worker.SaveGates(t.Context(), "w2", []store.GateRow{rests}))
	rows, err := w.gateway.Gates(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, "open", rows[0].Phase)
	require.Equal(t, []any{"w2", "resting", 1, int64(2), "erp.unavailable", true},
		[]any{rows[1].Worker, rows[1].Phase, rows[1].InFlight, rows[1].Limited, rows[1].Code, rows[1].Until.Valid})
	require.Error(t, w.gateway.SaveGates(t.Context(), "g", []store.GateRow{open}), "not the gateway's to say")

	_, err = db.ExecContext(t.Context(), `UPDATE erp_gates SET seen_at = now() - interval '1 minute' WHERE worker = 'w1'`)
	require.NoError(t, err)
	rows, err = w.gateway.Gates(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	_, err = db.ExecContext(t.Context(), `UPDATE erp_gates SET seen_at = now() - interval '2 hours' WHERE worker = 'w1'`)
	require.NoError(t, err)
	require.NoError(t, w.worker.SaveGates(t.Context(), "w2", nil))
	var left int
	require.NoError(t, db.GetContext(t.Context(), &left, `SELECT count(*) FROM erp_gates`))
	require.Equal(t, 1, left)
}
