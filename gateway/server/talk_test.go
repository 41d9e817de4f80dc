package server_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func (h *house) copyIn(as, id string, body map[string]any, key string) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/documents/" + id + "/copies", body: body, key: key, accept: "en"})
}

func to(people ...any) map[string]any { return map[string]any{"people": people, "remark": "FYI"} }

func (h *house) items(as, path string) []any {
	h.t.Helper()
	return h.do(call{as: as, method: "GET", path: path}).is(200).json()["items"].([]any)
}

func (h *house) remark(as, id string, body map[string]any, key string) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/documents/" + id + "/comments", body: body, key: key, accept: "en"})
}

// TestACopyIsReadAndPassedOn tells the story of one copy: given with the
// submission, opened, passed on, taken back; it decides nothing all the while.
func TestACopyIsReadAndPassedOn(t *testing.T) {
	h := newHouse(t)
	body := with(expense("2000.00"), "cc", []any{"Emma Brown"})
	h.do(call{as: "lin", method: "POST", path: "/documents", body: body}).refused(422, "request.unknown_property")
	id := h.do(call{as: "lin", method: "POST", path: "/documents?submit=true", body: body, key: "k"}).is(201).text("id")
	require.Equal(t, id, h.do(call{as: "lin", method: "POST", path: "/documents?submit=true", body: body, key: "k"}).is(201).text("id"))
	at := "/documents/" + id

	unread := h.do(call{as: "emma", method: "GET", path: "/documents?copied=unread&total=true"}).is(200).json()
	require.EqualValues(t, 1, unread["total"])
	require.Equal(t, true, unread["items"].([]any)[0].(map[string]any)["unread"])
	require.Nil(t, h.items("lin", at+"/copies")[0].(map[string]any)["read_at"])
	h.do(call{as: "emma", method: "GET", path: at}).is(200)
	h.do(call{as: "emma", method: "GET", path: at + "/events"}).is(200)
	require.NotNil(t, h.items("lin", at+"/copies")[0].(map[string]any)["read_at"], "told to the submitter")
	require.NotNil(t, h.items("wang", at+"/copies")[0].(map[string]any)["read_at"], "and to who is asked")
	require.Empty(t, h.items("emma", "/documents?copied=unread"))
	require.Len(t, h.items("emma", "/documents?copied=all"), 1)
	require.Empty(t, h.items("emma", "/vouchers"))

	h.do(call{as: "sun", method: "GET", path: at}).refused(404, "document.not_found")
	passed := h.copyIn("emma", id, to("sun@example.com"), "p").is(201)
	require.Equal(t, passed.body, h.copyIn("emma", id, to("sun@example.com"), "p").is(201).body)
	h.copyIn("emma", id, to("max"), "p").refused(422, "idempotency.reused")
	require.Equal(t, "passed_on", passed.json()["items"].([]any)[0].(map[string]any)["how"])
	h.do(call{as: "sun", method: "GET", path: at}).is(200)
	for _, c := range h.items("emma", at+"/copies") {
		if c := c.(map[string]any); c["person"] == "emma" {
			require.NotNil(t, c["read_at"], "one's own")
		}
	}
	require.Contains(t, string(h.do(call{as: "sun", method: "GET", path: "/notices", accept: "en"}).is(200).body),
		"Emma Brown copied you in")

	task := h.task("wang", id)
	for _, reader := range []string{"emma", "sun"} {
		h.decideTask(reader, task, "").refused(403, "access.denied")
		h.do(call{as: reader, method: "POST", path: at + "/acts", body: map[string]any{"act": "withdraw"}}).refused(403, "access.denied")
		h.do(call{as: reader, method: "POST", path: at + "/urge"}).refused(403, "access.denied")
	}
	h.delegate("sun", "emma", nil) // who stands in for sun does not read what sun was copied in on
	h.do(call{as: "sun", method: "POST", path: at + "/copies/emma/remove", body: map[string]any{}}).refused(403, "access.denied")
	back := map[string]any{"reason": "wrong Emma"}
	mine := call{as: "lin", method: "POST", path: at + "/copies/emma/remove", body: back, key: "back"}
	for range 2 {
		require.Equal(t, "lin", h.do(mine).is(200).text("removed_by"))
	}
	mine.body = map[string]any{"reason": "another reason"}
	h.do(mine).refused(422, "idempotency.reused")
	h.do(call{as: "emma", method: "GET", path: at}).refused(404, "document.not_found")
	h.do(call{as: "sun", method: "GET", path: at}).is(200)
	require.Equal(t, "admin", h.do(call{as: "admin", method: "POST", path: at + "/copies/sun/remove", body: back}).is(200).text("removed_by"))
	h.do(call{as: "sun", method: "GET", path: at}).refused(404, "document.not_found")
	for _, reader := range []string{"lin", "audit"} {
		require.Len(t, h.items(reader, at+"/copies"), 2, "what was is told")
	}
	h.auditClean()
}

