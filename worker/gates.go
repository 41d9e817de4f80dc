package worker

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/store"
)

// gatesEvery is how often a worker says how its gates stand, where nothing changed.
const gatesEvery = 15 * time.Second

// GateBook is the part of the store that TellGates needs.
type GateBook interface {
	SaveGates(ctx context.Context, worker string, rows []store.GateRow) error
}

// TellGates keeps the record of how the gates of this worker stand, until ctx ends: at
// every change, and every so often. Where the record is away nobody is told; the gates
// do not need it.
func TellGates(ctx context.Context, book GateBook, worker string, gates []*gate.Gate, changed <-chan struct{}) {
	ticks := time.NewTicker(gatesEvery)
	defer ticks.Stop()
	for {
		if err := book.SaveGates(ctx, worker, rowsOf(gates)); err != nil && ctx.Err() == nil {
			slog.Warn("nobody is told how the ERPs are", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		case <-changed:
		}
	}
}

func rowsOf(gates []*gate.Gate) []store.GateRow {
	rows := make([]store.GateRow, 0, len(gates))
	for _, g := range gates {
		s := g.State()
		rows = append(rows, store.GateRow{Connection: s.Connection, Phase: string(s.Phase), Since: s.Since,
			Until:    sql.NullTime{Time: s.Until, Valid: !s.Until.IsZero()},
			InFlight: s.InFlight, Limited: s.Limited, Code: s.Code})
	}
	return rows
}
