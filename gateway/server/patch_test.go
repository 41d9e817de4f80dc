package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// patched sends a sanction or an amendment of one's task.
func (h *house) patched(as, document, key string, more map[string]any) answer {
	h.t.Helper()
	task := h.task(as, document)
	body := decision(task, "", "too dear")
	for name, value := range more {
		body[name] = value
	}
	return h.do(call{as: as, method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: body, key: key})
}

func yuanText(amount string) map[string]any {
	return map[string]any{"amount": amount, "currency": "CNY"}
}

// TestSanctionAndAmendOverTheAPI: amounts are strict, refusals name their field, a
// repeat finds its answer, and a document tells both what was claimed and approved.
func TestSanctionAndAmendOverTheAPI(t *testing.T) {
	h := newHouse(t)
	h.engine.amend = []string{"title", "fields.trip"}
	id := h.submitted("lin", "2000.00")
	sanction := func(key string, lines ...any) answer {
		return h.patched("wang", id, key, map[string]any{"act": "sanction", "lines": lines})
	}
	line := func(n int, amount string) map[string]any {
		return map[string]any{"line": n, "amount": yuanText(amount)}
	}
	sanction("", line(1, "2000.01")).refused(http.StatusUnprocessableEntity, "sanction.above_claimed")
	sanction("", line(1, "-1")).refused(http.StatusUnprocessableEntity, "sanction.negative")
	sanction("", line(1, "1.005")).refused(http.StatusUnprocessableEntity, "money.too_many_decimals")
	sanction("", map[string]any{"line": 1, "amount": map[string]any{"amount": "1", "currency": "EUR"}}).
		refused(http.StatusUnprocessableEntity, "sanction.wrong_currency")
	sanction("", line(1, "0")).refused(http.StatusUnprocessableEntity, "sanction.zero_total")
	h.patched("wang", id, "", map[string]any{"act": "sanction"}).refused(http.StatusUnprocessableEntity, "sanction.no_change")
	h.patched("wang", id, "", map[string]any{"act": "approve", "lines": []any{line(1, "1")}}).
		refused(http.StatusUnprocessableEntity, "request.unknown_property")
	h.patched("wang", id, "", map[string]any{"act": "amend", "changes": []any{map[string]any{"field": "payee", "value": "x"}}}).
		refused(http.StatusUnprocessableEntity, "amend.bad_field")
	h.patched("wang", id, "", map[string]any{"act": "amend", "changes": []any{
		map[string]any{"field": "lines[0].description", "value": "x"}}}).refused(http.StatusForbidden, "amend.not_allowed")

	before := h.task("wang", id)
	done := sanction("k1", line(1, "1500.00")).is(http.StatusOK)
	repeat := decision(before, "sanction", "too dear")
	repeat["lines"] = []any{line(1, "1500.00")}
	again := h.do(call{as: "wang", method: "POST", path: "/tasks/" + before["id"].(string) + "/acts", body: repeat, key: "k1"})
	require.Equal(t, done.text("id"), again.is(http.StatusOK).text("id"), "the same key does it once")
	h.do(call{as: "chen", method: "POST", path: "/tasks/" + h.task("chen", id)["id"].(string) + "/acts",
		body: decision(before, "approve", "")}).refused(http.StatusConflict, "task.changed")

	h.patched("wang", id, "", map[string]any{"act": "amend", "changes": []any{
		map[string]any{"field": "title", "value": "Visit to Suzhou"}}}).is(http.StatusOK)
	shown := h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(http.StatusOK).json()
	require.Equal(t, yuanText("1500.00"), shown["total"])
	require.Equal(t, yuanText("2000.00"), shown["claimed"])
	require.Equal(t, "Visit to Suzhou", shown["title"])
	require.InDelta(t, 3, shown["revision"], 0)
	content := shown["content"].(map[string]any)["lines"].([]any)[0].(map[string]any)
	require.Equal(t, yuanText("2000.00"), content["claimed"].(map[string]any)["amount"])
	require.Equal(t, yuanText("2000.00"), h.task("wang", id)["claimed"])
}
