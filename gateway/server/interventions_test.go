package server_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/store"
)

// intervention is what an administrator wants, as they see the document now.
func (h *house) intervention(document, ruling string, more map[string]any) map[string]any {
	h.t.Helper()
	doc := h.do(call{as: "admin", method: "GET", path: "/documents/" + document}).is(200).json()
	body := map[string]any{"ruling": ruling, "round": doc["round"], "content_hash": doc["content_hash"], "opinion": "王总监已离职"}
	for name, value := range more {
		body[name] = value
	}
	return body
}

func (h *house) intervene(as, document string, body map[string]any) answer {
	h.t.Helper()
	return h.do(call{as: as, method: "POST", path: "/documents/" + document + "/interventions", body: body})
}

func (a answer) proposal() string {
	a.t.Helper()
	return a.is(202).json()["proposal"].(map[string]any)["id"].(string)
}

func (h *house) openTask(document string) approval.Task {
	h.t.Helper()
	open := h.state(document).OpenTasks()
	require.NotEmpty(h.t, open)
	return open[0]
}

// TestTwoAdministratorsReassign tells the story of a task whose owner left: one
// administrator proposes, another approves, and the submitter reads of both.
func TestTwoAdministratorsReassign(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1000.00")
	task := h.openTask(id)
	body := h.intervention(id, "reassign", map[string]any{"task": task.ID, "to": []any{"sun"}})
	h.intervene("lin", id, body).refused(403, "access.denied")
	h.intervene("liu", id, body).refused(403, "access.denied")
	made := h.intervene("admin", id, body)
	p := made.proposal()
	require.Equal(t, "/api/v1/proposals/"+p, made.header.Get("Location"))
	require.Equal(t, task.ID, h.openTask(id).ID, "nothing happened yet")

	seen := h.do(call{as: "max", method: "GET", path: "/proposals/" + p}).is(200)
	require.Equal(t, "intervention", seen.text("kind"))
	require.Equal(t, "reassign", seen.json()["intervention"].(map[string]any)["ruling"])
	require.NotContains(t, seen.json(), "yaml")
	h.do(call{as: "lin", method: "GET", path: "/proposals/" + p}).refused(403, "access.denied")
	h.do(call{as: "liu", method: "GET", path: "/proposals/" + p}).is(200) // the head of finance reads, and decides nothing
	h.verdict("admin", p, "approve", map[string]any{}).refused(403, "proposal.own")
	h.verdict("liu", p, "approve", map[string]any{}).refused(403, "access.denied")
	h.verdict("max", p, "approve", map[string]any{"hash": "0"}).refused(409, "proposal.changed")
	done := h.verdict("max", p, "approve", map[string]any{"hash": seen.text("hash")}).is(200)
	require.Equal(t, "ok", done.json()["outcome"].(map[string]any)["code"])

	h.decide("sun", id, "approve", "ok").is(200)
	given := h.state(id)
	require.Equal(t, []string{"max", "admin"}, given.Interveners)
	list := h.do(call{as: "admin", method: "GET", path: "/documents?intervened=true&total=true"}).is(200).json()
	require.InDelta(t, 1, list["total"], 0)
	require.Equal(t, true, list["items"].([]any)[0].(map[string]any)["intervened"])
	require.Len(t, h.do(call{as: "admin", method: "GET", path: "/documents/" + id + "/interventions"}).is(200).json()["items"], 1)
	h.do(call{as: "lin", method: "GET", path: "/documents/" + id + "/interventions"}).refused(403, "access.denied")
	h.auditClean()
}

