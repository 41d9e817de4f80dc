package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// powers asks who could release more than an amount, as somebody who may know.
func (h *house) powers(as string, query url.Values) []map[string]any {
	h.t.Helper()
	var rows []map[string]any
	for _, item := range h.do(call{as: as, method: "GET", path: "/access/report?" + query.Encode()}).is(200).json()["items"].([]any) {
		rows = append(rows, item.(map[string]any))
	}
	return rows
}

// by lists the rows of a person that do something, as what, policy, step, way and alone.
func by(rows []map[string]any, person, what string) []string {
	var found []string
	for _, r := range rows {
		if r["person"] == person && r["what"] == what {
			found = append(found, fmt.Sprint(r["policy"], " ", r["step"], " ", r["way"], " alone:", r["alone"], " certain:", r["certain"]))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestWhoCouldReleaseIsReadFromTheRecord: what somebody could do is there for as long as
// it was theirs, also when it is over by now; and nobody reads it who may not know.
func TestWhoCouldReleaseIsReadFromTheRecord(t *testing.T) {
	h := newHouse(t)
	began := time.Now()
	over := url.Values{"over": {"50000"}, "currency": {"CNY"}, "entity": {"acme-cn"}}
	h.do(call{as: "lin", method: "GET", path: "/access/report?" + over.Encode()}).refused(403, "access.denied")
	h.do(call{as: "liu", method: "GET", path: "/access/report?" + over.Encode()}).refused(403, "access.denied")
	h.do(call{as: "audit", method: "GET", path: "/access/report?over=much&currency=CNY"}).refused(422, "powers.bad_amount")

	now := h.powers("audit", over)
	require.Contains(t, by(now, "liu", "decide"), "expense finance_head role:finance_head alone:false certain:true")
	require.Empty(t, slices.DeleteFunc(by(now, "chen", "decide"), func(s string) bool { return !strings.HasPrefix(s, "expense") }),
		"who reviews first is not the last one needed: finance_head always follows above 50,000")
	require.NotEmpty(t, by(now, "admin", "intervene"))
	require.NotEmpty(t, by(now, "liu", "publish"))
	require.NotEmpty(t, by(now, "wang", "resolve"))
	require.Empty(t, by(now, "lin", "decide"))

	h.do(call{as: "liu", method: "POST", path: "/delegations", body: map[string]any{
		"delegate": "emma", "from": time.Now().Format(time.RFC3339), "until": time.Now().Add(time.Hour).Format(time.RFC3339),
	}}).is(201)
	require.Contains(t, by(h.powers("audit", over), "emma", "decide"), "expense finance_head delegation:liu alone:false certain:false")
	h.do(call{as: "max", method: "POST", path: "/people/liu/rights/finance_head@/revoke",
		body: map[string]any{"reason": "=left()", "at_once": true}}).is(200)
	head := "expense finance_head role:finance_head alone:false certain:true"
	require.NotContains(t, by(h.powers("audit", over), "liu", "decide"), head, "as of now")
	over.Set("from", began.Format(time.RFC3339Nano))
	for _, row := range h.powers("admin", over) {
		if row["person"] == "liu" && row["what"] == "decide" && row["way"] == "role:finance_head" {
			require.NotEmpty(t, row["until"], "over the period it was theirs until it was taken away")
			require.NotEmpty(t, row["since"])
		}
	}
	require.Contains(t, by(h.powers("admin", over), "liu", "decide"), head)
	status, table, _ := h.raw("GET", "/api/v1/access/report/export?"+over.Encode(), nil, http.Header{"Authorization": {"Bearer " + h.token("audit")}})
	require.Equal(t, 200, status)
	require.Contains(t, string(table), "what,person,entity")
	require.NotContains(t, string(table), "\n=")
}
