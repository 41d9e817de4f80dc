package pages_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// TestRulingsKeepWhatIsShown: whoever goes through the differences of one kind comes back
// to those, be the ruling taken or refused.
func TestRulingsKeepWhatIsShown(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.desk.Connections = []desk.Connection{{ID: "books", Entities: []string{"acme-cn"}}}
		run := store.Reconciliation{ID: "01900000-0000-7000-8000-00000000000b", Connection: "books", From: "2026-11-01",
			Entities: []string{"acme-cn"}, Until: "2026-11-30", State: store.ReconciliationDone}
		require.NoError(t, h.store.BeginReconciliation(t.Context(), run))
		var found []store.FoundDifference
		for _, kind := range []reconciliation.Kind{reconciliation.MissingThere, reconciliation.MissingHere} {
			found = append(found, store.FoundDifference{Run: run.ID, Connection: "books",
				Difference: reconciliation.Difference{Kind: kind, Reference: "v:x:" + string(kind) + ":1", Entity: "acme-cn"}})
		}
		require.NoError(t, h.store.SaveDifferences(t.Context(), found))
		require.NoError(t, h.store.EndReconciliation(t.Context(), run))
		page, err := h.store.Differences(t.Context(), access.Scope{All: true},
			store.DifferenceFilter{Run: run.ID, Kind: string(reconciliation.MissingHere)})
		require.NoError(t, err)
		n := strconv.FormatInt(page.Items[0].N, 10)

		const shown = "?kind=missing_here&open=1"
		at := "/reconciliations/" + run.ID
		rule := at + "/differences/" + n + shown
		h.get("wang", at+shown).is(http.StatusOK).says(`action="` + at + "/differences/" + n + "?kind=missing_here&amp;open=1").
			saysNot("v:x:missing_there:1")
		h.get("wang", at+"?kind=missing_here&other=x").says(`action="` + at + "/differences/" + n + `?kind=missing_here"`)
		h.post("wang", rule, url.Values{"key": {"a"}, "ruling": {"explained"}}).is(http.StatusUnprocessableEntity).
			says("v:x:missing_here:1").saysNot("v:x:missing_there:1")
		done := h.post("wang", rule, url.Values{"key": {"b"}, "ruling": {"explained"}, "reason": {"booked by hand"}})
		require.Equal(t, at+shown+"#d"+n, done.is(http.StatusSeeOther).to())
	})
}
