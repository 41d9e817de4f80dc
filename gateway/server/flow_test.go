package server_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// expense is a well-formed report over an amount.
func expense(amount string) map[string]any {
	return map[string]any{
		"type": "expense", "title": "Visit to Hangzhou", "reason": "客户拜访", "currency": "CNY",
		"lines": []any{map[string]any{
			"category": "travel", "description": "train", "date": "2026-03-02",
			"amount": map[string]any{"amount": amount, "currency": "CNY"},
		}},
	}
}

// submitted is the id of a document that somebody submitted.
func (h *house) submitted(as, amount string) string {
	h.t.Helper()
	id := h.do(call{as: as, method: "POST", path: "/documents", body: expense(amount)}).is(201).text("id")
	h.do(call{as: as, method: "POST", path: "/documents/" + id + "/submit"}).is(201)
	return id
}

// task is the open task of a person in a document.
func (h *house) task(as, document string) map[string]any {
	h.t.Helper()
	for _, item := range h.do(call{as: as, method: "GET", path: "/tasks?total=true&limit=200"}).is(200).json()["items"].([]any) {
		if task := item.(map[string]any); task["document"] == document {
			return task
		}
	}
	h.t.Fatalf("%s has no task in %s", as, document)
	return nil
}

func decision(task map[string]any, act, opinion string) map[string]any {
	return map[string]any{
		"act": act, "round": task["round"], "content_hash": task["content_hash"], "opinion": opinion,
	}
}

func (h *house) decide(as, document, act, opinion string) answer {
	h.t.Helper()
	task := h.task(as, document)
	return h.do(call{
		as: as, method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: decision(task, act, opinion),
	})
}

// TestADocumentWalksThroughTheAPI tells the story of one report: written,
// submitted, approved by three people, read by an auditor.
func TestADocumentWalksThroughTheAPI(t *testing.T) {
	h := newHouse(t)
	draft := h.do(call{as: "lin", method: "POST", path: "/documents", body: expense("1.00")}).is(201)
	id := draft.text("id")
	require.Equal(t, "/api/v1/documents/"+id, draft.header.Get("Location"))
	h.do(call{as: "lin", method: "PUT", path: "/documents/" + id, body: expense("1000.00")}).is(200)
	h.do(call{as: "zhao", method: "GET", path: "/documents/" + id}).refused(404, "document.not_found")
	route := h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/route"}).is(200)
	require.Len(t, route.json()["steps"], 3)
	h.do(call{as: "lin", method: "POST", path: "/route", body: expense("999.99")}).is(200)

	doc := h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/submit"}).is(201).json()
	require.Regexp(t, `^EXP-\d{4}-\d{6}$`, doc["number"])
	require.Equal(t, map[string]any{"amount": "1000.00", "currency": "CNY"}, doc["total"])
	h.do(call{as: "lin", method: "PUT", path: "/documents/" + id, body: expense("1.00")}).refused(409, "document.not_draft")
	h.do(call{as: "lin", method: "DELETE", path: "/documents/" + id}).refused(409, "document.not_draft")

	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/comments", body: map[string]any{"text": "bitte"}}).is(201)
	require.Len(t, h.do(call{as: "wang", method: "GET", path: "/documents/" + id + "/comments"}).is(200).json()["items"], 1)
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/urge"}).is(204)
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/urge"}).refused(409, "urge.too_soon")

	for _, person := range []string{"wang", "zhao", "liu"} {
		act := h.decide(person, id, "approve", "ok").is(200)
		require.Equal(t, "applied", act.text("state"))
		h.do(call{as: person, method: "GET", path: "/acts/" + act.text("id")}).is(200)
	}
	read := h.do(call{as: "audit", method: "GET", path: "/documents/" + id}).is(200).json()
	require.Equal(t, "approved", read["status"])
	events := h.do(call{as: "audit", method: "GET", path: "/documents/" + id + "/events"}).is(200).json()["items"].([]any)
	export := h.do(call{as: "audit", method: "GET", path: "/documents/" + id + "/export"}).is(200)
	require.Len(t, strings.Split(strings.TrimSpace(string(export.body)), "\n"), len(events))
	found := h.do(call{as: "audit", method: "GET", path: "/documents?status=approved&type=expense&q=EXP&total=true"}).is(200).json()
	require.InDelta(t, 1, found["total"], 0)
	require.NotEmpty(t, h.do(call{as: "lin", method: "GET", path: "/notices"}).is(200).json()["items"])
}

// TestReturnAndResubmit proves that a new revision opens a new round, and that
// what was decided on is what is named.
func TestReturnAndResubmit(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	h.decide("wang", id, "return", "").refused(422, "act.opinion_required")
	h.decide("wang", id, "return", "too much").is(200)
	again := map[string]any{"act": "resubmit", "opinion": "mended", "content": expense("1500.00")}
	first := h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/acts", body: again, key: "again"}).is(200)
	second := h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/acts", body: again, key: "again"}).is(200)
	require.Equal(t, first.text("id"), second.text("id"), "the same key finds the first answer")
	doc := h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(200).json()
	require.InDelta(t, 2, doc["revision"], 0)
	require.InDelta(t, 2, doc["round"], 0)
	require.Equal(t, "1500.00", doc["total"].(map[string]any)["amount"])
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/acts", body: again}).refused(409, "document.not_returned")
}

