package store_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestTheRecordIsCutToTheEntities proves that who audits one entity finds its documents
// and their copies, and nothing of others, of rules or of people.
func TestTheRecordIsCutToTheEntities(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann", "bob")
	w.do(d.ID, approval.Approve, "ann")
	look := func(scope access.Scope, f store.RecordFilter) []store.RecordedEvent {
		page, err := w.s.SearchRecord(w.ctx, scope, f)
		require.NoError(t, err)
		return page.Items
	}
	own := look(access.Scope{Entities: []string{"cn"}}, store.RecordFilter{Limit: 200})
	require.NotEmpty(t, own)
	for _, e := range own {
		require.Equal(t, d.ID, e.Document, e.Stream)
	}
	require.Empty(t, look(access.Scope{Entities: []string{"hk"}}, store.RecordFilter{}))
	require.Empty(t, look(access.Scope{Entities: []string{"hk"}}, store.RecordFilter{Entity: "cn"}))
	require.Empty(t, look(access.Scope{Person: "ann"}, store.RecordFilter{Person: "ann"}))
	all := look(everything, store.RecordFilter{Limit: 200})
	require.Greater(t, len(all), len(own), "the organisation is recorded too")
	for i := 1; i < len(all); i++ {
		require.False(t, all[i].At.After(all[i-1].At), "the newest first")
	}
	for _, e := range look(everything, store.RecordFilter{Person: "ann"}) {
		require.Contains(t, []string{e.Actor, e.OnBehalfOf}, "ann")
	}
	require.Len(t, look(everything, store.RecordFilter{Number: d.Number, Kinds: []string{approval.TaskWasApproved}}), 1)
	require.Empty(t, look(everything, store.RecordFilter{Number: d.Number, To: own[len(own)-1].At}))
}

// parameters are the places of a statement's arguments.
var parameters = regexp.MustCompile(`\$(\d+)`)

// planned is how the newest statement would be carried out, whatever its arguments
// are, where it has to go along an index.
func (w *world) planned(seen *counter) string {
	w.t.Helper()
	statement, most := seen.seen[len(seen.seen)-1], 0
	for _, m := range parameters.FindAllStringSubmatch(statement, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(w.t, err)
		most = max(most, n)
	}
	tx := w.root.MustBegin()
	defer tx.Rollback() //nolint:errcheck // nothing was written
	tx.MustExec(`SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off`)
	tx.MustExec(`SET LOCAL plan_cache_mode = force_generic_plan; PREPARE asked AS ` + statement)
	defer tx.Exec(`DEALLOCATE asked`) //nolint:errcheck // the connection is closed with the world
	execute := `EXPLAIN EXECUTE asked`
	if most > 0 {
		execute += `(` + strings.TrimSuffix(strings.Repeat("NULL, ", most), ", ") + `)`
	}
	var plan []string
	require.NoError(w.t, tx.Select(&plan, execute))
	return strings.Join(plan, "\n")
}

// TestTheRecordIsReadAlongItsIndexes holds each search to an index that has its order,
// so that a page costs the same among millions; the finance desk likewise.
func TestTheRecordIsReadAlongItsIndexes(t *testing.T) {
	w := newWorld(t)
	seen, s := w.counting()
	for _, tt := range []struct {
		filter  store.RecordFilter
		indexes []string
	}{
		{store.RecordFilter{}, []string{"events_at"}},
		{store.RecordFilter{Person: "ann"}, []string{"events_actor", "events_behalf"}},
		{store.RecordFilter{Number: "EXP-1"}, []string{"documents_by_number"}},
	} {
		_, err := s.SearchRecord(w.ctx, everything, tt.filter)
		require.NoError(t, err)
		plan := w.planned(seen)
		for _, index := range tt.indexes {
			require.Contains(t, plan, index)
		}
	}
	_, err := s.FinanceTasks(w.ctx, everything, store.FinanceFilter{})
	require.NoError(t, err)
	require.Contains(t, w.planned(seen), "tasks_finance")
}
