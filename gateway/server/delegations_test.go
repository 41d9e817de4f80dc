package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

func inHours(n int) string {
	return time.Now().Add(time.Duration(n) * time.Hour).UTC().Format(time.RFC3339)
}

// delegate lets somebody decide for somebody for a day, and answers with the id.
func (h *house) delegate(person, delegate string, more map[string]any) string {
	h.t.Helper()
	body := map[string]any{"delegate": delegate, "until": inHours(24)}
	for name, value := range more {
		body[name] = value
	}
	return h.do(call{as: person, method: "POST", path: "/delegations", body: body}).is(201).text("id")
}

func (h *house) revoke(as, id, reason string) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/delegations/" + id + "/revoke", body: map[string]any{"reason": reason}})
}

// auditClean proves that the record bears out what was answered.
func (h *house) auditClean() {
	h.t.Helper()
	report, err := h.store.VerifyAudit(h.t.Context(), store.VerifyOptions{})
	require.NoError(h.t, err)
	require.Empty(h.t, report.Findings)
}

// decideTask sends a decision on a task whoever's it is.
func (h *house) decideTask(as string, task map[string]any, key string) answer {
	h.t.Helper()
	return h.do(call{
		as: as, method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: decision(task, "approve", "fine"), key: key,
	})
}

// TestADelegateDecides tells the story of one delegation: given after the task was
// opened, used, told in the record, and over.
func TestADelegateDecides(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	h.decide("wang", id, "approve", "").is(200)
	task := h.task("zhao", id)
	h.decideTask("emma", task, "").refused(404, "task.not_found")
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id}).refused(404, "document.not_found")

	rule := h.delegate("zhao", "emma", nil)
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id}).is(200)
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id + "/events"}).is(200)
	shown := h.task("emma", id)
	require.Equal(t, "zhao", shown["on_behalf_of"])
	require.Nil(t, h.task("zhao", id)["on_behalf_of"])
	act := h.decideTask("emma", shown, "once").is(200)
	require.Equal(t, act.text("id"), h.decideTask("emma", shown, "once").is(200).text("id"))

	var decided map[string]any
	for _, e := range h.do(call{as: "audit", method: "GET", path: "/documents/" + id + "/events"}).is(200).json()["items"].([]any) {
		if e := e.(map[string]any); e["kind"] == "task.approved" {
			decided = e
		}
	}
	require.Equal(t, "emma", decided["actor"])
	require.Equal(t, "zhao", decided["on_behalf_of"])
	h.decideTask("zhao", task, "").refused(409, "task.stale")
	told := h.do(call{as: "zhao", method: "GET", path: "/notices", accept: "en"}).is(200).body
	require.Contains(t, string(told), "task.decided_for")
	require.Contains(t, string(told), "Emma Brown decided")

	h.revoke("emma", rule, "").refused(403, "access.denied")
	require.Equal(t, "revoked", h.revoke("zhao", rule, "").is(200).text("state"))
	require.Equal(t, act.text("id"), h.decideTask("emma", shown, "once").is(200).text("id"), "what was received stays good")
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id}).is(200)
	h.auditClean()
}

// TestADelegationThatDoesNotHold proves that a delegate is refused with the
// reason, sees nothing, and leaves no trace.
func TestADelegationThatDoesNotHold(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	h.decide("wang", id, "approve", "").is(200)
	task := h.task("zhao", id)
	cny := func(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "CNY"} }
	for _, tt := range []struct {
		code string
		rule map[string]any
	}{
		{"delegation.not_begun", map[string]any{"from": inHours(1)}},
		{"delegation.out_of_scope", map[string]any{"types": []any{"payment_request"}}},
		{"delegation.over_cap", map[string]any{"cap": cny("1999.99")}},
	} {
		rule := h.delegate("zhao", "emma", tt.rule)
		h.decideTask("emma", task, "").refused(403, tt.code)
		h.decideTask("emma", task, "key "+tt.code).refused(403, tt.code)
		h.do(call{as: "emma", method: "GET", path: "/documents/" + id}).refused(404, "document.not_found")
		require.Empty(t, h.do(call{as: "emma", method: "GET", path: "/tasks"}).is(200).json()["items"], tt.code)
		h.revoke("zhao", rule, "").is(200)
		refused := h.do(call{as: "emma", method: "POST", path: "/tasks/" + task["id"].(string) + "/acts",
			body: decision(task, "approve", ""), accept: "zh-CN"}).refused(403, "delegation.revoked")
		require.Contains(t, refused.text("detail"), "撤销")
	}
	rule := h.delegate("zhao", "emma", map[string]any{"cap": cny("2000.00"), "types": []any{"expense"}})
	shown := h.task("emma", id)
	h.leave("zhao")
	h.decideTask("emma", shown, "").refused(403, "delegation.person_left")
	h.do(call{as: "emma", method: "GET", path: "/documents/" + id}).refused(404, "document.not_found")
	require.Equal(t, "pending", h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).text("status"))
	h.revoke("admin", rule, "left").is(200)
	h.auditClean()
}

