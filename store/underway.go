package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
)

// Underway is a document that waits for people, with the route that it follows.
type Underway struct {
	ID, Number, Title, Entity, Requester, Step string

	Round       int
	ContentHash string
	StepTitle   map[string]string // by locale
	Content     document.Content  // as claimed, whatever was sanctioned since
	ClaimedAt   time.Time         // when that was submitted, see ClaimedAt
	Plan        approval.Plan
}

// ClaimedAt is when what a round decides on was submitted: the day whose exchange rates
// count for it, however late it is routed. Zero where nothing was submitted.
func (s *Store) ClaimedAt(ctx context.Context, document string, round int) (time.Time, error) {
	const query = `
		SELECT max(at) FROM events
		WHERE stream = $1 AND kind IN ('document.submitted', 'document.resubmitted') AND round <= $2`
	var at sql.NullTime
	err := s.db.GetContext(ctx, &at, query, document, round)
	return orZero(at), sqlFault("store.ClaimedAt", err)
}

// UnderwayFilter chooses documents by the policy of the route they follow.
type UnderwayFilter struct {
	Policy string
	Below  int // versions older than this; 0 means every version
	Cursor string
	Limit  int // 0 means PageDefault
}

// Underway lists the documents that wait for people on a route of a policy, the
// oldest first, as far as the scope may know of them.
//
// Errors: Invalid cursor.bad.
func (s *Store) Underway(ctx context.Context, scope access.Scope, f UnderwayFilter) (Page[Underway], error) {
	_, after, err := readCursor(f.Cursor)
	if err != nil {
		return Page[Underway]{}, err
	}
	const query = `
		SELECT d.id, coalesce(d.number, '') AS number, d.title, d.entity, d.requester, d.step, d.step_titles, d.round,
		       d.content_hash, r.content, route.plan,
		       (SELECT max(e.at) FROM events e WHERE e.stream = d.id
		        AND e.kind IN ('document.submitted', 'document.resubmitted')) AS claimed_at
		FROM documents d
		JOIN revisions r ON r.document = d.id AND r.revision = d.revision
		JOIN LATERAL (
			SELECT e.data::jsonb -> 'plan' AS plan FROM events e
			WHERE e.stream = d.id AND e.kind = 'plan.made' ORDER BY e.seq DESC LIMIT 1
		) route ON route.plan ->> 'policy' = $5 AND ($6 = 0 OR (route.plan ->> 'policy_version')::int < $6)
		WHERE ` + visible + ` AND d.status = 'pending' AND d.id > $7
		ORDER BY d.id LIMIT $8`
	limit := limitOf(f.Limit)
	var rows []struct {
		ID, Number, Title, Entity, Requester, Step, Content, Plan string

		StepTitles  string `db:"step_titles"`
		Round       int
		ContentHash string    `db:"content_hash"`
		ClaimedAt   time.Time `db:"claimed_at"`
	}
	args := scopeArgs(scope, f.Policy, f.Below, after, limit+1)
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
		return Page[Underway]{}, sqlFault("store.Underway", err)
	}
	var page Page[Underway]
	for i, r := range rows {
		if i == limit {
			page.Next = cursorOf("", rows[limit-1].ID)
			break
		}
		one := Underway{
			ID: r.ID, Number: r.Number, Title: r.Title, Entity: r.Entity, Requester: r.Requester, Step: r.Step,
			Round: r.Round, ContentHash: r.ContentHash, ClaimedAt: r.ClaimedAt.UTC(),
		}
		if err := json.Unmarshal([]byte(r.Content), &one.Content); err != nil {
			return Page[Underway]{}, sqlFault("store.Underway", err)
		}
		if one.Content, err = one.Content.AsClaimed(); err != nil { // what a route is found by
			return Page[Underway]{}, sqlFault("store.Underway", err)
		}
		if err := json.Unmarshal([]byte(r.Plan), &one.Plan); err != nil {
			return Page[Underway]{}, sqlFault("store.Underway", err)
		}
		titles := map[string]map[string]string{}
		_ = json.Unmarshal([]byte(r.StepTitles), &titles) // for display
		one.StepTitle = titleOf(r.Step, titles)
		page.Items = append(page.Items, one)
	}
	return page, nil
}