// TestWhoMayNotBeCopiedIn refuses with a reason that names the person, and leaves nothing.
func TestWhoMayNotBeCopiedIn(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	many := make([]any, 21)
	for i := range many {
		many[i] = fmt.Sprintf("p%d", i)
	}
	require.Contains(t, h.copyIn("lin", id, to("emma", "Gone"), "").refused(422, "act.to_unknown").text("detail"), "Gone")
	require.Equal(t, "people", h.copyIn("lin", id, to("gone"), "").refused(422, "act.to_unknown").text("field"))
	h.copyIn("lin", id, to("lin"), "").refused(422, "copy.self")
	h.copyIn("emma", id, to("sun"), "").refused(404, "document.not_found")
	h.copyIn("admin", id, to("emma"), "").refused(403, "access.denied")
	h.copyIn("lin", id, to("emma", "Emma Brown"), "").is(201)
	h.copyIn("wang", id, to("sun", "emma"), "").refused(409, "copy.already")
	h.do(call{as: "lin", method: "POST", path: "/documents/" + id + "/copies", body: to(many...), wrong: true}).is(422)
	require.Len(t, h.items("lin", "/documents/"+id+"/copies"), 1)
	draft := h.do(call{as: "lin", method: "POST", path: "/documents", body: expense("1.00")}).is(201).text("id")
	h.copyIn("lin", draft, to("emma"), "").refused(409, "copy.draft")
	h.auditClean()
}

// TestWhoIsMentionedMayRead: a remark names people who may read, or brings them in,
// and is refused with their names otherwise.
func TestWhoIsMentionedMayRead(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "2000.00")
	said := func(more map[string]any) map[string]any {
		body := map[string]any{"text": "please look", "mentions": []any{"wang", "emma"}}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
	refused := h.remark("lin", id, said(nil), "").refused(422, "comment.mention_cannot_read")
	require.Equal(t, "emma", refused.json()["args"].(map[string]any)["person"])
	h.remark("admin", id, said(map[string]any{"copy_in": true}), "").refused(403, "comment.mention_no_right")
	require.Empty(t, h.items("lin", "/documents/"+id+"/comments"), "nothing was said")

	file := h.upload("lin", "发票.pdf", pdf, "").is(201).text("id")
	body := said(map[string]any{"copy_in": true, "attachments": []any{file}})
	made := h.remark("lin", id, body, "c").is(201)
	require.Equal(t, made.body, h.remark("lin", id, body, "c").is(201).body)
	h.remark("lin", id, said(map[string]any{"text": "other"}), "c").refused(422, "idempotency.reused")
	require.Equal(t, []any{"wang", "emma"}, made.json()["mentions"])
	h.do(call{as: "emma", method: "GET", path: "/attachments/" + file}).is(200)
	h.do(call{as: "sun", method: "GET", path: "/attachments/" + file}).refused(404, "attachment.not_found")
	for _, person := range []string{"wang", "emma"} {
		told := string(h.do(call{as: person, method: "GET", path: "/notices", accept: "en"}).is(200).body)
		require.Contains(t, told, "mentioned you")
		require.NotContains(t, told, "document.commented")
		require.NotContains(t, told, "document.copied", "one notice for one remark")
	}

	answer := h.remark("emma", id, map[string]any{"text": "I did", "reply_to": made.text("id")}, "").is(201)
	h.remark("wang", id, map[string]any{"text": "?", "reply_to": answer.text("id")}, "").refused(422, "comment.reply_unknown")
	back := "/documents/" + id + "/comments/" + made.text("id") + "/withdraw"
	h.do(call{as: "wang", method: "POST", path: back}).refused(403, "comment.not_yours")
	require.NotEmpty(t, h.do(call{as: "lin", method: "POST", path: back}).is(200).text("withdrawn_at"))
	shown := h.items("wang", "/documents/"+id+"/comments")[0].(map[string]any)
	require.Equal(t, "", shown["text"])
	require.Nil(t, shown["attachments"])
	require.Equal(t, "please look", h.items("audit", "/documents/"+id+"/comments")[0].(map[string]any)["text"], "for audit")
	h.do(call{as: "emma", method: "GET", path: "/attachments/" + file}).refused(404, "attachment.not_found")
	h.auditClean()
}

