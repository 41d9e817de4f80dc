package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

func (h *house) asksFor(as string, right map[string]any) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/grants", body: right})
}

// TestRightsTravelTheRoadOfTwo carries a right from its request to its end, and holds
// who may know of it.
func TestRightsTravelTheRoadOfTwo(t *testing.T) {
	h := newHouse(t)
	right := map[string]any{"person": "lin", "role": "cashier", "entity": "acme-cn", "reason": "月末结账",
		"until": time.Now().Add(48 * time.Hour).Format(time.RFC3339)}
	h.asksFor("emma", right).refused(403, "access.denied")
	h.asksFor("lin", map[string]any{"person": "lin", "role": "king", "reason": "x"}).refused(422, "grant.unknown_role")
	made := h.asksFor("lin", right).is(201)
	id := made.text("id")
	h.asksFor("zhao", right).is(201) // her manager may ask as well

	h.do(call{as: "emma", method: "GET", path: "/proposals/" + id}).refused(403, "access.denied")
	h.do(call{as: "lin", method: "GET", path: "/proposals/" + id}).is(200)
	require.Len(t, h.items("admin", "/grants/requests"), 2)
	require.Len(t, h.items("lin", "/grants/requests"), 2)
	require.Empty(t, h.items("emma", "/grants/requests"))
	require.Empty(t, h.items("admin", "/proposals"), "texts are another list")

	h.verdict("emma", id, "approve", map[string]any{}).refused(403, "access.denied")
	h.verdict("lin", id, "approve", map[string]any{}).refused(403, "access.denied")
	h.verdict("audit", id, "approve", map[string]any{}).refused(403, "access.denied")
	mayRead := func() bool {
		return strings.Contains(string(h.do(call{as: "lin", method: "GET", path: "/me"}).body), "effect:read")
	}
	require.False(t, mayRead())
	h.verdict("admin", id, "approve", map[string]any{"hash": made.text("hash")}).is(200)
	require.True(t, mayRead(), "with the next request")

	h.do(call{as: "emma", method: "GET", path: "/people/lin/rights"}).refused(404, "person.not_found")
	rights := h.do(call{as: "lin", method: "GET", path: "/people/lin/rights"}).is(200).json()
	held, _ := rights["grants"].([]any)
	require.Len(t, held, 1)
	grant, _ := held[0].(map[string]any)
	require.Equal(t, []any{"cashier", "house", "acme-cn"}, []any{grant["role"], grant["source"], grant["entity"]})

	at := "/people/lin/rights/" + id + "/revoke"
	h.do(call{as: "emma", method: "POST", path: at, body: map[string]any{"reason": "x"}}).refused(404, "grant.not_found")
	h.do(call{as: "lin", method: "POST", path: at, body: map[string]any{"reason": "x", "at_once": true}}).
		refused(403, "access.denied")
	h.do(call{as: "max", method: "POST", path: at, body: map[string]any{"reason": "lost phone", "at_once": true}}).is(200)
	require.False(t, mayRead(), "with the next request")
	require.Contains(t, string(h.do(call{as: "admin", method: "GET", path: "/notices"}).is(200).body), "grant.revoked_alone")

	h.do(call{as: "max", method: "POST", path: "/people/liu/rights/finance_head@/revoke", body: map[string]any{"reason": "away"}}).is(200)
	open := h.items("audit", "/grants/requests?open=true")
	require.Len(t, open, 2)
	newest, _ := open[0].(map[string]any)
	number, _ := newest["id"].(string)
	h.verdict("admin", number, "approve", map[string]any{}).is(200)
	h.do(call{as: "liu", method: "GET", path: "/proposals"}).is(403)

	report, err := h.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// TestNobodyDecidesByARoleThatEnded: neither who had it, before the document has heard of
// it, nor their delegate; who holds it still does.
func TestNobodyDecidesByARoleThatEnded(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1200.00")
	task := h.task("wang", id)
	h.do(call{as: "wang", method: "POST", path: "/delegations", body: map[string]any{
		"delegate": "emma", "from": time.Now().Format(time.RFC3339), "until": time.Now().Add(time.Hour).Format(time.RFC3339),
	}}).is(201)
	h.do(call{as: "max", method: "POST", path: "/people/wang/rights/finance_clerk@/revoke",
		body: map[string]any{"reason": "moved", "at_once": true}}).is(200)
	at := "/tasks/" + task["id"].(string) + "/acts"
	for _, who := range []string{"wang", "emma"} {
		h.do(call{as: who, method: "POST", path: at, body: decision(task, "approve", "")}).refused(403, "task.role_ended")
	}
	require.Equal(t, "pending", h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(200).text("status"))
	h.decide("chen", id, "approve", "").is(200)
}
