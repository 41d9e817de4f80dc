package invariants_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/store"
)

// straight was returned by finance for another title, and came straight back to them.
func (h *house) straight() string {
	plan := func(s approval.State) approval.State {
		return h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
			Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org, Rules: approval.RulesNow,
			Interested: []string{"li"}, Admins: []string{"an"}, Then: []string{approval.ThenAccrue},
			Steps: []approval.Step{step("manager", approval.AnyOf, "wu", "bo"), step("finance", approval.AnyOf, "zhang")},
		}})
	}
	s := h.decide(plan(h.submit(contentOf("南京", 26000))), approval.Approve, "wu", "")
	for _, t := range s.OpenTasks() {
		s = h.act(s, approval.Act{
			Name: approval.Return, Back: approval.BackStraight, Task: t.ID, Round: s.Round, ContentHash: s.ContentHash,
			Actor: "zhang", Opinion: "标题不清",
		})
	}
	next := contentOf("南京客户回访", 26000)
	hash, err := next.Hash()
	require.NoError(h.t, err)
	n, err := h.store.SaveRevision(h.ctx, store.RevisionInput{Document: s.Document, Actor: "li", Content: next, Hash: hash})
	require.NoError(h.t, err)
	s = plan(h.act(s, approval.Act{Name: approval.Resubmit, Actor: "li", Revision: n, NewHash: hash}))
	return h.post(h.decide(s, approval.Approve, "zhang", "")).Document
}

// spared is a document whose last step li's manager is not asked in again.
func (h *house) spared() string {
	again := step("head", approval.AnyOf, "wu")
	again.Once = true
	s := h.decide(h.plan(h.submit(contentOf("苏州", 27000)), step("manager", approval.AnyOf, "wu"),
		step("finance", approval.AnyOf, "zhang"), again), approval.Approve, "wu", "")
	return h.post(h.decide(s, approval.Approve, "zhang", "")).Document
}

// Lies about who was not asked again.
func init() {
	opened := func(change func(data map[string]any)) func(l *liar) {
		return func(l *liar) {
			l.forge("spared", func(events []evidence.Event) []evidence.Event {
				i := find(events, "step.opened", 3)
				data, err := approval.Decode[approval.StepData](events[i])
				require.NoError(l, err)
				a := data.Agreed[0]
				one := map[string]any{"step": a.Step, "slot": a.Slot, "person": a.Person, "task": a.Task}
				change(one)
				events[i].Data = setField(events[i].Data, "agreed", []any{one})
				return events
			})
		}
	}
	planned := func(was, is string) func(l *liar) {
		return func(l *liar) {
			l.forge("spared", func(events []evidence.Event) []evidence.Event {
				i := find(events, "plan.made", 1)
				events[i].Data = []byte(strings.Replace(string(events[i].Data), was, is, 1))
				return events
			})
		}
	}
	planted = append(planted, []lie{
		{"nobody is asked, and nobody agreed", "I7", "never agreed", opened(func(a map[string]any) { a["task"] = "nobody's" })},
		{"a place is spared that is another's", "I7", "is not theirs", opened(func(a map[string]any) { a["person"] = "zhang" })},
		{"somebody is spared for another's yes", "I7", "is not asked for what zhang did", func(l *liar) {
			var task string
			for _, e := range l.events(l.id("spared")) {
				if d, err := approval.Decode[approval.TaskEndedData](e); err == nil && e.Kind == "task.approved" && e.Actor == "zhang" {
					task = d.Task
				}
			}
			opened(func(a map[string]any) { a["task"] = task })(l)
		}},
		{"somebody is spared where the policy asks", "I7", "where the policy spares nobody", planned(`"once":true`, `"once":false`)},
		{"somebody is spared where another human must decide", "I7", "needs another human", planned(`"once":true`, `"distinct_from":["manager"],"once":true`)},
	}...)
}

// Lies about decisions that stand in a new round.
func init() {
	kept := func(field string, value any) func(l *liar) {
		return func(l *liar) {
			l.forge("straight", func(events []evidence.Event) []evidence.Event {
				i := find(events, "step.kept", 1)
				events[i].Data = setField(events[i].Data, field, value)
				return events
			})
		}
	}
	stands := func(l *liar) map[string]any {
		events := l.events(l.id("straight"))
		data, err := approval.Decode[approval.KeptData](events[find(events, "step.kept", 1)])
		require.NoError(l, err)
		k := data.Tasks[0]
		return map[string]any{"task": k.Task, "round": k.Round, "revision": k.Revision, "content_hash": k.ContentHash}
	}
	with := func(field string, value any) func(l *liar) {
		return func(l *liar) {
			one := stands(l)
			one[field] = value
			kept("tasks", []any{one})(l)
		}
	}
	planted = append(planted, []lie{
		{"a decision stands that nobody was asked for", "I7", "was never asked", with("task", "nobody's")},
		{"a decision stands on a content that its decider did not see", "I8", "saw revision 1", with("revision", 2)},
		{"a decision stands in a step it was not made in", "I7", "stands in finance", kept("step", "finance")},
		{"decisions stand though nobody let it go straight back", "I7", "nobody let it go straight back", func(l *liar) {
			l.forge("straight", func(events []evidence.Event) []evidence.Event {
				i := find(events, "document.returned", 1)
				events[i].Data = setField(events[i].Data, "back", "")
				return events
			})
		}},
		{"a decision stands though the account changed", "I8", "differs in what matters", func(l *liar) {
			l.recontent("straight", 2, `"6222…"`, `"9999…"`)
		}},
		{"a decision stands though more is asked for", "I8", "asks for more", func(l *liar) {
			l.recontent("straight", 2, `"total":{"currency":"CNY","minor":26000}`, `"total":{"currency":"CNY","minor":36000}`)
		}},
	}...)
}
