package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// ask makes one request and returns its status and its answer.
func ask(t *testing.T, s *Server, path, body string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewBufferString(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "bearer sim-key")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

const draft = `{"vals_list":[{"ref":"a","date":"2026-03-31","journal_id":1,"line_ids":[
	[0,0,{"account_id":1,"debit":128.5}],[0,0,{"account_id":2,"partner_id":1,"credit":128.5}]]}]}`

// TestChecks proves that every check of the simulator refuses.
func TestChecks(t *testing.T) {
	for _, tt := range []struct {
		name, path, body string
		status           int
		says             string
		change           []func(*http.Request)
	}{
		{"no JSON content type", "/json/2/account.move/create", draft, 400, "Content-Type", []func(*http.Request){header("Content-Type", "text/plain")}},
		{"no key", "/json/2/account.move/create", draft, 401, "not authenticated", []func(*http.Request){header("Authorization", "")}},
		{"another key", "/json/2/account.move/create", draft, 401, "Invalid apikey", []func(*http.Request){header("Authorization", "bearer x")}},
		{"another database", "/json/2/account.move/create", draft, 404, "no such database", []func(*http.Request){header("X-Odoo-Database", "x")}},
		{"a body that is no JSON", "/json/2/account.move/create", `{`, 400, "could not parse", nil},
		{"an unknown model", "/json/2/no.model/create", draft, 404, "does not exist", nil},
		{"an unknown method", "/json/2/account.move/destroy", `{}`, 404, "does not exist", nil},
		{"an unknown argument", "/json/2/account.move/search_read", `{"filter":[]}`, 422, "unexpected keyword", nil},
		{"ids for a method of the model", "/json/2/account.move/search_read", `{"ids":[1]}`, 422, "with ids", nil},
		{"an unknown field in a search", "/json/2/account.move/search_read", `{"domain":[["x","=",1]]}`, 500, "Invalid field", nil},
		{"an unknown field to read", "/json/2/account.move/search_read", `{"fields":["x"]}`, 500, "Invalid field", nil},
		{"a malformed domain", "/json/2/account.move/search_read", `{"domain":["x"]}`, 500, "Malformed", nil},
		{"master data", "/json/2/res.partner/create", `{"vals_list":[{"name":"x"}]}`, 403, "not allowed", nil},
		{"deleting master data", "/json/2/res.partner/unlink", `{"ids":[1]}`, 403, "not allowed", nil},
		{"an unknown field to write", "/json/2/account.move/create", `{"vals_list":[{"x":1}]}`, 500, "Invalid field", nil},
		{"an unknown field of a line", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"x":1}]]}]}`, 500, "Invalid field", nil},
		{"no date", "/json/2/account.move/create", `{"vals_list":[{"journal_id":1}]}`, 422, "date", nil},
		{"no journal", "/json/2/account.move/create", `{"vals_list":[{"date":"2026-03-31"}]}`, 422, "journal_id", nil},
		{"another journal", "/json/2/account.move/create", `{"vals_list":[{"date":"2026-03-31","journal_id":99}]}`, 404, "account.journal(99", nil},
		{"another account", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":99}]]}]}`, 404, "account.account(99", nil},
		{"no account", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"debit":1}]]}]}`, 422, "account", nil},
		{"a wrong command", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[{"debit":1}]}]}`, 500, "Wrong command", nil},
		{"an analytic account that is not there", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"analytic_distribution":{"99":100}}]]}]}`,
			404, "account.analytic.account(99", nil},
		{"more than all of a line", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"analytic_distribution":{"2":100,"3":50}}]]}]}`,
			422, "100%", nil},
		{"a share that is none", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"analytic_distribution":{"2":"x"}}]]}]}`,
			500, "could not convert", nil},
		{"a distribution that is none", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"analytic_distribution":[2]}]]}]}`,
			500, "Invalid analytic distribution", nil},
		{"not balanced", "/json/2/account.move/create",
			`{"vals_list":[{"date":"2026-03-31","journal_id":1,"line_ids":[[0,0,{"account_id":1,"debit":1}]]}]}`, 422, "not balanced", nil},
		{"a record that is gone", "/json/2/account.move/action_post", `{"ids":[7]}`, 404, "does not exist", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Options{})
			status, says := ask(t, s, tt.path, tt.body, tt.change...)
			require.Equal(t, tt.status, status, says)
			require.Contains(t, says, tt.says)
			var e exception
			require.NoError(t, json.Unmarshal([]byte(says), &e))
			require.NotEmpty(t, e.Name)
			drafts, posted := s.Counted("a")
			require.Zero(t, drafts+posted)
		})
	}
}

