package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestFinanceQueue: a step that waits for two is one row, for each of them and in all.
func TestFinanceQueue(t *testing.T) {
	w := newWorld(t)
	w.routed("train", approval.AnyOf, "ann", "bob")
	w.root.MustExec(`UPDATE tasks SET via = 'role:finance_clerk'`)
	for who, n := range map[string]int{"": 1, "ann": 1, "bob": 1, "rob": 0} {
		page, err := w.s.FinanceTasks(w.ctx, everything, store.FinanceFilter{Assignee: who})
		require.NoError(t, err)
		require.Len(t, page.Items, n, who)
		if n > 0 {
			require.Equal(t, []string{"ann", "bob"}, page.Items[0].Waits)
		}
	}
	counts, err := w.s.FinanceCounts(w.ctx, everything, "bob")
	require.NoError(t, err)
	require.Equal(t, int64(1), counts.All)
	require.Equal(t, int64(1), counts.Mine)
}