// TestAnInterventionComesTooLate: it is approved, refused when it is judged, and the
// proposal says why.
func TestAnInterventionComesTooLate(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1000.00")
	task := h.openTask(id)
	p := h.intervene("admin", id, h.intervention(id, "reassign", map[string]any{"task": task.ID, "to": []any{"sun"}})).proposal()
	h.decide(task.Assignee, id, "approve", "ok").is(200)
	late := h.verdict("max", p, "approve", map[string]any{}).is(200).json()["outcome"].(map[string]any)
	require.Equal(t, "task.stale", late["code"])
	require.Equal(t, task.Assignee, late["args"].(map[string]any)["by"])
	h.intervene("admin", id, h.intervention(id, "reassign", map[string]any{"task": task.ID, "to": []any{"sun"}})).
		refused(409, "task.stale")
	h.auditClean()
}

// TestTheWayOfADocumentIsChanged plans it anew with a preview, jumps, and voids it.
func TestTheWayOfADocumentIsChanged(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("lin", "1000.00")
	preview := h.do(call{as: "admin", method: "GET", path: "/documents/" + id + "/replan"}).is(200).json()
	require.InDelta(t, 1, preview["has"].(map[string]any)["round"], 0)
	require.InDelta(t, 2, preview["gets"].(map[string]any)["round"], 0)
	h.do(call{as: "lin", method: "GET", path: "/documents/" + id + "/replan"}).refused(403, "access.denied")

	steps := h.state(id).Plan.Steps
	last := steps[len(steps)-1].ID
	h.intervene("admin", id, h.intervention(id, "jump", map[string]any{"task": h.openTask(id).ID, "to_step": "nowhere"})).
		refused(422, "step.no_target")
	p := h.intervene("admin", id, h.intervention(id, "jump", map[string]any{"task": h.openTask(id).ID, "to_step": last})).proposal()
	h.verdict("max", p, "approve", map[string]any{}).is(200)
	require.Equal(t, last, h.openTask(id).Step)

	var second string // a proposal that comes too late
	for _, ruling := range []string{"replan", "void"} {
		second = h.intervene("max", id, h.intervention(id, "void", nil)).proposal()
		p := h.intervene("max", id, h.intervention(id, ruling, nil)).proposal()
		require.Equal(t, "ok", h.verdict("admin", p, "approve", map[string]any{}).is(200).json()["outcome"].(map[string]any)["code"])
	}
	h.intervene("max", id, h.intervention(id, "void", nil)).refused(409, "document.final")
	over := h.verdict("admin", second, "approve", map[string]any{}).is(200).json()["outcome"].(map[string]any)
	require.Equal(t, "document.final", over["code"])
	require.Equal(t, "voided", over["args"].(map[string]any)["status"])
	doc := h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(200)
	require.Equal(t, "voided", doc.text("status"))
	h.auditClean()
}

// TestALateDecisionIsToldOfTheIntervention that ended its task: by whom, when and how,
// also when the document is over.
func TestALateDecisionIsToldOfTheIntervention(t *testing.T) {
	h := newHouse(t)
	for _, ruling := range []string{"jump", "replan", "void"} {
		id := h.submitted("lin", "1000.00")
		steps, asked := h.state(id).Plan.Steps, h.openTask(id)
		mine := h.task(asked.Assignee, id)
		p := h.intervene("admin", id, h.intervention(id, ruling, map[string]any{
			"task": asked.ID, "to_step": steps[len(steps)-1].ID,
		})).proposal()
		require.Equal(t, "ok", h.verdict("max", p, "approve", map[string]any{}).is(200).json()["outcome"].(map[string]any)["code"])
		late := h.decideTask(asked.Assignee, mine, "").refused(409, "task.stale").json()["args"].(map[string]any)
		require.Equal(t, []any{"max", ruling}, []any{late["by"], late["act"]})
		require.NotEmpty(t, late["at"])
	}
	h.auditClean()
}

