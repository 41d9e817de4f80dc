package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// The states of a run.
const (
	RunRunning = "running"
	RunHeld    = "held"   // too many would leave: nothing is carried out until an administrator agrees
	RunDone    = "done"   // carried out
	RunShown   = "shown"  // only shown what would be
	RunFailed  = "failed" // nothing, or not all of it, was carried out
)

const (
	differencesMost = 500 // that a run keeps for people
	runLost         = time.Hour
	agreedFor       = 24 * time.Hour // an administrator's word holds for what was held
)

// DirectoryRun is one time that a source was asked. 目录同步记录
type DirectoryRun struct {
	ID, Source, AskedBy, State, Sum, Fault, ApprovedBy string

	DryRun      bool
	Began       time.Time
	Ended       time.Time // zero: it runs
	Approved    time.Time
	Listed      int
	Joins       int
	Changes     int
	Leaves      int
	Applied     int
	Refused     int
	Active      int
	Differences []directory.Difference
	Leavers     []string
}

type directoryRunRow struct {
	ID, Source, State, Sum, Fault, Differences string

	AskedBy    string       `db:"asked_by"`
	ApprovedBy string       `db:"approved_by"`
	DryRun     bool         `db:"dry_run"`
	BeganAt    time.Time    `db:"began_at"`
	EndedAt    sql.NullTime `db:"ended_at"`
	ApprovedAt sql.NullTime `db:"approved_at"`
	Leavers    pq.StringArray

	Listed, Joins, Changes, Leaves, Applied, Refused, Active int
}

const directoryRunColumns = `id, source, asked_by, dry_run, state, began_at, ended_at, listed, joins, changes, leaves,
	applied, refused, active, sum, differences, leavers, fault, approved_by, approved_at`

func (r directoryRunRow) run() DirectoryRun {
	run := DirectoryRun{
		ID: r.ID, Source: r.Source, AskedBy: r.AskedBy, State: r.State, Sum: r.Sum, Fault: r.Fault, ApprovedBy: r.ApprovedBy,
		DryRun: r.DryRun, Began: r.BeganAt.UTC(), Ended: orZero(r.EndedAt), Approved: orZero(r.ApprovedAt), Listed: r.Listed,
		Joins: r.Joins, Changes: r.Changes, Leaves: r.Leaves, Applied: r.Applied, Refused: r.Refused, Active: r.Active,
		Leavers: r.Leavers,
	}
	_ = json.Unmarshal([]byte(r.Differences), &run.Differences) // ours
	return run
}

// DirectoryEntries is what is known of a source, users and groups, with who is in them.
func (s *Store) DirectoryEntries(ctx context.Context, source string) ([]directory.Resource, error) {
	const query = `SELECT ` + directoryColumns + ` FROM directory_entries 
		WHERE source = $1 AND source <> '' AND deleted_at IS NULL`
	var rows []directoryRow
	if err := s.db.SelectContext(ctx, &rows, query, source); err != nil {
		return nil, sqlFault("store.DirectoryEntries", err)
	}
	var users, groups []directory.Resource
	for _, row := range rows {
		r, err := row.resource()
		if err != nil {
			return nil, err
		}
		if r.Kind == directory.Group {
			groups = append(groups, r)
		} else {
			users = append(users, r)
		}
	}
	err := addMembers(ctx, s.db, groups)
	return append(users, groups...), sqlFault("store.DirectoryEntries", err)
}

// BeginDirectoryRun notes that a source is asked now; one at a time. A run whose worker
// was lost an hour ago is over.
//
// Safe to repeat. Errors: Conflict directory.running.
func (s *Store) BeginDirectoryRun(ctx context.Context, r DirectoryRun) error {
	return s.inTx(ctx, "store.BeginDirectoryRun", func(tx *sqlx.Tx) error {
		const lost = `
			UPDATE directory_runs SET state = 'failed', ended_at = clock_timestamp(), fault = 'directory.lost'
			WHERE source = $1 AND state = 'running' AND id <> $2
			  AND began_at < clock_timestamp() - $3 * interval '1 microsecond'`
		if _, err := tx.ExecContext(ctx, lost, r.Source, r.ID, runLost.Microseconds()); err != nil {
			return err
		}
		const begin = `
			INSERT INTO directory_runs (id, source, asked_by, dry_run, state) VALUES ($1, $2, $3, $4, 'running')
			ON CONFLICT DO NOTHING`
		if _, err := tx.ExecContext(ctx, begin, r.ID, r.Source, r.AskedBy, r.DryRun); err != nil {
			return err
		}
		var mine bool
		const running = `SELECT EXISTS (SELECT FROM directory_runs WHERE id = $1)`
		if err := tx.GetContext(ctx, &mine, running, r.ID); err != nil || mine {
			return err
		}
		return fault.New(fault.Conflict, "directory.running", fault.Arg("source", r.Source))
	})
}

