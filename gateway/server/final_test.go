package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnActOnAClosedDocumentIsAnsweredWithoutTemporal: long after a document was
// closed its workflow is forgotten, and nobody would ever answer. What the
// record says is final needs nobody else.
func TestAnActOnAClosedDocumentIsAnsweredWithoutTemporal(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1200.00")
	acts := "/documents/" + id + "/acts"
	withdraw := map[string]any{"act": "withdraw"}
	h.do(call{as: "lin", method: "POST", path: acts, body: withdraw, key: "first"}).is(200)

	h.engine.is(false, true) // nobody answers any more
	h.do(call{as: "lin", method: "POST", path: acts, body: withdraw, key: "second"}).refused(409, "document.final")
	h.do(call{as: "lin", method: "POST", path: acts, body: withdraw, key: "first"}).is(200)
	h.do(call{
		as: "chen", method: "POST", path: "/effects/v:" + id + ":accrual:1/resolve",
		body: map[string]any{"ruling": "retry"},
	}).refused(409, "document.final")
	waiting, err := h.store.ClaimActs(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, waiting, "nothing is left for the relay")
}
