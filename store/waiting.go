package store

import (
	"context"

	"github.com/lib/pq"
)

// Waiting is what waits in one inbox, as a glance sees it.
type Waiting struct {
	Tasks int64 // up to glanceMost
	Mark  int64 // changes whenever one comes, goes, or its deadline moves
}

// glanceMost is how many tasks of an inbox a glance takes in, the earliest due
// first: so many more than a page shows that what changes behind them can wait.
const glanceMost = 500

// Glance looks into the inboxes of people and queues at once: one statement along the
// index of open tasks, however many look on. An empty inbox is not in the answer.
func (s *Store) Glance(ctx context.Context, assignees []string) (map[string]Waiting, error) {
	const query = `
		SELECT asked.person, seen.tasks, seen.mark
		FROM unnest($1::text[]) AS asked (person) CROSS JOIN LATERAL (
			SELECT count(*) AS tasks, coalesce(bit_xor(hashtextextended(first.id, first.due)), 0) AS mark
			FROM (SELECT t.id, coalesce(extract(epoch FROM t.due_at)::bigint, 0) AS due FROM tasks t
			      WHERE t.assignee = asked.person AND t.state = 'open'
			      ORDER BY coalesce(t.due_at, 'infinity'::timestamptz), t.id LIMIT $2) AS first) AS seen
		WHERE seen.tasks > 0`
	var rows []struct {
		Person string
		Tasks  int64
		Mark   int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(assignees), glanceMost); err != nil {
		return nil, sqlFault("store.Glance", err)
	}
	seen := make(map[string]Waiting, len(rows))
	for _, r := range rows {
		seen[r.Person] = Waiting{Tasks: r.Tasks, Mark: r.Mark}
	}
	return seen, nil
}

// CountTasks counts what one filter lists, as far as its TotalMost; one page of it is
// not read.
//
// Errors: Invalid cursor.bad.
func (s *Store) CountTasks(ctx context.Context, f TaskFilter) (int64, error) {
	list, err := f.list()
	if err != nil {
		return 0, err
	}
	query, args := list.count(f.TotalMost)
	var n int64
	err = s.db.GetContext(ctx, &n, query, args...)
	return n, sqlFault("store.CountTasks", err)
}

// Alive answers with those of the sessions, by the hash of their token, that have not
// ended.
func (x *SessionStore) Alive(ctx context.Context, hashes []string) ([]string, error) {
	const query = `SELECT token_hash FROM sessions WHERE token_hash = ANY($1) AND expires_at > clock_timestamp()`
	var alive []string
	err := x.store.db.SelectContext(ctx, &alive, query, pq.Array(hashes))
	return alive, sqlFault("store.Sessions.Alive", err)
}