func TestWithdraw(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	withdraw := map[string]any{"act": "withdraw", "opinion": "twice"}
	h.do(call{as: "wang", method: "POST", path: "/documents/" + id + "/acts", body: withdraw}).refused(403, "access.denied")
	h.do(call{as: "emma", method: "POST", path: "/documents/" + id + "/acts", body: withdraw}).refused(404, "document.not_found")
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/acts", body: withdraw}).is(200)
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/acts", body: withdraw}).refused(409, "document.final")
}

// TestAStaleDecisionSaysWhoAndWhen proves that a late decision learns who was
// first, and changes nothing.
func TestAStaleDecisionSaysWhoAndWhen(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	mine, other := h.task("wang", id), h.task("chen", id)
	where := "/tasks/" + mine["id"].(string) + "/acts"
	h.do(call{as: "wang", method: "POST", path: where, body: decision(mine, "approve", "")}).is(200)
	stale := h.do(call{as: "wang", method: "POST", path: where, body: decision(mine, "approve", ""), accept: "zh-CN"})
	stale.refused(409, "task.stale")
	args := stale.json()["args"].(map[string]any)
	require.Equal(t, "wang", args["by"])
	require.NotEmpty(t, args["at"])
	require.Contains(t, stale.text("detail"), "处理")
	late := h.do(call{as: "chen", method: "POST", path: "/tasks/" + other["id"].(string) + "/acts", body: decision(other, "reject", "no")})
	require.Equal(t, 409, late.status, string(late.body))
	require.Equal(t, "pending", h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).text("status"))
}

func TestADecisionNamesWhatWasSeen(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	task := h.task("wang", id)
	where := "/tasks/" + task["id"].(string) + "/acts"
	wrong := decision(task, "approve", "")
	wrong["content_hash"] = strings.Repeat("0", 64)
	h.do(call{as: "wang", method: "POST", path: where, body: wrong}).refused(409, "task.changed")
	h.do(call{as: "emma", method: "POST", path: where, body: decision(task, "approve", "")}).refused(404, "task.not_found")
	h.do(call{as: "zhao", method: "POST", path: where, body: decision(task, "approve", "")}).refused(403, "access.denied")
	h.do(call{as: "audit", method: "POST", path: where, body: decision(task, "approve", "")}).refused(403, "access.denied")
}

// TestTheSameKeyIsTheSameDecision proves that a key finds its first answer, also
// after the task is over, and never stands for something else.
func TestTheSameKeyIsTheSameDecision(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	task := h.task("wang", id)
	approve := call{as: "wang", method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: decision(task, "approve", "ok"), key: "k1"}
	first := h.do(approve).is(200)
	require.Equal(t, first.text("id"), h.do(approve).is(200).text("id"))
	other := approve
	other.body = decision(task, "reject", "no")
	h.do(other).refused(422, "idempotency.reused")
}

func TestTheSameKeyIsTheSameDocument(t *testing.T) {
	h := newHouse(t)
	write := call{as: "lin", method: "POST", path: "/documents", body: expense("1.00"), key: "d1"}
	id := h.do(write).is(201).text("id")
	require.Equal(t, id, h.do(write).is(201).text("id"))
	write.body = expense("2.00")
	h.do(write).refused(422, "idempotency.reused")
	submit := call{as: "lin", method: "POST", path: "/documents/" + id + "/submit", key: "s1"}
	number := h.do(submit).is(201).text("number")
	require.Equal(t, number, h.do(submit).is(201).text("number"))
	submit.key = ""
	h.do(submit).refused(409, "document.not_draft")
	remark := call{as: "lin", method: "POST", path: "/documents/" + id + "/comments", body: map[string]any{"text": "a"}, key: "c1"}
	require.Equal(t, h.do(remark).is(201).text("id"), h.do(remark).is(201).text("id"))
	remark.body = map[string]any{"text": "b"}
	h.do(remark).refused(422, "idempotency.reused")
}

// TestNothingIsLostWhileTemporalIsAway proves that a submission is accepted and
// an act is kept, and that both say so.
func TestNothingIsLostWhileTemporalIsAway(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	h.engine.is(true, false)
	require.Equal(t, "submitted", h.do(call{as: "lin", method: "GET", path: "/documents/" + h.submitted("lin", "2000.00")}).text("status"))
	act := h.decide("wang", id, "approve", "").is(202)
	require.Equal(t, "pending", act.text("state"))
	require.Equal(t, "/api/v1/acts/"+act.text("id"), act.header.Get("Location"))
	require.Equal(t, "pending", h.do(call{as: "wang", method: "GET", path: "/acts/" + act.text("id")}).is(200).text("state"))
	h.engine.is(false, true)
	h.decide("chen", id, "approve", "").is(202)
}
