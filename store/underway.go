package store

import (
	"context"
	"encoding/json"

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
	Plan        approval.Plan
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
		       d.content_hash, r.content, route.plan
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
		ContentHash string `db:"content_hash"`
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
			Round: r.Round, ContentHash: r.ContentHash,
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
