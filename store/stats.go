package store

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// Stats are the figures behind the metrics.
type Stats struct {
	Documents       map[approval.Status]int64
	OpenTasks       int64
	OverdueTasks    int64
	PendingStarts   int64
	OldestStart     time.Duration // age; zero where none waits
	UnansweredActs  int64
	OldestAct       time.Duration // age; zero where none waits
	QueuedNotices   int64
	FailedNotices   int64 // of the queued ones, those that failed at least once
	UnknownAttempts int64 // calls to the ERP whose end nobody knows
	PendingImports  int64 // rows
}

// Stats counts what waits. It reads small partial indexes and the documents' statuses.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	const query = `
		SELECT (SELECT count(*) FROM tasks WHERE state = 'open') AS opentasks,
		       (SELECT count(*) FROM tasks WHERE state = 'open' AND due_at < clock_timestamp()) AS overduetasks,
		       (SELECT count(*) FROM starts WHERE done_at IS NULL) AS pendingstarts,
		       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) * 1000
		        FROM starts WHERE done_at IS NULL)::bigint AS oldeststart,
		       (SELECT count(*) FROM inbox WHERE outcome IS NULL) AS unansweredacts,
		       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0) * 1000
		        FROM inbox WHERE outcome IS NULL)::bigint AS oldestact,
		       (SELECT count(*) FROM notices WHERE sent_at IS NULL AND NOT quiet AND held = '') AS queuednotices,
		       (SELECT count(*) FROM notices WHERE sent_at IS NULL AND NOT quiet AND held = '' AND failure <> '')
		       AS failednotices,
		       (SELECT count(*) FROM effect_attempts WHERE class IS NULL OR class = 'unknown') AS unknownattempts,
		       (SELECT count(*) FROM import_rows WHERE state = 'pending') AS pendingimports`
	var row struct {
		OpenTasks, OverdueTasks, PendingStarts, OldestStart, UnansweredActs, OldestAct int64
		QueuedNotices, FailedNotices, UnknownAttempts, PendingImports                  int64
	}
	if err := s.db.GetContext(ctx, &row, query); err != nil {
		return Stats{}, sqlFault("store.Stats", err)
	}
	var statuses []struct {
		Status approval.Status
		N      int64
	}
	const byStatus = `SELECT status, count(*) AS n FROM documents GROUP BY status`
	if err := s.db.SelectContext(ctx, &statuses, byStatus); err != nil {
		return Stats{}, sqlFault("store.Stats", err)
	}
	stats := Stats{
		Documents: map[approval.Status]int64{}, OpenTasks: row.OpenTasks, OverdueTasks: row.OverdueTasks,
		PendingStarts: row.PendingStarts, OldestStart: time.Duration(row.OldestStart) * time.Millisecond,
		UnansweredActs: row.UnansweredActs, OldestAct: time.Duration(row.OldestAct) * time.Millisecond,
		QueuedNotices: row.QueuedNotices, FailedNotices: row.FailedNotices,
		UnknownAttempts: row.UnknownAttempts, PendingImports: row.PendingImports,
	}
	for _, r := range statuses {
		stats.Documents[r.Status] = r.N
	}
	return stats, nil
}
