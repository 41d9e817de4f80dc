package yonbip

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// TestRecordsEnd proves where a list ends: where the answer says, else at a page that is not
// full. One that stops before, or never, is told.
func TestRecordsEnd(t *testing.T) {
	for _, tt := range []struct {
		name       string
		count      any
		pages      []int // how many records each has; the last one is repeated
		came, asks int
		code       string
	}{
		{"nothing", 0, []int{0}, 0, 1, ""},
		{"no count", nil, []int{recordPage, 3}, recordPage + 3, 2, ""},
		{"pages that are shorter than asked", 25, []int{10, 10, 5}, 25, 3, ""},
		{"a count that is a text", "20", []int{10, 10}, 20, 2, ""},
		{"full pages and no more", 2 * recordPage, []int{recordPage, recordPage}, 2 * recordPage, 2, ""},
		{"fewer than it said", 25, []int{10, 0}, 10, 2, port.CodeUnavailable},
		{"without end", nil, []int{recordPage}, pagesMax * recordPage, pagesMax, port.CodeUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asks := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				data := map[string]any{"recordCount": tt.count,
					"recordList": make([]map[string]string, tt.pages[min(asks, len(tt.pages)-1)])}
				asks++
				_ = json.NewEncoder(w).Encode(map[string]any{"code": "200", "data": data})
			}))
			t.Cleanup(server.Close)
			p := &Port{client: &client{gateway: server.URL, token: "t", tokenEnd: time.Now().Add(time.Hour), now: time.Now,
				http: server.Client()}}
			came := 0
			err := records(t.Context(), p, "/list", object{}, func(record) { came++ })
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.Equal(t, [2]int{tt.came, tt.asks}, [2]int{came, asks})
		})
	}
}

// TestTitles reads a name in each form that YonBIP has for one.
func TestTitles(t *testing.T) {
	for in, want := range map[string]string{`"展会"`: "展会", `null`: "", `{"zh_CN":"展会","en_US":"Fair"}`: "展会",
		`{"zh_CN":null,"zh_TW":"展會","en_US":"Fair"}`: "展會", `{"en_US":"Fair"}`: "Fair", `7`: "7"} {
		var got record
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"name":%s,"enable":"1"}`, in), &got))
		require.Equal(t, want, got.entry().Name, in)
		require.True(t, got.entry().Active)
	}
}

// TestRateValues holds what one unit is worth, and that nothing is made of what is no number.
func TestRateValues(t *testing.T) {
	for _, tt := range []struct{ rate, method, want string }{
		{`7.1000`, multiplied, "7.1"}, {`"7.1"`, multiplied, "7.1"}, {`100`, multiplied, "100"}, {`20.4`, divided, "0.049019607843"},
		{`7.8E-2`, multiplied, "0.078"}, {`0`, divided, ""}, {`0`, multiplied, ""}, {`-1`, multiplied, ""}, {`null`, multiplied, ""},
		{`{}`, divided, ""},
	} {
		var r rateRow
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"exchangeRate":%s,"exchangeConversionMethod":%s}`, tt.rate, tt.method), &r))
		require.Equal(t, tt.want, r.value(), "%s by %s", tt.rate, tt.method)
	}
}
