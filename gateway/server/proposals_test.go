package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/store"
)

// shipped is a shipped text with one change.
func shipped(t *testing.T, name, from, to string) string {
	t.Helper()
	text, err := config.Shipped.ReadFile(name)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	return strings.ReplaceAll(string(text), from, to)
}

func (h *house) propose(as, kind, id, yaml string) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/policies/" + kind + "/" + id + "/proposals",
		body: map[string]any{"yaml": yaml, "note": "限额调整"}})
}

func (h *house) verdict(as, id, verdict string, body map[string]any) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/proposals/" + id + "/" + verdict, body: body})
}

// TestPublishingNeedsASecondPerson carries a policy from a proposal into force, and
// a document routed before keeps the version it had.
func TestPublishingNeedsASecondPerson(t *testing.T) {
	h := newHouse(t)
	text := shipped(t, "policies/expense.yaml", "1000.00", "3000.00")
	h.propose("lin", "policy", "expense", text).refused(403, "access.denied")
	made := h.propose("liu", "policy", "expense", text).is(201)
	id := made.text("id")
	require.Equal(t, []string{"open", "liu", "限额调整"}, []string{made.text("state"), made.text("maker"), made.text("note")})
	require.InDelta(t, 1, made.json()["base"], 0)
	before := h.do(call{as: "lin", method: "GET", path: "/policies/expense"}).is(200)
	require.InDelta(t, 1, before.json()["version"], 0)

	h.verdict("liu", id, "approve", map[string]any{}).refused(403, "proposal.own")
	h.verdict("wang", id, "approve", map[string]any{}).refused(403, "access.denied")
	h.verdict("admin", id, "refuse", map[string]any{}).refused(422, "proposal.reason_required")
	h.verdict("admin", id, "approve", map[string]any{"hash": strings.Repeat("0", 64)}).refused(409, "proposal.changed")
	done := h.verdict("admin", id, "approve", map[string]any{"hash": made.text("hash")}).is(200)
	require.Equal(t, []string{"approved", "admin"}, []string{done.text("state"), done.text("checker")})
	h.verdict("admin", id, "approve", map[string]any{}).refused(409, "proposal.decided")
	after := h.do(call{as: "lin", method: "GET", path: "/policies/expense"}).is(200)
	require.Equal(t, text, after.text("yaml"))
	require.Equal(t, "admin", after.text("published_by"))
	old := h.do(call{as: "lin", method: "GET", path: "/policies/expense?version=1"}).is(200)
	require.Equal(t, before.text("yaml"), old.text("yaml"), "versions are immutable")

	h.propose("liu", "policy", "expense", text).refused(409, "proposal.in_force")
	report, err := h.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// TestWhatIsNoProposal refuses by name what could not be published.
func TestWhatIsNoProposal(t *testing.T) {
	h := newHouse(t)
	expense := shipped(t, "policies/expense.yaml", "1000.00", "3000.00")
	for name, tt := range map[string]struct {
		kind, id, yaml string
		status         int
		code           string
	}{
		"no YAML":              {"policy", "expense", "policy: [", 422, "yaml.syntax"},
		"of another name":      {"policy", "other", expense, 422, "proposal.other_subject"},
		"a role nobody knows":  {"policy", "expense", strings.Replace(expense, "finance_clerk", "finance_clark", 1), 422, "policy.unknown_role"},
		"a bad condition":      {"policy", "expense", strings.Replace(expense, "amount >=", "amont >=", 1), 422, "policy.bad_condition"},
		"a type's policy":      {"type", "expense", shipped(t, "types/expense.yaml", "policy: expense", "policy: nowhere"), 422, "proposal.names_nothing"},
		"a type's mapping":     {"type", "expense", shipped(t, "types/expense.yaml", "mapping: expense", "mapping: nowhere"), 422, "proposal.names_nothing"},
		"a mapping's account":  {"mapping", "expense", shipped(t, "mappings/expense.yaml", "  meals: \"6602\"\n", ""), 422, "booking.unmapped_category"},
		"a mapping's type":     {"mapping", "expense", shipped(t, "mappings/expense.yaml", "type: expense", "type: nowhere"), 422, "document.type_unknown"},
		"a type that is wrong": {"type", "expense", shipped(t, "types/expense.yaml", "payee: self", "payee: anybody"), 422, "type.bad_value"},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			h.propose("liu", tt.kind, tt.id, tt.yaml).refused(tt.status, tt.code)
		})
	}
	h.t = t
	for _, accept := range []string{"zh-CN", "en"} {
		got := h.do(call{as: "liu", method: "POST", path: "/policies/policy/other/proposals", accept: accept,
			body: map[string]any{"yaml": expense}}).refused(422, "proposal.other_subject")
		require.Equal(t, accept == "zh-CN", strings.Contains(got.text("detail"), "文本"), got.text("detail"))
	}
	late := map[string]any{"yaml": expense, "expires_at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}
	h.do(call{as: "liu", method: "POST", path: "/policies/policy/expense/proposals", body: late}).refused(422, "proposal.bad_expiry")
	h.do(call{as: "liu", method: "GET", path: "/proposals/nowhere"}).refused(404, "proposal.not_found")
	h.verdict("admin", "018f0000-0000-7000-8000-000000000000", "approve", map[string]any{}).refused(404, "proposal.not_found")
}

// TestProposalsAreListed shows the open ones, and finds a proposal under its key.
func TestProposalsAreListed(t *testing.T) {
	h := newHouse(t)
	body := map[string]any{"yaml": shipped(t, "types/expense.yaml", "max_lines: 200", "max_lines: 20")}
	write := call{as: "liu", method: "POST", path: "/policies/type/expense/proposals", key: "p1", body: body}
	first := h.do(write).is(201).text("id")
	require.Equal(t, first, h.do(write).is(201).text("id"))
	write.body = map[string]any{"yaml": shipped(t, "types/expense.yaml", "max_lines: 200", "max_lines: 30")}
	h.do(write).refused(422, "idempotency.reused")
	second := h.propose("admin", "mapping", "expense", shipped(t, "mappings/expense.yaml", "{title}", "{title} {payee}")).is(201).text("id")
	h.verdict("liu", second, "refuse", map[string]any{"reason": "摘要太长"}).is(200)

	all := h.do(call{as: "admin", method: "GET", path: "/proposals"}).is(200).json()["items"].([]any)
	open := h.do(call{as: "admin", method: "GET", path: "/proposals?open=true"}).is(200).json()["items"].([]any)
	require.Len(t, all, 2)
	require.Len(t, open, 1)
	require.NotContains(t, open[0], "yaml")
	one := h.do(call{as: "admin", method: "GET", path: "/proposals/" + first}).is(200)
	require.Contains(t, one.text("yaml"), "max_lines: 20,")
	h.verdict("admin", first, "approve", map[string]any{}).is(200)
	types := h.do(call{as: "lin", method: "GET", path: "/types"}).is(200)
	require.Contains(t, string(types.body), `"max_lines":20,`)
}