// EndDirectoryRun keeps what a run found and did. Where it is held, the administrators
// are told.
//
// Safe to repeat: a run that is over stays as it was.
func (s *Store) EndDirectoryRun(ctx context.Context, r DirectoryRun) error {
	if len(r.Differences) > differencesMost {
		r.Differences = r.Differences[:differencesMost]
	}
	if r.Differences == nil {
		r.Differences = []directory.Difference{}
	}
	if r.Leavers == nil {
		r.Leavers = []string{}
	}
	return s.inTx(ctx, "store.EndDirectoryRun", func(tx *sqlx.Tx) error {
		const end = `
			UPDATE directory_runs SET state = $2, ended_at = clock_timestamp(), listed = $3, joins = $4, changes = $5,
			       leaves = $6, applied = $7, refused = $8, active = $9, sum = $10, differences = $11,
			       leavers = $12, fault = $13
			WHERE id = $1 AND state = 'running'`
		result, err := tx.ExecContext(ctx, end, r.ID, r.State, r.Listed, r.Joins, r.Changes, r.Leaves, r.Applied, r.Refused,
			r.Active, r.Sum, string(mustJSON(r.Differences)), pq.Array(r.Leavers), r.Fault)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 || r.State != RunHeld {
			return err
		}
		data := map[string]string{"source": r.Source, "n": strconv.Itoa(r.Leaves), "active": strconv.Itoa(r.Active)}
		_, err = tx.ExecContext(ctx, tellAdministrators, notice.DirectoryHeld, r.ID, string(mustJSON(data)))
		return err
	})
}

// DirectoryRuns lists the last runs, the newest first.
func (s *Store) DirectoryRuns(ctx context.Context, limit int) ([]DirectoryRun, error) {
	const query = `SELECT ` + directoryRunColumns + ` FROM directory_runs ORDER BY began_at DESC, id DESC LIMIT $1`
	var rows []directoryRunRow
	if err := s.db.SelectContext(ctx, &rows, query, limit); err != nil {
		return nil, sqlFault("store.DirectoryRuns", err)
	}
	runs := make([]DirectoryRun, 0, len(rows))
	for _, r := range rows {
		runs = append(runs, r.run())
	}
	return runs, nil
}

// DirectoryRun returns one run.
//
// Errors: NotFound directory.unknown_run.
func (s *Store) DirectoryRun(ctx context.Context, id string) (DirectoryRun, error) {
	const query = `SELECT ` + directoryRunColumns + ` FROM directory_runs WHERE id = $1`
	var row directoryRunRow
	err := s.db.GetContext(ctx, &row, query, id)
	return row.run(), sqlFault("store.DirectoryRun", noRows(err, fault.New(fault.NotFound, "directory.unknown_run")))
}

// AgreeToDirectoryRun is an administrator's word that those whom a held run would take
// away may leave. The next run carries it out.
//
// Errors: Conflict directory.not_held.
func (s *Store) AgreeToDirectoryRun(ctx context.Context, id, by string) error {
	return s.inTx(ctx, "store.AgreeToDirectoryRun", func(tx *sqlx.Tx) error {
		const agree = `
			UPDATE directory_runs SET approved_by = $2, approved_at = clock_timestamp()
			WHERE id = $1 AND state = 'held' AND approved_by = ''`
		result, err := tx.ExecContext(ctx, agree, id, by)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fault.New(fault.Conflict, "directory.not_held")
	})
}

// AgreedLeavers is whom an administrator let leave of late, by the source's keys.
func (s *Store) AgreedLeavers(ctx context.Context, source string) ([]string, error) {
	const query = `
		SELECT leavers FROM directory_runs
		WHERE source = $1 AND approved_at > clock_timestamp() - $2 * interval '1 microsecond'
		ORDER BY approved_at DESC LIMIT 1`
	var agreed []struct{ Leavers pq.StringArray } // one, or none
	err := s.db.SelectContext(ctx, &agreed, query, source, agreedFor.Microseconds())
	if err != nil || len(agreed) == 0 {
		return nil, sqlFault("store.AgreedLeavers", err)
	}
	return agreed[0].Leavers, nil
}
