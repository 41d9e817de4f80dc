package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

// TestWhoMayAskWhat holds every reading route against every role.
func TestWhoMayAskWhat(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	everybody := []string{"lin", "emma", "zhao", "wang", "liu", "chen", "audit", "admin"}
	for _, tt := range []struct {
		path  string
		may   string // who gets 200
		other int    // what the others get
	}{
		{"/me", "lin emma zhao wang liu chen audit admin", 0},
		{"/types", "lin emma zhao wang liu chen audit admin", 0},
		{"/policies", "lin emma zhao wang liu chen audit admin", 0},
		{"/policies/expense", "lin emma zhao wang liu chen audit admin", 0},
		{"/people?q=wa", "lin emma zhao wang liu chen audit admin", 0},
		{"/suppliers", "lin emma zhao wang liu chen audit admin", 0},
		{"/tasks", "lin emma zhao wang liu chen audit admin", 0},
		{"/notices", "lin emma zhao wang liu chen audit admin", 0},
		{"/vouchers", "lin emma zhao wang liu chen audit admin", 0},
		{"/documents/" + id, "lin zhao wang liu chen audit admin", 404},
		{"/documents/" + id + "/events", "lin zhao wang liu chen audit admin", 404},
		{"/documents/" + id + "/export", "lin zhao wang liu chen audit admin", 404},
		{"/documents/" + id + "/comments", "lin zhao wang liu chen audit admin", 404},
		{"/effects/parked", "wang liu chen audit admin", 403},
		{"/finance/tasks", "wang liu chen audit admin", 403},
		{"/audit/events", "liu audit admin", 403},
		{"/audit/export?format=csv&kind=decisions", "liu audit admin", 403},
		{"/audit/checkpoints", "liu audit admin", 403},
		{"/finance/counts", "wang liu chen audit admin", 403},
		{"/proposals", "liu audit admin", 403},
	} {
		for _, person := range everybody {
			t.Run(person+" "+tt.path, func(t *testing.T) {
				got := h.do(call{as: person, method: "GET", path: tt.path})
				if strings.Contains(" "+tt.may+" ", " "+person+" ") {
					got.is(200)
				} else {
					got.is(tt.other)
				}
			})
		}
		t.Run("nobody "+tt.path, func(t *testing.T) {
			h.do(call{method: "GET", path: tt.path}).refused(401, "auth.required")
		})
	}
}

// TestWhoMayDoWhat holds the writing routes against those who may not.
func TestWhoMayDoWhat(t *testing.T) {
	h := newHouse(t)
	h.do(call{as: "lin", method: "POST", path: "/imports", body: "{}", media: "application/x-ndjson"}).refused(403, "access.denied")
	h.do(call{as: "wang", method: "POST", path: "/effects/v:nowhere:accrual:1/resolve", body: map[string]any{"ruling": "retry"}}).refused(404, "effect.not_found")
	id := h.submitted("lin", "2000.00")
	ruling := call{as: "lin", method: "POST", path: "/effects/v:" + id + ":accrual:1/resolve", body: map[string]any{"ruling": "retry"}}
	h.do(ruling).refused(403, "access.denied")
	ruling.as = "wang"
	h.do(ruling).refused(409, "voucher.not_parked")
	h.do(call{as: "wang", method: "POST", path: "/documents/" + id + "/submit"}).refused(403, "access.denied")
	h.do(call{as: "emma", method: "POST", path: "/documents/" + id + "/urge"}).refused(404, "document.not_found")
	h.do(call{as: "lin", method: "GET", path: "/vouchers/v:" + id + ":accrual:1"}).refused(404, "voucher.not_found")
	h.do(call{as: "lin", method: "GET", path: "/acts/018f0000-0000-7000-8000-000000000000"}).refused(404, "act.not_found")
}

