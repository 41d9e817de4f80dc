package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// unknownManager refuses a manager whom nobody knows.
func (w *directoryWriter) unknownManager(ctx context.Context) error {
	manager := w.after.Text(directory.Enterprise, "manager", "value")
	if manager == "" || manager == w.before.Text(directory.Enterprise, "manager", "value") {
		return nil
	}
	var known bool
	const query = `SELECT EXISTS (SELECT FROM org_rows WHERE kind = 'person' AND id = $1)`
	if err := w.tx.GetContext(ctx, &known, query, manager); err != nil || known {
		return err
	}
	return fault.New(fault.Invalid, "scim.unknown_member", fault.Arg("id", manager))
}

// freeSubject refuses a sign-in that is somebody else's.
func (w *directoryWriter) freeSubject(ctx context.Context, person, subject string) error {
	var taken bool
	const query = `
		SELECT EXISTS (SELECT FROM org_rows WHERE kind = 'person' AND to_version IS NULL AND body::jsonb ->> 'subject' = $1
		               AND id <> $2)`
	if err := w.tx.GetContext(ctx, &taken, query, subject, person); err != nil || !taken || subject == "" {
		return err
	}
	return notUnique("externalId", w.after.External())
}

// directoryStop is why a directory waits: it took away too many.
type directoryStop struct {
	actor           string
	leaving, active int
}

// mayLeave refuses that more people leave than a directory may take away unasked, or
// the last who administers the house, and anybody at all while that waits for an
// operator.
//
// Errors: Busy scim.stopped.
func (w *directoryWriter) mayLeave(ctx context.Context, left []string) error {
	if len(left) == 0 {
		return nil
	}
	const query = `
		SELECT (SELECT count(*) FROM directory_stops WHERE released_at IS NULL) AS open,
		       (SELECT count(*) FROM directory_leavings WHERE at > greatest(r.released_at, w.begun)) AS gone,
		       (SELECT count(*) FROM org_rows WHERE kind = 'person' AND to_version IS NULL
		        AND (body::jsonb ->> 'active')::boolean) AS active,
		       CASE WHEN r.released_at > w.begun THEN r.allowed ELSE 0 END AS allowed,
		       (SELECT bool_and(person = ANY($2)) IS TRUE FROM role_holders
		        WHERE role = 'admin' AND until_at = 'infinity') AS last
		FROM (SELECT clock_timestamp() - $1 * interval '1 microsecond' AS begun) AS w
		LEFT JOIN LATERAL (SELECT released_at, allowed FROM directory_stops WHERE released_at IS NOT NULL
		                   ORDER BY released_at DESC LIMIT 1) AS r ON true`
	var now struct {
		Open, Gone, Active, Allowed int

		Last bool // nobody would administer the house any more
	}
	if err := w.tx.GetContext(ctx, &now, query, w.Stop.Window.Microseconds(), pq.Array(left)); err != nil {
		return err
	}
	leaving, active := now.Gone+len(left), now.Active+now.Gone
	if now.Open == 0 && (leaving <= now.Allowed || !now.Last && !w.Stop.Exceeded(leaving, active)) {
		return nil
	}
	if now.Open == 0 {
		w.stopped = &directoryStop{actor: w.Actor, leaving: leaving, active: active}
	}
	return fault.New(fault.Busy, "scim.stopped", fault.Arg("left", strconv.Itoa(leaving)),
		fault.Arg("active", strconv.Itoa(active)), fault.Arg("percent", strconv.Itoa(w.Stop.Percent)))
}

// tellAdministrators tells everybody who administers anything, each once: of a kind, an
// id and data.
const tellAdministrators = `
	INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
	SELECT DISTINCT $1 || '.' || $2 || '.' || person, $1, person, 'admin', '', '', '', false, $3::jsonb
	FROM role_holders WHERE role = 'admin' AND ` + holdsNow + ` ON CONFLICT DO NOTHING`

// stopDirectory keeps that a directory was stopped, and tells the administrators. Of
// requests that stop it at once, one does.
func (s *Store) stopDirectory(ctx context.Context, stop directoryStop) error {
	return s.inTx(ctx, "store.stopDirectory", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		id := newID()
		const insert = `
			INSERT INTO directory_stops (id, actor, leaving, active) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
		result, err := tx.ExecContext(ctx, insert, id, stop.actor, stop.leaving, stop.active)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		data := map[string]string{"by": stop.actor, "n": strconv.Itoa(stop.leaving), "active": strconv.Itoa(stop.active)}
		_, err = tx.ExecContext(ctx, tellAdministrators, notice.DirectoryStopped, id, string(mustJSON(data)))
		if err != nil {
			return err
		}
		return recordFact(ctx, tx, OrgStream, "stop:"+id, evidence.Draft{Kind: DirectoryStopped, Actor: stop.actor,
			Data: mustJSON(map[string]any{"stop": id, "leaving": stop.leaving, "active": stop.active})})
	})
}

// DirectoryState is how a directory stands.
type DirectoryState struct {
	Users, Groups, Active int
	Left                  int // within the window
	Stopped               bool
	StoppedAt             time.Time
	Actor                 string // who wanted to take people away
	Leaving               int    // how many would have left
}

// Directory says how the directory stands; left counts those within a window.
func (s *Store) Directory(ctx context.Context, window time.Duration) (DirectoryState, error) {
	const query = `
		SELECT (SELECT count(*) FROM directory_entries WHERE kind = 'User' AND deleted_at IS NULL) AS users,
		       (SELECT count(*) FROM directory_entries WHERE kind = 'Group' AND deleted_at IS NULL) AS groups,
		       (SELECT count(*) FROM org_rows WHERE kind = 'person' AND to_version IS NULL
		        AND (body::jsonb ->> 'active')::boolean) AS active,
		       (SELECT count(*) FROM directory_leavings WHERE at > clock_timestamp() - $1 * interval '1 microsecond') AS left,
		       x.at, coalesce(x.actor, '') AS actor, coalesce(x.leaving, 0) AS leaving
		FROM (SELECT 1) AS one LEFT JOIN directory_stops x ON x.released_at IS NULL`
	var row struct {
		Users, Groups, Active, Left, Leaving int

		Actor string
		At    sql.NullTime
	}
	if err := s.db.GetContext(ctx, &row, query, window.Microseconds()); err != nil {
		return DirectoryState{}, sqlFault("store.Directory", err)
	}
	return DirectoryState{Users: row.Users, Groups: row.Groups, Active: row.Active, Left: row.Left, Stopped: row.At.Valid,
		StoppedAt: row.At.Time.UTC(), Actor: row.Actor, Leaving: row.Leaving}, nil
}

// ReleaseDirectory lets a stopped directory go on; so many more may leave within its
// window from now.
//
// Errors: Conflict scim.no_stop.
func (s *Store) ReleaseDirectory(ctx context.Context, actor, reason string, allowed int) error {
	return s.inTx(ctx, "store.ReleaseDirectory", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		const query = `
			UPDATE directory_stops SET released_at = clock_timestamp(), allowed = $1, reason = $2
			WHERE released_at IS NULL RETURNING id`
		var ids []string
		if err := tx.SelectContext(ctx, &ids, query, allowed, reason); err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.New(fault.Conflict, "scim.no_stop")
		}
		return recordFact(ctx, tx, OrgStream, "release:"+ids[0], evidence.Draft{Kind: DirectoryReleased, Actor: actor,
			Data: mustJSON(map[string]any{"stop": ids[0], "allowed": allowed, "reason": reason})})
	})
}
