package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/master"
)

// What came of a ruling on a difference of master data.
const (
	MasterRulingApplied = "applied"
	MasterRulingOver    = "over" // the ERP says so no more
)

// MasterRuling is what a person said of a difference that waits. 主数据差异处理
type MasterRuling struct {
	ID, Connection, Fingerprint string

	Ruling  master.Ruling
	Change  master.Change // as it was shown
	Person  string
	Reason  string
	RuledAt time.Time
	Outcome string // "" while it holds
	EndedAt time.Time
}

// RuleMaster keeps what a person says of differences. One that was ruled on keeps the
// ruling that holds. Safe to repeat.
func (s *Store) RuleMaster(ctx context.Context, rulings []MasterRuling) error {
	const insert = `INSERT INTO master_rulings (id, connection, fingerprint, ruling, change, person, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (connection, fingerprint) WHERE outcome IS NULL DO NOTHING`
	return s.inTx(ctx, "store.RuleMaster", func(tx *sqlx.Tx) error {
		for _, r := range rulings {
			_, err := tx.ExecContext(ctx, insert, newID(), r.Connection, r.Change.Fingerprint(), string(r.Ruling),
				listed(r.Change), r.Person, r.Reason)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// MasterRulings are the rulings of a connection that hold, by fingerprint.
func (s *Store) MasterRulings(ctx context.Context, connection string) (map[string]master.Ruling, error) {
	const query = `SELECT fingerprint, ruling FROM master_rulings WHERE connection = $1 AND outcome IS NULL`
	var rows []struct{ Fingerprint, Ruling string }
	if err := s.db.SelectContext(ctx, &rows, query, connection); err != nil {
		return nil, sqlFault("store.MasterRulings", err)
	}
	said := make(map[string]master.Ruling, len(rows))
	for _, r := range rows {
		said[r.Fingerprint] = master.Ruling(r.Ruling)
	}
	return said, nil
}

// MasterRulingsOf lists the newest rulings of a connection, and all that hold, the newest
// first.
func (s *Store) MasterRulingsOf(ctx context.Context, connection string, limit int) ([]MasterRuling, error) {
	const query = `SELECT id, connection, fingerprint, ruling, change, person, reason, ruled_at,
		coalesce(outcome, '') AS outcome, ended_at FROM master_rulings
		WHERE connection = $1 AND (outcome IS NULL OR id IN (
			SELECT id FROM master_rulings WHERE connection = $1 ORDER BY ruled_at DESC, id DESC LIMIT $2))
		ORDER BY ruled_at DESC, id DESC`
	var rows []struct {
		ID, Connection, Fingerprint, Ruling, Change, Person, Reason, Outcome string

		RuledAt time.Time    `db:"ruled_at"`
		EndedAt sql.NullTime `db:"ended_at"`
	}
	if err := s.db.SelectContext(ctx, &rows, query, connection, limit); err != nil {
		return nil, sqlFault("store.MasterRulingsOf", err)
	}
	all := make([]MasterRuling, 0, len(rows))
	for _, r := range rows {
		ruling := MasterRuling{ID: r.ID, Connection: r.Connection, Fingerprint: r.Fingerprint,
			Ruling: master.Ruling(r.Ruling), Person: r.Person, Reason: r.Reason, RuledAt: r.RuledAt.UTC(),
			Outcome: r.Outcome, EndedAt: orZero(r.EndedAt)}
		if err := json.Unmarshal([]byte(r.Change), &ruling.Change); err != nil {
			return nil, fmt.Errorf("read the ruling %s on master data: %w", r.ID, err)
		}
		all = append(all, ruling)
	}
	return all, nil
}

// endMasterRulings ends the rulings that a reading has carried out, and those whose
// difference a reading of everything did not find any more: should the ERP say the same
// again one day, somebody is asked again.
func endMasterRulings(ctx context.Context, tx *sqlx.Tx, run MasterRun, apply []master.Change) error {
	if run.State == MasterFailed {
		return nil
	}
	applied, found := make([]string, 0, len(apply)), append([]string{}, run.Found...) // an array, be it empty: no NULL
	for _, c := range apply {
		applied = append(applied, c.Fingerprint())
	}
	const end = `UPDATE master_rulings SET ended_at = clock_timestamp(),
		       outcome = CASE WHEN fingerprint = ANY($2) THEN 'applied' ELSE 'over' END
		WHERE connection = $1 AND outcome IS NULL AND (fingerprint = ANY($2) OR $3 AND fingerprint <> ALL($4))`
	_, err := tx.ExecContext(ctx, end, run.Connection, pq.Array(applied), run.Complete, pq.Array(found))
	return err
}

// keepRates makes the rates of a connection those that documents are counted with, where
// no rate of that day is known from elsewhere. What a document was submitted with is
// frozen with it, and is not touched.
func keepRates(ctx context.Context, tx *sqlx.Tx, connection string) error {
	const keep = `
		INSERT INTO rates (currency, base, date, value, source)
		SELECT r.a->>'of', r.a->>'in', (r.a->>'day')::date, r.a->>'value', $2
		FROM (SELECT attributes::jsonb AS a FROM master_rows WHERE connection = $1 AND kind = 'rate' AND NOT gone) AS r
		ON CONFLICT (currency, base, date) DO UPDATE SET value = excluded.value, saved_at = clock_timestamp()
		WHERE rates.source = excluded.source AND rates.value <> excluded.value`
	_, err := tx.ExecContext(ctx, keep, connection, "erp:"+connection)
	return err
}