// TestTokens proves that a token does what it was given and no more, is shown
// once, and ends at once; and that no token makes another.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	ask := map[string]any{"name": "x", "scopes": []any{"document:read"}, "expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}
	h.do(call{as: "lin", method: "POST", path: "/tokens", body: ask}).refused(403, "access.denied")
	snapshot, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	who := auth.Who{Person: snapshot.People["lin"], Subject: access.SubjectOf(snapshot, "lin")}
	in := desk.TokenInput{Name: "x", Scopes: []string{"document:read"}, Expires: time.Now().Add(time.Hour)}
	token, row, err := h.desk.NewToken(t.Context(), who, in, desk.Key{Route: "r", Key: "k"})
	require.NoError(t, err)
	_, _, err = h.desk.NewToken(t.Context(), who, in, desk.Key{Route: "r", Key: "k"})
	require.ErrorContains(t, err, "token.shown_once")
	h.tokens["lin"] = token
	h.do(call{as: "lin", method: "GET", path: "/documents"}).is(200)
	h.do(call{as: "lin", method: "POST", path: "/documents", body: expense("1.00")}).refused(403, "access.denied")
	require.NoError(t, h.desk.RevokeToken(t.Context(), who, row.ID))
	h.do(call{as: "lin", method: "GET", path: "/documents"}).refused(401, "auth.bad_token")
	h.tokens["lin"] = "cs_nonsense"
	h.do(call{as: "lin", method: "GET", path: "/me"}).refused(401, "auth.bad_token")
	in.Scopes = []string{"everything"}
	_, _, err = h.desk.NewToken(t.Context(), who, in, desk.Key{})
	require.ErrorContains(t, err, "token.bad_scope")
	administrator := auth.Who{Person: snapshot.People["admin"], Subject: access.SubjectOf(snapshot, "admin")}
	for _, scope := range []string{access.ScimProvision, "scim:*"} { // who speaks as a directory gives roles
		in.Scopes = []string{"document:read", scope}
		_, _, err = h.desk.NewToken(t.Context(), administrator, in, desk.Key{})
		require.ErrorContains(t, err, "token.by_operator")
	}
	in.Scopes, in.Expires = []string{"document:*"}, time.Now().Add(1000*24*time.Hour)
	_, _, err = h.desk.NewToken(t.Context(), who, in, desk.Key{})
	require.ErrorContains(t, err, "token.bad_expiry")
}

// TestWhoLeftIsRefusedAtOnce proves that a credential ends with its person.
func TestWhoLeftIsRefusedAtOnce(t *testing.T) {
	h := newHouse(t)
	h.do(call{as: "gone", method: "GET", path: "/me"}).refused(403, "auth.inactive")
	h.do(call{as: "lin", method: "GET", path: "/me"}).is(200)
	h.leave("lin")
	h.do(call{as: "lin", method: "GET", path: "/me"}).refused(401, "auth.bad_token")
}

func (h *house) leave(person string) {
	now, err := h.store.Snapshot(h.t.Context(), 0)
	require.NoError(h.t, err)
	next := *now
	next.People = map[string]org.Person{}
	for id, p := range now.People {
		p.Active = p.Active && id != person
		next.People[id] = p
	}
	_, err = h.store.ReplaceOrganisation(h.t.Context(), next, "leaver")
	require.NoError(h.t, err)
}

// TestImport proves that many rows become documents once, and that a bad row is
// told with its number, field and code and holds up nobody.
func TestImport(t *testing.T) {
	h := newHouse(t)
	lines := strings.Join([]string{
		`{"key":"r1","type":"expense","title":"one","currency":"CNY","requester":"lin","lines":[{"category":"meals","date":"2026-03-02","amount":{"amount":"10.00","currency":"CNY"}}]}`,
		`{"key":"r2","type":"expense","title":"two","currency":"CNY","requester":"lin","lines":[{"category":"meals","date":"2026-03-02","amount":{"amount":"10.001","currency":"CNY"}}]}`,
		`not json`,
		`{"key":"r4","type":"expense","title":"four","approver":"me"}`,
		`{"key":"r5","type":"expense","title":"five","currency":"CNY","requester":"lin","lines":[{"category":"yacht","date":"2026-03-02","amount":{"amount":"10.00","currency":"CNY"}}]}`,
		`{"key":"r1","type":"expense","title":"one again","currency":"CNY","requester":"lin","lines":[{"category":"meals","date":"2026-03-02","amount":{"amount":"11.00","currency":"CNY"}}]}`,
	}, "\n")
	send := call{as: "wang", method: "POST", path: "/imports", body: lines, media: "application/x-ndjson", key: "i1"}
	id := h.do(send).is(202).text("id")
	require.Equal(t, id, h.do(send).is(202).text("id"))
	h.drain()
	state := h.do(call{as: "wang", method: "GET", path: "/imports/" + id, accept: "zh-CN"}).is(200).json()
	require.Equal(t, "done", state["state"])
	require.InDelta(t, 1, state["done"], 0)
	var codes []string
	for _, row := range state["refused"].([]any) {
		codes = append(codes, row.(map[string]any)["code"].(string))
	}
	require.Equal(t, []string{"money.too_many_decimals", "import.bad_row", "request.unknown_property",
		"line.unknown_category", "import.twice"}, codes)
	h.do(call{as: "liu", method: "GET", path: "/imports/" + id}).refused(404, "import.not_found")

	send.key = "i2" // the same rows in another import: their own keys find the documents
	again := h.do(send).is(202).text("id")
	h.drain()
	require.InDelta(t, 1, h.do(call{as: "wang", method: "GET", path: "/imports/" + again}).is(200).json()["done"], 0)
	require.Len(t, h.do(call{as: "wang", method: "GET", path: "/documents?submitter=wang"}).is(200).json()["items"], 1)
	starts, err := h.store.ClaimStarts(t.Context(), 10)
	require.NoError(t, err)
	for _, s := range starts {
		require.True(t, s.Bulk)
	}
	send.key, send.body = "i3", ""
	h.do(call{as: "wang", method: "POST", path: "/imports", body: "\n", media: "text/csv"}).refused(422, "import.empty")
}

