package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestWhoLeftAMomentAgoDecidesNothing holds I5 to the database: another process
// changes the organisation, ours still believes the version of a moment ago, and
// the act is not committed on it.
func TestWhoLeftAMomentAgoDecidesNothing(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1200.00")
	task := h.task("wang", id)
	elsewhere, err := store.Open(t.Context(), store.Options{URL: storetest.URL(t), MaxOpen: 2})
	require.NoError(t, err)
	defer elsewhere.Close() //nolint:errcheck // only a test's
	now, err := elsewhere.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	next := *now
	next.People = map[string]org.Person{}
	for id, p := range now.People {
		p.Active = p.Active && id != "wang"
		next.People[id] = p
	}
	h.do(call{as: "wang", method: "GET", path: "/me"}).is(200) // believed from here on
	_, err = elsewhere.ReplaceOrganisation(t.Context(), next, "leaver")
	require.NoError(t, err)
	decide := call{as: "wang", method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: decision(task, "approve", "")}
	require.GreaterOrEqual(t, h.do(decide).status, 400)
	h.do(decide).refused(403, "auth.inactive")
	require.Equal(t, "pending", h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(200).text("status"))
}

// TestAHandOverIsAskedForOnce under its key: the same again is the same answer, another
// person under it is refused. A token does it only where its scopes name that.
func TestAHandOverIsAskedForOnce(t *testing.T) {
	h := newHouse(t)
	h.leave("wang")
	h.leave("sun")
	ask := call{as: "admin", method: "POST", path: "/handovers/wang", body: map[string]any{}, key: "once"}
	for range 2 {
		require.Equal(t, "wang", h.do(ask).is(200).text("person"))
	}
	ask.path = "/handovers/sun"
	h.do(ask).refused(422, "idempotency.reused")
	ask.key = "twice"
	h.do(ask).is(200)

	token, hash := auth.NewToken()
	_, err := h.store.CreateToken(t.Context(), store.Token{
		Hash: hash, Person: "admin", Name: "broad", Scopes: []string{"document:*", "organisation:*"}, ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	h.tokens["admin"] = token
	h.do(ask).refused(403, "access.denied")
	id := h.submitted("lin", "1000.00")
	h.intervene("admin", id, h.intervention(id, "void", nil)).refused(403, "access.denied")
	h.do(call{as: "admin", method: "GET", path: "/documents/" + id}).is(200)
}