// TestLifeOfAnEntry proves what a posted entry refuses, and that a locked day
// moves it.
func TestLifeOfAnEntry(t *testing.T) {
	s := New(Options{})
	status, says := ask(t, s, "/json/2/account.move/create", draft)
	require.Equal(t, 200, status)
	require.JSONEq(t, "[1]", says)
	_, says = ask(t, s, "/json/2/account.move.line/search_read", `{"domain":[["move_id","=",1]],"fields":["debit","account_id","partner_id"]}`)
	require.Contains(t, says, `"debit":128.5`)
	require.Contains(t, says, `"account_id":[1,"6602 Travel 差旅费"]`)
	require.Contains(t, says, `"debit":0.0`, "numbers are Python floats")
	require.Contains(t, says, `"partner_id":false`, "what is empty is false")
	s.Lock("2026-04-10")
	status, says = ask(t, s, "/json/2/account.move/action_post", `{"ids":[1]}`)
	require.Equal(t, 200, status)
	require.Equal(t, "null\n", says)
	_, says = ask(t, s, "/json/2/account.move/search_read", `{"fields":["date","name","state"]}`)
	require.JSONEq(t, `[{"id":1,"date":"2026-04-11","name":"EXP/2026/04/0001","state":"posted"}]`, says)
	ask(t, s, "/json/2/account.move/create", `{"vals_list":[{"date":"2026-05-01","journal_id":1,"line_ids":[[0,0,{"account_id":4}]]}]}`)
	_, says = ask(t, s, "/json/2/account.move/action_post", `{"ids":[2]}`)
	require.Contains(t, says, "deprecated account")
	for _, method := range []string{"action_post", "unlink"} {
		status, says = ask(t, s, "/json/2/account.move/"+method, `{"ids":[1]}`)
		require.Equal(t, 422, status, says)
	}
	drafts, posted := s.Counted("a")
	require.Equal(t, [2]int{0, 1}, [2]int{drafts, posted})
}

// TestOldDialect proves the envelope of JSON-RPC, its sign-in, and what versions
// before JSON-2 lack.
func TestOldDialect(t *testing.T) {
	s := New(Options{Version: 13, Locked: "2026-12-31"})
	status, _ := ask(t, s, "/json/2/account.move/create", draft)
	require.Equal(t, 404, status)
	rpc := func(service, method, args string) string {
		status, says := ask(t, s, "/jsonrpc", `{"jsonrpc":"2.0","method":"call","id":7,"params":{"service":"`+service+
			`","method":"`+method+`","args":[`+args+`]}}`)
		require.Equal(t, 200, status)
		return says
	}
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7,"result":2}`, rpc("common", "authenticate", `"demo","countersign","sim-key",{}`))
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7,"result":false}`, rpc("common", "authenticate", `"demo","countersign","x",{}`))
	require.Contains(t, rpc("common", "nosuch", ``), "Method not found")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2`), "missing")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"x","account.move","search_read",[]`), "AccessDenied")
	require.Contains(t, rpc("object", "execute_kw", `"demo",9,"sim-key","account.move","search_read",[]`), "AccessDenied")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","create",[]`), "IndexError")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","action_post",[]`), "missing 1 required")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"sim-key","account.account","search_read",[],{"fields":["account_type"]}`), "Invalid field")
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","create",[[{"date":"2026-03-31","journal_id":1}]]`), `"result":[1]`)
	require.Contains(t, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","action_post",[[1]]`), "prior to and inclusive of", "before 14 it refuses")
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7,"result":true}`, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","unlink",[[1]]`))
	s = New(Options{Version: 17})
	rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","create",[[{"date":"2026-03-31","journal_id":1}]]`)
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7}`, rpc("object", "execute_kw", `"demo",2,"sim-key","account.move","action_post",[[1]]`),
		"None has no result at all")
}
