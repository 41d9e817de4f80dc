package sim

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

const entries = "/api/resource/Journal%20Entry"

// ask makes one request and returns its status and its answer.
func ask(s *Server, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, bytes.NewBufferString(body))
	r.Header.Set("Authorization", "token sim-key:sim-secret")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// entry is a good Journal Entry with something changed in its text.
func entry(replace ...string) string {
	text := `{"voucher_type":"Journal Entry","company":"Demo Co","posting_date":"2026-03-31","custom_external_ref":"a","accounts":[
		{"account":"6602 - 差旅费 Travel - DC","debit_in_account_currency":128.5,"cost_center":"Main - DC"},
		{"account":"2202 - 应付账款 Payable - DC","party_type":"Supplier","party":"lin","credit_in_account_currency":128.5}]}`
	for i := 0; i+1 < len(replace); i += 2 {
		text = string(bytes.Replace([]byte(text), []byte(replace[i]), []byte(replace[i+1]), 1))
	}
	return text
}

// TestChecks proves that every check of the simulator refuses, with nothing written.
func TestChecks(t *testing.T) {
	filters := func(text string) string { return entries + "?filters=" + url.QueryEscape(text) }
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		class                    string
	}{
		{"an unknown doctype", "GET", "/api/resource/Nonsense", "", 404, "DoesNotExistError"},
		{"another address", "GET", "/api/method/ping", "", 404, "DoesNotExistError"},
		{"an entry that is gone", "GET", entries + "/X", "", 404, "DoesNotExistError"},
		{"master data", "POST", "/api/resource/Supplier", "{}", 403, "PermissionError"},
		{"filters that are none", "GET", filters("{"), "", 417, "ValidationError"},
		{"a filter by an unknown field", "GET", filters(`[["x","=",1]]`), "", 417, "DataError"},
		{"an unknown field", "GET", entries + "?fields=" + url.QueryEscape(`["x"]`), "", 417, "DataError"},
		{"fields that are none", "GET", entries + "?fields=x", "", 417, "ValidationError"},
		{"no JSON", "POST", entries, "{", 417, "ValidationError"},
		{"an unknown voucher type", "POST", entries, entry("Journal Entry", "Nonsense"), 417, "ValidationError"},
		{"no date", "POST", entries, entry("2026-03-31", "soon"), 417, "InvalidDateError"},
		{"another company", "POST", entries, entry("Demo Co", "X"), 417, "LinkValidationError"},
		{"no rows", "POST", entries, `{"voucher_type":"Journal Entry","company":"Demo Co","posting_date":"2026-03-31"}`, 417, "MandatoryError"},
		{"a row that is none", "POST", entries, `{"voucher_type":"Journal Entry","company":"Demo Co","posting_date":"2026-03-31","accounts":[1]}`, 417, "ValidationError"},
		{"an unknown account", "POST", entries, entry("6602", "X"), 417, "LinkValidationError"},
		{"an unknown cost center", "POST", entries, entry("Main", "X"), 417, "LinkValidationError"},
		{"an unknown project", "POST", entries, entry(`"cost_center"`, `"project":"X","cost_center"`), 417, "LinkValidationError"},
		{"an unknown value of an Accounting Dimension", "POST", entries, entry(`"cost_center"`, `"region":"X","cost_center"`),
			417, "LinkValidationError"},
		{"an unknown party", "POST", entries, entry(`"lin"`, `"x"`), 417, "LinkValidationError"},
		{"no party", "POST", entries, entry(`"party":"lin",`, ""), 417, "ValidationError"},
		{"both sides", "POST", entries, entry(`"cost_center"`, `"credit_in_account_currency":1,"cost_center"`), 417, "ValidationError"},
		{"not balanced", "POST", entries, entry("128.5", "128.51"), 417, "ValidationError"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Options{Year: 2026})
			status, says := ask(s, tt.method, tt.path, tt.body)
			require.Equal(t, tt.status, status, says)
			require.Contains(t, says, `"exc_type":"`+tt.class+`"`)
			require.Contains(t, says, `"_server_messages":"[\"{`)
			drafts, posted := s.Counted("a")
			require.Zero(t, drafts+posted)
		})
	}
	s := New(Options{Year: 2026})
	r := httptest.NewRequest(http.MethodGet, entries, nil)
	r.Header.Set("Authorization", "token sim-key:x")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, 401, w.Code)
}

// TestLifeOfAnEntry proves docstatus, closings and the unique reference.
func TestLifeOfAnEntry(t *testing.T) {
	s := New(Options{Year: 2026, Closed: "2026-02-28"})
	status, says := ask(s, "POST", entries, entry())
	require.Equal(t, 200, status)
	require.Contains(t, says, `"debit":128.5`)
	require.Contains(t, says, `"credit":0.0`, "numbers are Python floats")
	status, says = ask(s, "POST", entries, entry())
	require.Equal(t, 409, status, says)
	for date, class := range map[string]string{"2026-02-28": "ValidationError", "2031-01-01": "FiscalYearError"} {
		_, says = ask(s, "POST", entries, entry("2026-03-31", date, `"a"`, `"`+date+`"`))
		require.Contains(t, says, `"docstatus":0`, "a draft may lie on any day")
		name := says[bytes.Index([]byte(says), []byte("ACC-JV")):][:len("ACC-JV-2026-00001")]
		status, says = ask(s, "PUT", entries+"/"+name, `{"docstatus":1}`)
		require.Equal(t, 417, status)
		require.Contains(t, says, class)
	}
	_, says = ask(s, "POST", entries, entry(`,"cost_center":"Main - DC"`, "", `"a"`, `"b"`))
	require.Contains(t, says, "ACC-JV-2026-00004")
	for _, tt := range []struct {
		method, name, body string
		status             int
		says               string
	}{
		{"PUT", "4", `{"docstatus":1}`, 417, "Cost Center is required"},
		{"PUT", "1", `{"docstatus":2}`, 417, "from 0 (Draft)"},
		{"PUT", "1", `{}`, 417, "only docstatus"},
		{"PUT", "1", `{"docstatus":1}`, 200, `"docstatus":1`},
		{"PUT", "1", `{"docstatus":1}`, 200, `"docstatus":1`},
		{"PUT", "1", `{"docstatus":0}`, 417, "from 1 (Submitted)"},
		{"DELETE", "1", ``, 417, "Cancel"},
		{"PUT", "1", `{"docstatus":2}`, 200, `"docstatus":2`},
		{"PUT", "1", `{"docstatus":1}`, 417, "cancelled document"},
		{"DELETE", "4", ``, 202, "ok"},
	} {
		status, says := ask(s, tt.method, entries+"/ACC-JV-2026-0000"+tt.name, tt.body)
		require.Equal(t, tt.status, status, says)
		require.Contains(t, says, tt.says)
	}
	status, says = ask(s, "POST", entries, entry("6602 - 差旅费 Travel", "1009 - 美元 Dollars", `"a"`, `"c"`))
	require.Equal(t, 200, status, says)
	_, says = ask(s, "PUT", entries+"/ACC-JV-2026-00005", `{"docstatus":1}`)
	require.Contains(t, says, "exchange rate")
	_, says = ask(s, "GET", entries, "")
	require.Contains(t, says, "ACC-JV-2026-00001")
	status, _ = ask(New(Options{Year: 2026, NoField: true}), "GET", entries+"?filters="+url.QueryEscape(`[["custom_external_ref","=","a"]]`), "")
	require.Equal(t, 417, status)
}