func TestImportOfATable(t *testing.T) {
	h := newHouse(t)
	table := "\xef\xbb\xbfkey,type,title,requester,currency,category,date,amount\r\n" +
		"a,expense,one,lin,CNY,meals,2026-03-02,10.00\r\na,expense,one,lin,CNY,travel,2026-03-03,20.00\r\n" +
		"b,expense,two,lin,CNY,meals,2026-03-02,x\r\n"
	id := h.do(call{as: "wang", method: "POST", path: "/imports", body: table, media: "text/csv; charset=utf-8"}).is(202).text("id")
	h.drain()
	state := h.do(call{as: "wang", method: "GET", path: "/imports/" + id}).is(200).json()
	require.InDelta(t, 2, state["total"], 0)
	require.InDelta(t, 1, state["done"], 0)
	docs := h.do(call{as: "wang", method: "GET", path: "/documents?submitter=wang"}).is(200).json()["items"].([]any)
	require.Equal(t, "30.00", docs[0].(map[string]any)["total"].(map[string]any)["amount"])
	h.do(call{as: "wang", method: "POST", path: "/imports", body: "key,salary\n", media: "text/csv"}).refused(422, "import.unknown_column")
	h.do(call{as: "wang", method: "POST", path: "/imports", body: "x", media: "text/plain", wrong: true}).refused(415, "request.unsupported_media")
}

func (h *house) drain() {
	h.t.Helper()
	for range 10 {
		n, err := desk.ImportRunner{Desk: h.desk}.Once(h.t.Context())
		require.NoError(h.t, err)
		if n == 0 {
			return
		}
	}
	h.t.Fatal("the import does not end")
}

// TestTheHouseRules holds what every request goes through.
func TestTheHouseRules(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/docs": 200, "/openapi.json": 200, "/nowhere": 404} {
		status, body, header := h.raw("GET", path, nil, nil)
		require.Equal(t, want, status, "%s %s", path, body)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Contains(t, header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe-inline")
		require.NotEmpty(t, header.Get("X-Request-Id"))
		require.NotContains(t, string(body), "$schema")
	}
	h.engine.is(true, false)
	status, body, _ := h.raw("GET", "/readyz", nil, nil)
	require.Equal(t, 503, status)
	require.Contains(t, string(body), "engine.away")
	status, body, _ = h.raw("POST", "/api/v1/documents", strings.NewReader(strings.Repeat(" ", 2<<20)), http.Header{
		"Authorization": {"Bearer " + h.token("lin")}, "Content-Type": {"application/json"}, "Accept-Language": {"zh"},
	})
	require.Equal(t, 413, status)
	require.Contains(t, string(body), "请求过大")
	status, body, _ = h.raw("PATCH", "/api/v1/documents", nil, nil)
	require.Equal(t, 405, status, string(body))
	status, body, _ = h.raw("GET", "/api/v1/documents?surprise=1", nil, http.Header{"Authorization": {"Bearer " + h.token("lin")}})
	require.Equal(t, 422, status)
	require.Contains(t, string(body), "request.unknown_property")
}