// TestADelegationThatIsOver proves that the end of a rule is its end to the second.
func TestADelegationThatIsOver(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	h.decide("wang", id, "approve", "").is(200)
	end := time.Now().Add(5 * time.Second)
	h.delegate("zhao", "emma", map[string]any{"until": end.UTC().Format(time.RFC3339Nano)})
	task := h.task("emma", id)
	time.Sleep(time.Until(end))
	refused := h.decideTask("emma", task, "").refused(403, "delegation.ended")
	require.Equal(t, end.UTC().Format(time.RFC3339), refused.json()["args"].(map[string]any)["at"])
}

// TestNobodyDecidesTheirOwnThroughADelegation proves I6 for delegates: neither the
// submitter nor anybody down a chain decides, and nobody decides a step twice.
func TestNobodyDecidesTheirOwnThroughADelegation(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	mine := h.task("wang", id)
	h.delegate("wang", "lin", nil)
	h.decideTask("lin", mine, "").refused(403, "task.interested")
	require.Empty(t, h.do(call{as: "lin", method: "GET", path: "/tasks"}).is(200).json()["items"])

	h.delegate("lin", "emma", nil) // wang → lin → emma: the chain ends at lin
	h.decideTask("emma", mine, "").refused(404, "task.not_found")
	h.do(call{as: "emma", method: "POST", path: "/delegations",
		body: map[string]any{"delegate": "wang", "until": inHours(1)}}).refused(409, "delegation.cycle")

	h.delegate("wang", "max", nil)
	h.decideTask("max", mine, "").is(200)
	h.decide("zhao", id, "approve", "").is(200)
	h.auditClean()
}

// TestWhoMayDelegate holds the delegations of others against who may not.
func TestWhoMayDelegate(t *testing.T) {
	h := newHouse(t)
	ask := func(as string, body map[string]any) answer {
		if body["until"] == nil {
			body["until"] = inHours(24)
		}
		return h.do(call{as: as, method: "POST", path: "/delegations", body: body})
	}
	ask("lin", map[string]any{"delegate": "lin"}).refused(422, "delegation.self")
	ask("lin", map[string]any{"delegate": "gone"}).refused(422, "delegation.unknown_person")
	ask("lin", map[string]any{"delegate": "nobody"}).refused(422, "delegation.unknown_person")
	ask("lin", map[string]any{"delegate": "emma", "types": []any{"yacht"}}).refused(422, "document.type_unknown")
	ask("lin", map[string]any{"delegate": "emma", "until": inHours(-1)}).refused(422, "delegation.bad_period")
	ask("lin", map[string]any{"delegate": "emma", "until": inHours(24 * 400)}).refused(422, "delegation.too_long")
	ask("lin", map[string]any{"delegate": "emma", "cap": map[string]any{"amount": "1.00", "currency": "USD"}}).
		refused(422, "delegation.cap_currency")
	ask("lin", map[string]any{"delegate": "emma", "cap": map[string]any{"amount": "1.001", "currency": "CNY"}}).
		refused(422, "money.too_many_decimals")
	ask("emma", map[string]any{"person": "zhao", "delegate": "emma", "reason": "mine"}).refused(403, "access.denied")
	ask("admin", map[string]any{"person": "zhao", "delegate": "emma"}).refused(422, "delegation.reason_required")
	for _, self := range []string{"admin", "admin2"} {
		ask("admin", map[string]any{"person": "zhao", "delegate": self, "reason": "in hospital"}).
			refused(422, "delegation.to_maker")
	}
	id := ask("admin", map[string]any{"person": "zhao", "delegate": "emma", "reason": "in hospital"}).is(201).text("id")

	list := func(as, query string) []any {
		return h.do(call{as: as, method: "GET", path: "/delegations" + query}).is(200).json()["items"].([]any)
	}
	require.Len(t, list("zhao", ""), 1)
	require.Len(t, list("emma", "?side=received"), 1)
	require.Empty(t, list("emma", ""))
	require.Len(t, list("audit", "?person=zhao"), 1)
	h.do(call{as: "lin", method: "GET", path: "/delegations?person=zhao"}).refused(403, "access.denied")
	h.revoke("lin", id, "x").refused(404, "delegation.not_found")
	h.revoke("lin", "nonsense", "x").refused(404, "delegation.not_found")
	h.revoke("admin", id, "").refused(422, "delegation.reason_required")
	got := h.revoke("admin", id, "back again").is(200).json()
	require.Equal(t, "admin", got["revoked_by"])
	require.Equal(t, "back again", got["revoke_reason"])

	first := call{as: "lin", method: "POST", path: "/delegations", key: "k",
		body: map[string]any{"delegate": "emma", "until": inHours(30)}}
	made := h.do(first).is(201).text("id")
	require.Equal(t, made, h.do(first).is(201).text("id"), "the same key makes one")
	first.body = map[string]any{"delegate": "max", "until": inHours(30)}
	h.do(first).refused(422, "idempotency.reused")
	h.auditClean()
}
