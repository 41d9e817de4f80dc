package seeding

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// unseeded asks for documents in a database with the demo company in it.
func unseeded(t *testing.T, documents int) Options {
	t.Helper()
	s, address := storetest.Open(t)
	demo, err := config.DemoCompany()
	require.NoError(t, err)
	_, err = s.ReplaceOrganisation(t.Context(), demo, "demo")
	require.NoError(t, err)
	return Options{
		Database: address, Documents: documents, OpenTasks: documents / 5, People: 100, Progress: func(int) {},
		Company: func(ctx context.Context) (*org.Snapshot, error) { return s.Snapshot(ctx, 0) },
		Replace: func(ctx context.Context, next org.Snapshot, cause string) error {
			_, err := s.ReplaceOrganisation(ctx, next, cause)
			return err
		},
	}
}

var everything = access.Scope{All: true}

// TestSeededDocumentsAreWhatTheirEventsSay: hashes hold, and the rows that lists read
// are the fold of the events.
func TestSeededDocumentsAreWhatTheirEventsSay(t *testing.T) {
	o := unseeded(t, 500)
	report, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, Report{Documents: 500, Fresh: 500}, report)
	s, err := store.Open(t.Context(), store.Options{URL: o.Database})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	seen := map[approval.Status]int{}
	open := 0
	for f := (store.DocumentFilter{Limit: store.PageMost}); ; {
		page, err := s.Documents(t.Context(), everything, f)
		require.NoError(t, err)
		for _, d := range page.Items {
			seen[d.Status]++
			events, err := s.Events(t.Context(), d.ID, 0, 0)
			require.NoError(t, err)
			require.NoError(t, evidence.VerifyChain(events))
			state, err := approval.FoldAll(events)
			require.NoError(t, err)
			assert.Equal(t, state.Status, d.Status)
			assert.Equal(t, state.Seq, d.Seq)
			whole, err := s.Document(t.Context(), everything, d.ID)
			require.NoError(t, err)
			hash, err := whole.Content.Hash()
			require.NoError(t, err)
			assert.Equal(t, hash, d.ContentHash)
			tasks, err := s.DocumentTasks(t.Context(), d.ID)
			require.NoError(t, err)
			require.Len(t, tasks, len(state.Tasks))
			for i, task := range tasks {
				told := state.Tasks[i]
				assert.Equal(t, [...]string{told.ID, told.Assignee, string(told.State), told.DecidedBy, told.DueAt.String()},
					[...]string{task.ID, task.Assignee, string(task.State), task.DecidedBy, task.DueAt.String()})
			}
			open += len(state.OpenTasks())
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	assert.Equal(t, o.OpenTasks, open)
	for _, status := range []approval.Status{approval.Closed, approval.Pending, approval.Rejected, approval.Withdrawn} {
		assert.Positive(t, seen[status], "%s", status)
	}
}

// TestSeedingGoesOn: what is there is not seeded again, and other numbers are refused.
func TestSeedingGoesOn(t *testing.T) {
	o := unseeded(t, chunkSize+40)
	ctx, stop := context.WithCancel(t.Context())
	o.Progress = func(int) { stop() }
	_, err := Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	o.Progress = func(int) {}
	report, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, Report{Documents: o.Documents, Fresh: 40}, report)
	report, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, Report{Documents: o.Documents}, report)
	o.Documents++
	_, err = Run(t.Context(), o)
	require.ErrorContains(t, err, "an earlier run asked for other numbers: documents=2040")
}

// TestSeedingLeavesPeoplesDocumentsAlone unless it is told to go beside them.
func TestSeedingLeavesPeoplesDocumentsAlone(t *testing.T) {
	o := unseeded(t, 40)
	s, err := store.Open(t.Context(), store.Options{URL: o.Database})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, err = s.SaveDraft(t.Context(), store.DraftInput{Owner: "lin"})
	require.NoError(t, err)
	db, err := sql.Open("postgres", o.Database)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), `UPDATE documents SET number = 'EXP-2026-000123', status = 'closed', seq = 1, submitted_at = now()`)
	require.NoError(t, err)
	_, err = Run(t.Context(), o)
	require.ErrorContains(t, err, "--force")
	o.Force = true
	_, err = Run(t.Context(), o)
	require.NoError(t, err)
	var lowest, next int
	const numbers = `
		SELECT (SELECT min(split_part(number, '-', 3)::int) FROM documents WHERE id LIKE $1), (SELECT min(value) FROM counters)`
	require.NoError(t, db.QueryRowContext(t.Context(), numbers, idPattern).Scan(&lowest, &next))
	require.Greater(t, lowest, 123, "above what was there")
	require.Equal(t, 123+o.Documents, next, "what is submitted next is above what is seeded")
}
