package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
)

// TestEveryResultIsCountedAsWhatItIs: what was judged is told apart from what
// nobody is known to have judged, and nothing is left out.
func TestEveryResultIsCountedAsWhatItIs(t *testing.T) {
	var b BulkAnswer
	for _, r := range []desk.BulkResult{
		{Acted: desk.Acted{ID: "a", Outcome: approval.Outcome{Code: approval.OK}}},
		{Acted: desk.Acted{ID: "b", Pending: true}},
		{Err: fault.New(fault.Conflict, "task.changed")},
		{Err: fault.New(fault.Busy, "store.busy")},
	} {
		b.add(t.Context(), r)
	}
	var results []string
	for _, item := range b.Items {
		results = append(results, item.Result)
		require.Equal(t, item.Act == nil, item.Problem != nil, "either an act or a problem")
	}
	require.Equal(t, []string{"applied", "pending", "refused", "failed"}, results)
	require.Equal(t, []int{1, 1, 1, 1}, []int{b.Applied, b.Pending, b.Refused, b.Failed})
}
