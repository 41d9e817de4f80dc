package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/master"
)

// The states of a reading of master data.
const (
	MasterApplied = "applied"
	MasterHeld    = "held" // but for what would break something in use
	MasterFailed  = "failed"
)

// MasterRun is one reading of an ERP's master data. 主数据同步
type MasterRun struct {
	ID         string
	Connection string
	Entities   []string // whose books they are
	Kinds      []string // that the connection could tell of
	By         string   // who asked; "" = the schedule, or an operator
	State      string
	Complete   bool // everything, not only what changed
	Review     bool // every difference waits, not only what would break something in use
	Came       int  // rows
	Counts     map[string]int
	Held       []master.Change
	Remarks    []master.Remark
	Code       string // of the fault, where it failed
	Detail     string
	AsOf       time.Time // from here the next delta is read
	StartedAt  time.Time
	FinishedAt time.Time

	// Only while it is saved: what was found, by fingerprint, and whether its rates count.
	Found []string
	Rates bool
}

// masterRunRow is a run as the table holds it.
type masterRunRow struct {
	ID, Connection, State, Counts, Held, Remarks, Code, Detail string

	Entities   pq.StringArray
	Kinds      pq.StringArray
	By         string `db:"by_person"`
	Complete   bool
	Review     bool
	Came       int
	AsOf       time.Time `db:"as_of"`
	StartedAt  time.Time `db:"started_at"`
	FinishedAt time.Time `db:"finished_at"`
}

func (r masterRunRow) run() (MasterRun, error) {
	run := MasterRun{
		ID: r.ID, Connection: r.Connection, Entities: r.Entities, Kinds: r.Kinds, By: r.By, State: r.State,
		Complete: r.Complete, Review: r.Review, Came: r.Came,
		Code: r.Code, Detail: r.Detail, AsOf: r.AsOf, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
	}
	for text, into := range map[string]any{r.Counts: &run.Counts, r.Held: &run.Held, r.Remarks: &run.Remarks} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return run, fmt.Errorf("read the run %s of master data: %w", r.ID, err)
		}
	}
	return run, nil
}

const masterRunColumns = `id, connection, entities, by_person, state, complete, came, counts, held, remarks, code,
	detail, as_of, started_at, finished_at, review, kinds`

// MasterRuns lists the readings of a connection, of every one for "", the newest first.
func (s *Store) MasterRuns(ctx context.Context, connection string, limit int) ([]MasterRun, error) {
	var rows []masterRunRow
	query := `SELECT ` + masterRunColumns + ` FROM master_runs WHERE connection = $1 OR $1 = ''
		ORDER BY finished_at DESC, id DESC LIMIT $2`
	if err := s.db.SelectContext(ctx, &rows, query, connection, limit); err != nil {
		return nil, sqlFault("store.MasterRuns", err)
	}
	return masterRuns(rows)
}

// NewestMaster lists the newest reading of every connection that did not fail.
func (s *Store) NewestMaster(ctx context.Context) ([]MasterRun, error) {
	var rows []masterRunRow
	query := `SELECT DISTINCT ON (connection) ` + masterRunColumns + ` FROM master_runs
		WHERE state <> 'failed' ORDER BY connection, finished_at DESC, id DESC`
	if err := s.db.SelectContext(ctx, &rows, query); err != nil {
		return nil, sqlFault("store.NewestMaster", err)
	}
	return masterRuns(rows)
}

func masterRuns(rows []masterRunRow) ([]MasterRun, error) {
	runs := make([]MasterRun, 0, len(rows))
	for _, r := range rows {
		run, err := r.run()
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// SaveMaster keeps a reading and what it changed, in one transaction.
//
// Safe to repeat: a run that is kept already changes nothing.
func (s *Store) SaveMaster(ctx context.Context, run MasterRun, apply []master.Change) error {
	return s.inTx(ctx, "store.SaveMaster", func(tx *sqlx.Tx) error {
		const insert = `INSERT INTO master_runs (id, connection, entities, by_person, state, complete, came, counts, held,
			remarks, code, detail, as_of, started_at, review, kinds)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)
			ON CONFLICT DO NOTHING`
		done, err := tx.ExecContext(ctx, insert, run.ID, run.Connection, pq.Array(run.Entities), run.By, run.State,
			run.Complete, run.Came, listed(run.Counts), listed(run.Held), listed(run.Remarks), run.Code, run.Detail,
			run.AsOf.UTC(), run.StartedAt.UTC(), run.Review, pq.Array(append([]string{}, run.Kinds...)))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := applyMaster(ctx, tx, run, apply); err != nil {
			return err
		}
		if err := endMasterRulings(ctx, tx, run, apply); err != nil || !run.Rates {
			return err
		}
		return keepRates(ctx, tx, run.Connection)
	})
}

// listed is JSON text; of nothing, an empty list or object is read as nothing too.
func listed(v any) string { return string(mustJSON(v)) }

// applyMaster writes what changed, all kinds and codes in one statement.
func applyMaster(ctx context.Context, tx *sqlx.Tx, run MasterRun, apply []master.Change) error {
	if len(apply) == 0 {
		return nil
	}
	var kinds, codes, names, ids, attributes []string
	var active, gone []bool
	for _, c := range apply {
		r := c.After
		kinds, codes = append(kinds, string(r.Kind)), append(codes, r.Code)
		names, ids = append(names, r.Name), append(ids, r.ID)
		attributes, active, gone = append(attributes, listed(r.Attributes)), append(active, r.Active), append(gone, r.Gone)
	}
	const upsert = `INSERT INTO master_rows (connection, run, kind, code, name, erp_id, attributes, active, gone)
		SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::boolean[])
		ON CONFLICT (connection, kind, code) DO UPDATE SET run = excluded.run, name = excluded.name, erp_id = excluded.erp_id,
			attributes = excluded.attributes, active = excluded.active, gone = excluded.gone`
	_, err := tx.ExecContext(ctx, upsert, run.Connection, run.ID, pq.Array(kinds), pq.Array(codes), pq.Array(names),
		pq.Array(ids), pq.Array(attributes), pq.Array(active), pq.Array(gone))
	return err
}

// MasterOf reads the master data of the books that an entity is booked in, by key; nil
// where they were never read.
func (s *Store) MasterOf(ctx context.Context, entity string) (map[master.Key]master.Row, error) {
	newest, err := s.NewestMaster(ctx)
	if err != nil {
		return nil, err
	}
	for _, run := range newest {
		if !slices.Contains(run.Entities, entity) {
			continue
		}
		rows, err := s.Master(ctx, run.Connection)
		if err != nil {
			return nil, err
		}
		byKey := make(map[master.Key]master.Row, len(rows))
		for _, r := range rows {
			byKey[r.Key()] = r
		}
		return byKey, nil
	}
	return nil, nil
}
