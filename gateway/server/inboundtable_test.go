package server_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/table"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
)

// rowsMapping is what the rows of a table become.
const rowsMapping = `
inbound: rows
type: payment_request
id: $.no
document:
  title: = "Contract " + message.no
  supplier: $.party
  currency: CNY
fields: { contract: $.no, payment_kind: prepayment }
line: { category: services, description: $.no, amount: $.amount }
`

// rowsBecomeDocuments page by page from where the last reading ended, once each; what was
// refused rests until somebody says otherwise, however often it is read.
func (h *house) rowsBecomeDocuments(t *testing.T) {
	mapping, err := inbound.Parse("rows.yaml", []byte(rowsMapping))
	require.NoError(t, err)
	line, err := pq.NewConnector(h.database)
	require.NoError(t, err)
	db := sql.OpenDB(line)
	defer db.Close() //nolint:errcheck // a test's
	run := func(statement string) {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	run(`CREATE TABLE contracts (no text PRIMARY KEY, party text, amount numeric, changed timestamptz);
		INSERT INTO contracts SELECT 'T-' || n, 'SUP999', n, '2026-11-01'::timestamptz FROM generate_series(1000, 1500) n;
		INSERT INTO contracts VALUES ('T-1', 'SUP002', 100.50, '2026-11-02'), ('T-0', 'SUP002', 1, NULL)`)
	config := table.Config{URL: h.database, Query: "SELECT * FROM contracts -- all", Key: "no", Watermark: "changed"}
	h.desk.Inbound["rows"] = desk.InboundSource{ID: "rows", Title: "Contracts", Account: "crm-bot", Entities: []string{"acme-cn"}, Mapping: mapping,
		Kind: "table", When: "5m"}
	take := func(change func(c *table.Config)) activities.Collected {
		asked := config
		change(&asked)
		source, err := table.Open(asked)
		require.NoError(t, err)
		b := &activities.Inbounds{Book: h.store, Sources: map[string]activities.InboundSource{"rows": {ID: "rows",
			Entities: []string{"acme-cn"}, Mapping: mapping, Ask: source.Read}}}
		got, err := b.TakeInbound(t.Context(), activities.CollectInput{Source: "rows"})
		require.NoError(t, err)
		return got
	}
	same := func(*table.Config) {}
	count := func(state string) (n int) {
		require.NoError(t, db.QueryRowContext(t.Context(),
			`SELECT count(*) FROM inbound_messages WHERE source = 'rows' AND state = $1`, state).Scan(&n))
		return n
	}
	assert.Equal(t, activities.Collected{Items: 502}, take(same), "two pages; what has no watermark is not asked for")
	h.work()
	assert.Equal(t, []int{1, 501}, []int{count(store.InboundSubmitted), count(store.InboundRefused)})
	assert.Equal(t, activities.Collected{Items: 1}, take(same), "from the newest watermark on")
	run(`INSERT INTO contracts VALUES ('T-2', 'SUP002', 7, '2026-11-01 23:59'), ('T-3', 'SUP002', 8, '2026-11-03')`)
	assert.Equal(t, activities.Collected{Items: 3}, take(func(c *table.Config) { c.Overlap = time.Minute }),
		"a transaction that ended late")
	assert.Equal(t, 501, count(store.InboundRefused), "they rest")
	h.work()
	page, err := h.store.Inbounds(t.Context(), access.Scope{All: true}, store.InboundFilter{Source: "rows", State: "submitted"})
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	h.sourceIsTold(t)

	for _, tt := range []struct {
		change func(c *table.Config)
		code   string
	}{
		{func(c *table.Config) { c.Query = "DELETE FROM contracts RETURNING *" }, "table.refused"},
		{func(c *table.Config) {
			c.Query = "SELECT *, set_config('a.b', 'c', false) FROM contracts) q; DELETE FROM contracts; --"
		},
			"table.refused"},
		{func(c *table.Config) { c.Watermark = "nothing" }, "table.refused"},
		{func(c *table.Config) { c.URL = "postgres://nobody:secret@127.0.0.1:1/x?sslmode=disable" }, "table.unavailable"},
	} {
		assert.Equal(t, tt.code, take(tt.change).Code)
	}
	var left int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM contracts`).Scan(&left))
	assert.Equal(t, 505, left)
	_, err = table.Open(table.Config{URL: "postgres://u:secret@%zz/"})
	require.Error(t, err)
	assert.NotContains(t, fmt.Sprint(err), "secret")
}

// sourceIsTold by the API and to monitoring: what came of it, and what waits.
func (h *house) sourceIsTold(t *testing.T) {
	told := h.do(call{as: "wang", method: "GET", path: "/inbound-sources"}).is(200).json()["items"].([]any)
	var one map[string]any
	for _, s := range told {
		if s := s.(map[string]any); s["id"] == "rows" {
			one = s
		}
	}
	require.Equal(t, "Contracts", one["title"])
	messages, reading := one["messages"].(map[string]any), one["reading"].(map[string]any)
	assert.Equal(t, []any{501.0, 3.0, 0.0}, []any{messages["refused"], messages["submitted"], messages["received"]})
	assert.Equal(t, []any{"5m", 3.0, nil}, []any{reading["schedule"], reading["items"], reading["failure"]})
	assert.NotEmpty(t, reading["read_at"])
	h.do(call{as: "lin", method: "GET", path: "/inbound-sources"}).refused(403, "access.denied")
	h.do(call{as: "wang", method: "POST", path: "/inbound-sources/rows/readings"}).refused(409, "inbound.unread")
	_, metrics, _ := h.raw("GET", "/metrics", nil, nil)
	assert.Contains(t, string(metrics), `countersign_inbound_messages{kind="table",source="rows",state="refused"} 501`)
	assert.Contains(t, string(metrics), `countersign_inbound_source_failed{kind="table",source="rows"} 0`)
	assert.Contains(t, string(metrics), `countersign_inbound_source_age_seconds{kind="table",source="rows"}`)
}
