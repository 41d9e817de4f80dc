package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
)

// What of the world a document is told.
const (
	TellCalendar  = "calendar"  // a calendar has a new version
	TellDirectory = "directory" // somebody left, or lost a role
)

// The names of changes of the directory; "" is that somebody left.
const (
	rolesEnded = "roles"  // grants or posts ended with a version of the organisation
	grantEnded = "grant:" // and its id: time ended it
)

// How long after a change documents are still looked for: whoever records by what
// they knew before is done by then. Workers believe a calendar for half a minute,
// and no statement runs longer than 15 s.
const changeSettles = "1 minute"

// How long a telling waits before it is given again.
const (
	tellBackoffBase = "2 seconds"
	tellBackoffMost = "60 seconds"
)

// Telling is one thing of the world that one document is told.
type Telling struct {
	Document string
	Kind     string // TellCalendar or TellDirectory
	Name     string // the calendar
	Version  int64
	Final    bool // the record says that the document has its outcome
}

// saveChange keeps that something changed, with the change.
func saveChange(ctx context.Context, tx *sqlx.Tx, kind, name string, version int64) error {
	const query = `INSERT INTO changes (kind, name, version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, query, kind, name, version)
	return err
}

// concerned finds the documents that a change concerns and that were not told of it
// since: those with an open deadline by an older version of the calendar, those
// that wait for somebody who left, or whose clock such a one stopped, and those that
// ask somebody by a role who had one that ended. Whether it was that role, and whether
// they hold it all the same, is for the document to find out.
var concerned = map[string]string{
	TellCalendar: `
		SELECT DISTINCT t.document FROM tasks t
		WHERE t.state = 'open' AND t.calendar = $1 AND t.calendar <> '' AND t.calendar_version < $2
		  AND NOT EXISTS (SELECT FROM tellings x WHERE x.document = t.document AND x.kind = 'calendar' AND x.name = $1
		                  AND x.version >= $2 AND (x.done_at IS NULL OR x.done_at >= t.counted_at))`,
	TellDirectory: `
		SELECT t.document FROM leavers l JOIN tasks t ON t.assignee = l.person AND t.state = 'open'
		WHERE $1 = '' AND NOT EXISTS (SELECT FROM tellings x WHERE x.document = t.document AND x.kind = 'directory'
		                  AND x.version >= $2 AND (x.done_at IS NULL OR x.done_at >= t.opened_at))
		UNION
		SELECT e.stream FROM leavers l JOIN events e ON e.actor = l.person AND e.kind = 'clock.stopped'
		JOIN documents d ON d.id = e.stream AND d.status = 'pending'
		WHERE $1 = ''
		  AND NOT EXISTS (SELECT FROM tellings x WHERE x.document = e.stream AND x.kind = 'directory' AND x.name = ''
		                  AND x.version >= $2)
		UNION
		SELECT t.document FROM org_rows g JOIN tasks t ON t.assignee = g.body::jsonb ->> 'person' AND ` + byRole + `
		WHERE $1 = '` + rolesEnded + `' AND g.to_version = $2 AND g.kind IN ('grant', 'post') AND ` + untoldOfRole + `
		UNION
		SELECT t.document FROM role_grants g JOIN tasks t ON t.assignee = g.person AND ` + byRole + `
		WHERE $1 = '` + grantEnded + `' || g.id AND ` + untoldOfRole,
}

// byRole keeps open tasks t that somebody may have by a role.
const byRole = `t.state = 'open' AND t.via ~ '(role:|^(handed_over|escalated|role_ended):)'`

const untoldOfRole = `
	NOT EXISTS (SELECT FROM tellings x WHERE x.document = t.document AND x.kind = 'directory' AND x.name = $1
	            AND x.version >= $2 AND (x.done_at IS NULL OR x.done_at >= t.opened_at))`

// noteEndedRoles keeps that a version of the organisation ended grants or posts, and that
// time ended rights, once each. Nobody who serves requests may say so: it is read off
// what they wrote.
func noteEndedRoles(ctx context.Context, tx *sqlx.Tx) error {
	const versions = `
		INSERT INTO changes (kind, name, version)
		SELECT DISTINCT 'directory', '` + rolesEnded + `', to_version FROM org_rows
		WHERE kind IN ('grant', 'post')
		  AND to_version > (SELECT max(version) FROM changes WHERE kind = 'directory' AND name = '` + rolesEnded + `')
		ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, versions); err != nil {
		return err
	}
	const grants = `
		INSERT INTO changes (kind, name, version)
		SELECT 'directory', '` + grantEnded + `' || g.id, (SELECT max(version) FROM org_versions) FROM role_grants g
		WHERE g.ended_at IS NULL AND g.until_at <= clock_timestamp() AND NOT EXISTS (
			SELECT FROM changes c WHERE c.kind = 'directory' AND c.name = '` + grantEnded + `' || g.id)
		ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, grants)
	return err
}

// SpreadChanges finds up to limit documents that a change of the world concerns, and
// writes what each is to be told. It says how many it found.
//
// Safe to repeat, and in several processes at once.
func (s *Store) SpreadChanges(ctx context.Context, limit int) (int, error) {
	found := 0
	err := s.inTx(ctx, "store.SpreadChanges", func(tx *sqlx.Tx) error {
		if err := noteEndedRoles(ctx, tx); err != nil {
			return err
		}
		const waiting = `
			SELECT kind, name, version, at < clock_timestamp() - interval '` + changeSettles + `' AS settled
			FROM changes WHERE spread_at IS NULL ORDER BY at FOR UPDATE SKIP LOCKED LIMIT 50`
		var changes []struct {
			Kind, Name string
			Version    int64
			Settled    bool
		}
		if err := tx.SelectContext(ctx, &changes, waiting); err != nil {
			return err
		}
		for _, c := range changes {
			tell := `
				INSERT INTO tellings (document, kind, name, version)
				SELECT document, $3, $1, $2 FROM (` + concerned[c.Kind] + `) AS of LIMIT $4
				ON CONFLICT (document, kind, name) DO UPDATE SET version = greatest(tellings.version, $2),
				    done_at = NULL, tries = 0, next_try = clock_timestamp()`
			result, err := tx.ExecContext(ctx, tell, c.Name, c.Version, c.Kind, limitOf(limit))
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			found += int(n)
			if n > 0 || !c.Settled {
				continue
			}
			const done = `UPDATE changes SET spread_at = clock_timestamp() WHERE kind = $1 AND name = $2 AND version = $3`
			if _, err := tx.ExecContext(ctx, done, c.Kind, c.Name, c.Version); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// ClaimTellings takes up to limit things to tell, and puts the next try off, twice
// as long each time.
func (s *Store) ClaimTellings(ctx context.Context, limit int) ([]Telling, error) {
	const query = `
		WITH due AS (
			SELECT document, kind, name FROM tellings WHERE done_at IS NULL AND next_try <= statement_timestamp()
			ORDER BY next_try LIMIT $1 FOR UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE tellings t SET tries = t.tries + 1, next_try = clock_timestamp() + least(
			       interval '` + tellBackoffMost + `', interval '` + tellBackoffBase + `' * power(2, least(t.tries, 20)))
			FROM due WHERE t.document = due.document AND t.kind = due.kind AND t.name = due.name
			RETURNING t.document, t.kind, t.name, t.version
		)
		SELECT c.*, d.status IN ('closed', 'rejected', 'withdrawn', 'voided') AS final
		FROM claimed c JOIN documents d ON d.id = c.document`
	var tellings []Telling
	err := s.inTx(ctx, "store.ClaimTellings", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &tellings, query, limitOf(limit))
	})
	return tellings, err
}

// TellingDone says that a document was told. A newer version that came meanwhile is
// still to be told.
//
// Safe to repeat.
func (s *Store) TellingDone(ctx context.Context, t Telling) error {
	return s.inTx(ctx, "store.TellingDone", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE tellings SET done_at = clock_timestamp()
			WHERE document = $1 AND kind = $2 AND name = $3 AND version = $4 AND done_at IS NULL`
		_, err := tx.ExecContext(ctx, query, t.Document, t.Kind, t.Name, t.Version)
		return err
	})
}

