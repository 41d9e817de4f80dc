package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// A worker that did not say how its gates stand for so long is taken for gone; after the
// second its rows are deleted.
const (
	gateGone    = "45 seconds"
	gateForgets = "1 hour"
)

// GateRow is how the gate of one worker before one ERP connection stands.
type GateRow struct {
	Connection string
	Worker     string
	Phase      string // see gate.Phase
	Since      time.Time
	Until      sql.NullTime // when somebody may ask again
	InFlight   int          `db:"in_flight"`
	Limited    int64
	Code       string // of the newest failure, while it is not well
}

// SaveGates keeps how the gates of one worker stand. Safe to repeat.
func (s *Store) SaveGates(ctx context.Context, worker string, rows []GateRow) error {
	const write = `
		INSERT INTO erp_gates (connection, worker, phase, since, until, in_flight, limited, code, seen_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
		ON CONFLICT (connection, worker) DO UPDATE SET phase = EXCLUDED.phase, since = EXCLUDED.since,
		    until = EXCLUDED.until, in_flight = EXCLUDED.in_flight, limited = EXCLUDED.limited,
		    code = EXCLUDED.code, seen_at = EXCLUDED.seen_at`
	const forget = `DELETE FROM erp_gates WHERE seen_at < clock_timestamp() - interval '` + gateForgets + `'`
	return s.inTx(ctx, "store.SaveGates", func(tx *sqlx.Tx) error {
		for _, r := range rows {
			_, err := tx.ExecContext(ctx, write, r.Connection, worker, r.Phase, r.Since, r.Until, r.InFlight, r.Limited, r.Code)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, forget)
		return err
	})
}

// Gates lists how the gates of all workers that live stand.
func (s *Store) Gates(ctx context.Context) ([]GateRow, error) {
	const query = `
		SELECT connection, worker, phase, since, until, in_flight, limited, code FROM erp_gates
		WHERE seen_at > clock_timestamp() - interval '` + gateGone + `'
		ORDER BY connection, worker`
	var rows []GateRow
	err := s.db.SelectContext(ctx, &rows, query)
	return rows, sqlFault("store.Gates", err)
}
