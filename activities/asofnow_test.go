package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/org"
)

// TestNobodyWaitsForWhatWasMendedAMomentAgo: a worker believes the organisation and the
// published texts for a second. A document that comes right after a company was imported,
// or whose mapping was mended right before, is routed and booked.
func TestNobodyWaitsForWhatWasMendedAMomentAgo(t *testing.T) {
	t.Run("a company", func(t *testing.T) {
		w := newWorld(t)
		w.people.Entities = map[string]org.LegalEntity{}
		w.forgotten = func() { w.people = people() }
		routed, err := run[activities.Routed](t, (&activities.Plans{Book: w}).Route,
			activities.RouteInput{Document: documentID, Revision: 1, Round: 1})
		require.NoError(t, err)
		require.Empty(t, routed.Code)
		require.NotNil(t, routed.Plan)
	})
	t.Run("a mapping", func(t *testing.T) {
		w, l := newWorld(t), &ledger{}
		mended := w.texts["mapping"]
		delete(w.texts, "mapping")
		w.forgotten = func() { w.texts["mapping"] = mended }
		posted, err := w.post(l, activities.PostVoucherInput{})
		require.NoError(t, err)
		require.True(t, posted.Posted)
	})
}
