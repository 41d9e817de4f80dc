package server_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/desk"
)

// TestOneRowHoldsUpNobody: a key that the database cannot keep is the row's own
// fault, and the rows after it in the batch become documents all the same.
func TestOneRowHoldsUpNobody(t *testing.T) {
	h := newHouse(t)
	row := func(key string) string {
		return `{"key":"` + key + `","type":"expense","title":"one","currency":"CNY","requester":"lin","lines":[{"category":` +
			`"meals","date":"2026-03-02","amount":{"amount":"10.00","currency":"CNY"}}]}`
	}
	var long string
	for len(long) < 5000 { // too long for an index, and not to be compressed
		long += rand.Text()
	}
	sly := strings.Replace(row("sly"), `"lines"`, `"fields":{"import.key":"a\u0000b"},"lines"`, 1)
	lines := strings.Join([]string{row(`a\u0000b`), row(long), sly, row("good")}, "\n")
	send := call{as: "wang", method: "POST", path: "/imports", body: lines, media: "application/x-ndjson"}
	id := h.do(send).is(202).text("id")
	_, err := desk.ImportRunner{Desk: h.desk}.Once(t.Context())
	require.NoError(t, err)
	state := h.do(call{as: "wang", method: "GET", path: "/imports/" + id}).is(200).json()
	require.InDelta(t, 1, state["done"], 0)
	var codes []string
	for _, row := range state["refused"].([]any) {
		codes = append(codes, row.(map[string]any)["code"].(string))
	}
	require.Equal(t, []string{"document.bad_text", "request.too_long", "document.unknown_field"}, codes)
}
