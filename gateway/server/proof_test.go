package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/proof"
)

// TestAProofOverTheAPI proves itself; who may not read the document is told of none.
func TestAProofOverTheAPI(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "999.99")
	got := h.do(call{as: "lin", method: "GET", path: "/documents/" + id + "/proof"}).is(200)
	bundle, err := proof.Read(got.body)
	require.NoError(t, err)
	require.Empty(t, proof.Check(bundle, nil).Findings)
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id + "/proof"}).refused(404, "document.not_found")
}
