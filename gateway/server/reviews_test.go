package server_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func (h *house) check(as, kind, id, yaml, accept string) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/policies/" + kind + "/" + id + "/check", accept: accept,
		body: map[string]any{"yaml": yaml}})
}

// TestACheckSaysWhatPublishingWould: findings with their place in the caller's
// language, the proof, the differences; and nothing is kept.
func TestACheckSaysWhatPublishingWould(t *testing.T) {
	h := newHouse(t)
	text := shipped(t, "policies/expense.yaml", "1000.00", "3000.00")
	h.check("lin", "policy", "expense", text, "en").refused(403, "access.denied")
	for accept, word := range map[string]string{"en": "proved", "zh-CN": "已证明"} {
		fit := h.check("liu", "policy", "expense", text, accept).is(200).json()
		require.Equal(t, true, fit["fit"])
		require.InDelta(t, 1, fit["base"], 0)
		told := false
		for _, claim := range fit["claims"].([]any) {
			told = told || strings.Contains(claim.(map[string]any)["text"].(string), word)
		}
		require.True(t, told, fit["claims"])
		require.NotEmpty(t, fit["changes"])
		added := 0
		for _, l := range fit["lines"].([]any) {
			if l.(map[string]any)["old"] == nil {
				added++
			}
		}
		require.Equal(t, strings.Count(text, "3000.00"), added)
	}
	for name, tt := range map[string]struct {
		kind, id, yaml, code string
		placed               bool
	}{
		"a role":         {"policy", "expense", strings.Replace(text, "finance_clerk", "finance_clark", 1), "policy.unknown_role", true},
		"no YAML":        {"policy", "expense", "policy: [", "yaml.syntax", true},
		"another name":   {"policy", "other", text, "proposal.other_subject", false},
		"a type":         {"type", "expense", shipped(t, "types/expense.yaml", "policy: expense", "policy: nowhere"), "proposal.names_nothing", true},
		"a mapping":      {"mapping", "expense", shipped(t, "mappings/expense.yaml", "  meals: \"6602\"\n", ""), "booking.unmapped_category", true},
		"its whole code": {"type", "expense", shipped(t, "types/expense.yaml", "payee: self", "payee: anybody"), "type.bad_value", true},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			unfit := h.check("liu", tt.kind, tt.id, tt.yaml, "en").is(200).json()
			require.Equal(t, false, unfit["fit"])
			found := unfit["findings"].([]any)[0].(map[string]any)
			require.Equal(t, tt.code, found["code"], found)
			require.Equal(t, tt.placed, found["line"] != nil, found)
		})
	}
	h.t = t
	all := h.do(call{as: "liu", method: "GET", path: "/proposals"}).is(200).json()["items"].([]any)
	require.Empty(t, all)
}

// TestAReviewSaysWhoMayDecide tells each reader why they may not, and goes with
// the proposal to its end.
func TestAReviewSaysWhoMayDecide(t *testing.T) {
	h := newHouse(t)
	first := h.propose("admin", "policy", "expense", shipped(t, "policies/expense.yaml", "1000.00", "3000.00")).is(201).text("id")
	second := h.propose("admin", "policy", "expense", shipped(t, "policies/expense.yaml", "1000.00", "4000.00")).is(201).text("id")
	review := func(as, id string) map[string]any {
		return h.do(call{as: as, method: "GET", path: "/proposals/" + id + "/review"}).is(200).json()
	}
	code := func(r map[string]any, of string) any {
		if bar, ok := r[of].(map[string]any); ok {
			return bar["code"]
		}
		return nil
	}
	h.do(call{as: "wang", method: "GET", path: "/proposals/" + first + "/review"}).refused(403, "access.denied")
	r := review("admin", first)
	require.Equal(t, []any{"proposal.own", "proposal.own"}, []any{code(r, "no_approval"), code(r, "no_refusal")})
	r = review("liu", first)
	require.Equal(t, []any{nil, nil, false}, []any{code(r, "no_approval"), code(r, "no_refusal"), r["outdated"]})
	h.verdict("liu", first, "approve", map[string]any{"hash": r["proposal"].(map[string]any)["hash"]}).is(200)
	require.Equal(t, "proposal.decided", code(review("liu", first), "no_approval"))
	r = review("liu", second)
	require.Equal(t, []any{"proposal.outdated", nil, true}, []any{code(r, "no_approval"), code(r, "no_refusal"), r["outdated"]})
	require.InDelta(t, 2, r["in_force"], 0)

	for kind, want := range map[string]string{"policy": "policy: expense", "type": "type: expense", "mapping": "mapping: expense"} {
		one := h.do(call{as: "lin", method: "GET", path: "/policies/expense?kind=" + kind}).is(200)
		require.Contains(t, one.text("yaml"), want)
		list := h.do(call{as: "lin", method: "GET", path: "/policies?kind=" + kind}).is(200)
		require.Equal(t, kind, list.json()["items"].([]any)[0].(map[string]any)["kind"])
	}
}

// TestASimulationOverTheAPI tells a program what a draft would have done, and refuses
// as a check does.
func TestASimulationOverTheAPI(t *testing.T) {
	h := newHouse(t)
	simulate := func(as, id, yaml string) answer {
		return h.do(call{as: as, method: "POST", path: "/policies/policy/" + id + "/simulate", body: map[string]any{"yaml": yaml}})
	}
	text := shipped(t, "policies/expense.yaml", "1000.00", "3000.00")
	simulate("lin", "expense", text).refused(403, "access.denied")
	simulate("liu", "expense", "policy: [").refused(422, "yaml.syntax")
	simulate("liu", "other", text).refused(404, "policy.not_found")
	simulate("liu", "payment_request", text).refused(422, "proposal.other_subject")
	report := simulate("liu", "expense", text).is(200).json()
	require.InDelta(t, 0, report["documents"], 0)
	require.Equal(t, "expense", report["policy"])
}
