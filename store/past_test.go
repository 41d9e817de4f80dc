package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestPastDocuments reads the newest first, over several pages, and nothing else.
func TestPastDocuments(t *testing.T) {
	w := newWorld(t)
	_, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: content("draft"), Owner: "sue"})
	require.NoError(t, err)
	const many = 1203
	var made []string
	for i := range 3 {
		made = append(made, w.submit(fmt.Sprint("d", i)).ID)
	}
	w.tamper(`INSERT INTO documents SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('id',
		'0000-' || lpad(n::text, 6, '0'), 'number', 'X-' || n)) AS d FROM documents d, generate_series(4, $2) n WHERE id = $1) x`,
		made[0], many)
	w.tamper(`INSERT INTO revisions SELECT x.id, 1, r.hash, r.content, r.actor, r.created_at, r.submitted_at
		FROM documents x, revisions r WHERE r.document = $1 AND x.id LIKE '0000-%'`, made[0])
	read := func(most int, types ...string) (ids []string) {
		for d, err := range w.s.PastDocuments(w.ctx, types, most) {
			require.NoError(t, err)
			require.Equal(t, "sue", d.Content.Requester)
			ids = append(ids, d.ID)
		}
		return ids
	}
	all := read(1_000_000, "expense")
	require.Len(t, all, many)
	require.Equal(t, []string{made[2], made[1], made[0], "0000-001203"}, all[:4])
	seen := map[string]bool{}
	for _, id := range all {
		seen[id] = true
	}
	require.Len(t, seen, many, "each once")
	require.Equal(t, all[:501], read(501, "expense"))
	require.Len(t, read(500, "expense"), 500)
	require.Empty(t, read(10, "payment_request"))
	require.Empty(t, read(0, "expense"))
}

// TestStepPaces counts what people passed, and how long it took them.
func TestStepPaces(t *testing.T) {
	w := newWorld(t)
	quick, slow, rejected := w.routed("a", approval.AnyOf, "ann"), w.routed("b", approval.AllOf, "ann", "bob"), w.routed("c", approval.AnyOf, "ann")
	w.do(quick.ID, approval.Approve, "ann")
	w.do(slow.ID, approval.Approve, "ann")
	w.do(slow.ID, approval.Approve, "bob")
	w.do(rejected.ID, approval.Reject, "ann")
	w.tamper(`UPDATE tasks SET decided_at = opened_at + CASE WHEN document = $1 THEN interval '1 hour'
		WHEN assignee = 'bob' THEN interval '5 hours' ELSE interval '2 hours' END WHERE step = 'one'`, quick.ID)
	paces, err := w.s.StepPaces(w.ctx, []string{"expense"})
	require.NoError(t, err)
	require.Len(t, paces, 1, "the second step is still open: %v", paces)
	assert.Equal(t, "one", paces[0].Step)
	assert.EqualValues(t, 2, paces[0].Passes)
	assert.InDelta(t, 3*time.Hour, paces[0].Mean, float64(time.Second), "one hour, and five until the last of two")
}

// TestReadOnly: a store that only reads is held to it by the database.
func TestReadOnly(t *testing.T) {
	w := newWorld(t)
	s, err := store.Open(w.ctx, store.Options{URL: w.url, ReadOnly: true})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	_, err = s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	_, err = s.Propose(w.ctx, draft("b"))
	require.ErrorContains(t, err, "read-only")
}
