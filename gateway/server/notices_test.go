package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// TestNoticesTellOfDocuments: a token that may not read documents does not read
// in notices what they say either.
func TestNoticesTellOfDocuments(t *testing.T) {
	h := newHouse(t)
	h.submitted("lin", "1200.00")
	ask := func(scope string) int {
		token, hash := auth.NewToken()
		_, err := h.store.CreateToken(t.Context(), store.Token{
			Hash: hash, Person: "wang", Name: scope, Scopes: []string{scope}, ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
		status, _, _ := h.raw("GET", "/api/v1/notices", nil, http.Header{"Authorization": {"Bearer " + token}})
		return status
	}
	require.Equal(t, 403, ask("policy:read"))
	require.Equal(t, 200, ask("document:read"))
}