// CalendarAt returns a version of a calendar; 0 asks for the one in force at an
// instant, or the first where there was none yet.
//
// Errors: NotFound calendar.not_stored.
func (s *Store) CalendarAt(ctx context.Context, id string, version int, at time.Time) (CalendarVersion, error) {
	const query = `
		SELECT version, body, cause, saved_at FROM calendars WHERE id = $1 AND ($2 = 0 OR version = $2)
		ORDER BY saved_at <= $3 DESC, CASE WHEN saved_at <= $3 THEN version ELSE -version END DESC LIMIT 1`
	var row calendarRow
	if err := s.db.GetContext(ctx, &row, query, id, version, at); err != nil {
		missing := fault.New(fault.NotFound, "calendar.not_stored", fault.Arg("id", id))
		return CalendarVersion{}, sqlFault("store.CalendarAt", noRows(err, missing))
	}
	v, err := row.version()
	return v, sqlFault("store.CalendarAt", err)
}

// OpenByCalendar lists open tasks whose deadline is counted by a calendar and has not
// come, in the order of their ids after one.
func (s *Store) OpenByCalendar(ctx context.Context, id, after string, limit int) ([]Task, error) {
	const query = `
		SELECT ` + taskColumns + ` FROM tasks t JOIN documents d ON d.id = t.document
		WHERE t.state = 'open' AND t.calendar = $1 AND t.calendar <> '' AND NOT t.overdue
		  AND (t.due_at IS NULL OR t.due_at > clock_timestamp()) AND t.id > $2 ORDER BY t.id LIMIT $3`
	var rows []taskRow
	if err := s.db.SelectContext(ctx, &rows, query, id, after, limitOf(limit)); err != nil {
		return nil, sqlFault("store.OpenByCalendar", err)
	}
	tasks := make([]Task, 0, len(rows))
	for _, r := range rows {
		tasks = append(tasks, r.task())
	}
	return tasks, nil
}
