package store

import (
	"context"
)

// copies holds who was copied in against the events that say so. When somebody
// first opened a document is a note beside the evidence, and in no event.
func (a *auditor) copies(ctx context.Context) error {
	for what, query := range map[string]string{
		"copy.invented":        copiesInvented,
		"copy.missing":         copiesMissing,
		"copy.differs":         copiesDiffer,
		"copy.removal_missing": removalsMissing,
		"copy.unplanned":       copiesUnplanned,
		"copy.not_made":        copiesNotMade,
	} {
		var rows []struct{ Document, Batch, Person string }
		if err := a.tx.SelectContext(ctx, &rows, query, a.most); err != nil {
			return err
		}
		for _, r := range rows {
			a.found("copies:"+r.Document, 0, what, "the copy of %s made by %s is not what its events say", r.Person, r.Batch)
		}
	}
	return nil
}

const (
	// Rows that no event made.
	copiesInvented = `
		SELECT c.document, c.batch, c.person FROM copies c WHERE NOT EXISTS (
			SELECT FROM events e WHERE e.stream = 'copies:' || c.document AND e.cause = 'copy:' || c.batch
			AND e.kind = 'copy.made' AND e.data::jsonb -> 'people' ? c.person)
		ORDER BY c.batch, c.person LIMIT $1`
	// People in events who have no row.
	copiesMissing = `
		SELECT substr(e.stream, 8) AS document, substr(e.cause, 6) AS batch, p.person
		FROM events e, jsonb_array_elements_text(e.data::jsonb -> 'people') AS p (person)
		WHERE e.stream LIKE 'copies:%' AND e.kind = 'copy.made' AND NOT EXISTS (
			SELECT FROM copies c WHERE e.stream = 'copies:' || c.document AND e.cause = 'copy:' || c.batch
			AND c.person = p.person)
		ORDER BY e.stream, e.seq LIMIT $1`
	// Rows that say another thing than the event that made them, or were taken back without one.
	copiesDiffer = `
		SELECT c.document, c.batch, c.person FROM copies c
		JOIN events e ON e.stream = 'copies:' || c.document AND e.cause = 'copy:' || c.batch
		WHERE c.made_by <> e.actor OR c.how <> e.data::jsonb ->> 'how'
		   OR c.remark <> coalesce(e.data::jsonb ->> 'remark', '')
		   OR (c.removed_at IS NOT NULL) <> EXISTS (
			SELECT FROM events r WHERE r.stream = e.stream AND r.cause = 'remove:' || c.batch || ':' || c.person
			AND r.kind = 'copy.removed' AND r.actor = c.removed_by
			AND coalesce(r.data::jsonb ->> 'reason', '') = c.remove_reason)
		ORDER BY c.batch, c.person LIMIT $1`
	// Removals of copies that are not there, or that stand.
	removalsMissing = `
		SELECT substr(e.stream, 8) AS document, e.data::jsonb ->> 'batch' AS batch, e.data::jsonb ->> 'person' AS person
		FROM events e WHERE e.stream LIKE 'copies:%' AND e.kind = 'copy.removed' AND NOT EXISTS (
			SELECT FROM copies c WHERE e.stream = 'copies:' || c.document AND c.removed_at IS NOT NULL
			AND e.cause = 'remove:' || c.batch || ':' || c.person)
		ORDER BY e.stream, e.seq LIMIT $1`
	// Copies in the policy's name of whom the plan did not name at that event.
	copiesUnplanned = `
		SELECT c.document, c.batch, c.person FROM copies c WHERE c.how = 'policy' AND (
			c.batch !~ ':[0-9]{1,18}$' OR c.person NOT IN (
				SELECT copies_due(c.document, substring(c.batch FROM ':([0-9]{1,18})$')::bigint)))
		ORDER BY c.batch, c.person LIMIT $1`
	// People whom the plan named at an event, and who neither held a copy, nor got one, nor had left (or left while it
	// was written). What a person took back of a policy's copies it does not give again.
	copiesNotMade = `
		WITH named AS (
			SELECT DISTINCT stream FROM events WHERE kind = 'plan.made' AND data LIKE '%"cc":{%'
		), due AS (
			SELECT e.stream AS document, e.seq, e.at, d.person FROM named JOIN events e ON e.stream = named.stream
			AND e.kind IN ('plan.made', 'step.opened', 'step.passed', 'document.approved', 'document.rejected',
			               'document.closed')
			CROSS JOIN LATERAL copies_due(e.stream, e.seq) AS d (person)
		)
		SELECT due.document, due.document || ':' || due.seq AS batch, due.person FROM due
		WHERE NOT EXISTS (
			SELECT FROM copies c WHERE c.document = due.document AND c.person = due.person AND CASE
			WHEN c.how = 'policy' THEN substring(c.batch FROM ':([0-9]{1,18})$')::bigint <= due.seq
			ELSE c.made_at <= due.at AND (c.removed_at IS NULL OR c.removed_at > due.at) END)
		AND NOT EXISTS (
			SELECT FROM (VALUES (interval '0'), (interval '10 seconds')) AS later (by) WHERE NOT EXISTS (
				SELECT FROM org_rows r, (SELECT max(version) AS n FROM org_versions v WHERE v.at <= due.at + later.by) AS o
				WHERE r.kind = 'person' AND r.id = due.person AND r.from_version <= o.n
				AND (r.to_version IS NULL OR r.to_version > o.n) AND (r.body::jsonb ->> 'active')::boolean))
		ORDER BY due.document, due.seq, due.person LIMIT $1`
)