// TestManyDecisionsEachByItself: a good one is applied whatever becomes of the
// others, a stale one says who was first, and a repeat decides nothing more.
func TestManyDecisionsEachByItself(t *testing.T) {
	h := newHouse(t)
	var all []any
	var tasks []map[string]any
	for range 5 {
		task := h.task("wang", h.submitted("lin", "2000.00"))
		tasks = append(tasks, task)
		one := decision(task, "approve", "")
		one["task"] = task["id"]
		all = append(all, one)
	}
	decided := tasks[1]["document"].(string)
	h.decide("wang", decided, "reject", "no").is(200)
	all[2].(map[string]any)["content_hash"] = "other"
	all[3].(map[string]any)["act"] = "reject" // without a reason
	body := map[string]any{"decisions": all}
	send := func(body any, key string) answer {
		return h.do(call{as: "wang", method: "POST", path: "/tasks/decide", body: body, key: key, accept: "zh-CN"})
	}
	answers := make([]answer, 4)
	var at sync.WaitGroup
	for i := range answers {
		at.Go(func() { answers[i] = send(body, "bulk") })
	}
	at.Wait()
	for _, a := range answers {
		a.is(200)
		var results []string
		for _, item := range a.json()["items"].([]any) {
			item := item.(map[string]any)
			result := item["result"].(string)
			if p, refused := item["problem"].(map[string]any); refused {
				result += " " + p["code"].(string)
			}
			results = append(results, result)
		}
		require.Equal(t, []string{
			"applied", "refused task.stale", "refused task.changed", "refused act.opinion_required", "applied",
		}, results)
		require.EqualValues(t, 2, a.json()["applied"])
		require.EqualValues(t, 3, a.json()["refused"])
	}
	stale := answers[0].json()["items"].([]any)[1].(map[string]any)["problem"].(map[string]any)
	require.Equal(t, "wang", stale["args"].(map[string]any)["by"])
	require.Contains(t, stale["detail"], "该待办已由 wang", "in the language of the caller")
	for _, i := range []int{0, 4} {
		require.Len(t, h.state(tasks[i]["document"].(string)).Seen, 1, "decided once")
	}
	send(map[string]any{"decisions": all[:1]}, "bulk").refused(422, "idempotency.reused")
	send(map[string]any{"decisions": []any{all[0], all[0]}}, "").refused(422, "bulk.twice")
	h.do(call{as: "lin", method: "POST", path: "/tasks/decide", body: body}).is(200)
	h.auditClean()
}

// TestManyDecisionsThatAreLate are recorded, and the caller is told where to ask again.
func TestManyDecisionsThatAreLate(t *testing.T) {
	h := newHouse(t)
	task := h.task("wang", h.submitted("lin", "2000.00"))
	one := decision(task, "approve", "")
	one["task"] = task["id"]
	h.engine.is(false, true)
	got := h.do(call{as: "wang", method: "POST", path: "/tasks/decide", body: map[string]any{"decisions": []any{one}}}).is(200).json()
	item := got["items"].([]any)[0].(map[string]any)
	require.Equal(t, "pending", item["result"])
	h.do(call{as: "wang", method: "GET", path: "/acts/" + item["act"].(map[string]any)["id"].(string)}).is(200)
}