// TestNobodyIntervenesInTheirOwn, with whatever account; and who refuses says why.
func TestNobodyIntervenesInTheirOwn(t *testing.T) {
	h := newHouse(t)
	id := h.submitted("admin", "1000.00")
	body := h.intervention(id, "void", nil)
	h.intervene("admin", id, body).refused(403, "intervention.interested")
	h.intervene("admin2", id, body).refused(404, "document.not_found")
	p := h.intervene("max", id, body).proposal()
	h.verdict("admin", p, "approve", map[string]any{}).refused(403, "intervention.interested")
	h.verdict("admin", p, "refuse", map[string]any{"reason": "no"}).refused(403, "intervention.interested")

	other := h.submitted("lin", "1000.00")
	write := call{as: "max", method: "POST", path: "/documents/" + other + "/interventions", key: "i1", body: h.intervention(other, "void", nil)}
	p = h.do(write).proposal()
	require.Equal(t, p, h.do(write).proposal(), "the same key, the same proposal")
	h.verdict("admin", p, "refuse", map[string]any{}).refused(422, "proposal.reason_required")
	h.verdict("admin", p, "refuse", map[string]any{"reason": "会另行处理"}).is(200)
	require.Equal(t, approval.Pending, h.state(other).Status)
	require.Equal(t, p, h.do(write).proposal())
	h.auditClean()
}

// TestAKeyPlansTheSameAnew: under one key nobody plans other documents than at first,
// nor for another reason.
func TestAKeyPlansTheSameAnew(t *testing.T) {
	h := newHouse(t)
	first, second := h.submitted("lin", "1000.00"), h.submitted("lin", "1100.00")
	plan := func(id, opinion string) answer {
		seen := h.intervention(id, "replan", nil)
		return h.do(call{as: "admin", method: "POST", path: "/replans", key: "k", body: map[string]any{
			"opinion":   opinion,
			"documents": []any{map[string]any{"document": id, "round": seen["round"], "content_hash": seen["content_hash"]}},
		}})
	}
	made := plan(first, "新制度").is(200).json()["items"]
	require.Equal(t, made, plan(first, "新制度").is(200).json()["items"])
	plan(second, "新制度").refused(422, "idempotency.reused")
	plan(first, "another reason").refused(422, "idempotency.reused")
	require.Empty(t, h.do(call{as: "admin", method: "GET", path: "/documents/" + second + "/interventions"}).is(200).json()["items"])
}

// TestAReplanIsShownByTheRatesOfTheClaim: those of the day on which it was submitted,
// though today's would spare it a step, as they would where the route is planned anew.
func TestAReplanIsShownByTheRatesOfTheClaim(t *testing.T) {
	h := newHouse(t)
	form := expense("1000.00")
	form["currency"] = "EUR"
	form["lines"].([]any)[0].(map[string]any)["amount"] = map[string]any{"amount": "1000.00", "currency": "EUR"}
	require.NoError(t, h.store.SaveRates(t.Context(), []document.Rate{
		{Currency: "EUR", Base: "CNY", Value: "8.2", Source: "test", Date: "2025-01-01"},
	}))
	id := h.submittedAs("emma", form)["id"].(string)
	later := time.Now().UTC().Add(48 * time.Hour) // after the day of the claim, wherever that is
	require.NoError(t, h.store.SaveRates(t.Context(), []document.Rate{
		{Currency: "EUR", Base: "CNY", Value: "0.1", Source: "test", Date: later.Format(time.DateOnly)},
	}))
	h.desk.Now = func() time.Time { return later.Add(48 * time.Hour) }
	needs := func(plan any) (all []any) {
		for _, step := range plan.(map[string]any)["steps"].([]any) {
			all = append(all, step.(map[string]any)["need"])
		}
		return all
	}
	preview := h.do(call{as: "admin", method: "GET", path: "/documents/" + id + "/replan"}).is(200).json()
	require.Contains(t, needs(preview["has"]), "people")
	require.Equal(t, needs(preview["has"]), needs(preview["gets"]))
	policy := h.state(id).Plan.Policy
	page, err := h.store.Underway(t.Context(), access.Scope{All: true}, store.UnderwayFilter{Policy: policy})
	require.NoError(t, err)
	at, err := h.store.ClaimedAt(t.Context(), id, 9)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	require.Equal(t, at, page.Items[0].ClaimedAt)
}
