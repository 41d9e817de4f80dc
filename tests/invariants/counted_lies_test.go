package invariants_test

import (
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/store"
)

// counted is the second of two payments to one supplier, routed by a policy that
// adds them up.
func (h *house) counted() (part, whole string) {
	_, err := h.store.PublishPolicy(h.ctx, store.PolicyRow{Kind: "policy", ID: "split", Hash: "s", PublishedBy: "an",
		YAML: "policy: split\naggregate: { by: [payee], within: 30 days }\n"})
	require.NoError(h.t, err)
	paid := func(title string) document.Content {
		c := contentOf(title, 60000)
		c.Type, c.Payee = "payment_request", document.Payee{Kind: document.PayeeSupplier, ID: "SUP9", Name: "供应商"}
		return c
	}
	first := h.countedBy(h.submit(paid("一半")), 0)
	return first.Document, h.countedBy(h.submit(paid("另一半")), 1).Document
}

// countedBy routes a document by the policy that adds up, with so many others.
func (h *house) countedBy(s approval.State, others int) approval.State {
	key := approval.CountKey{By: []string{"payee"}, Days: 30, Zone: "Asia/Shanghai", Entity: "cn", Type: "payment_request",
		PayeeKind: "supplier", Payees: []string{"SUP9"}}
	beside, err := h.store.Beside(h.ctx, s.Document, key)
	require.NoError(h.t, err)
	require.Len(h.t, beside.Documents, others)
	counted := approval.Counted{CountKey: key, From: beside.From, Until: beside.Until, At: beside.At, Own: yuan(60000),
		Others: yuan(60000 * int64(others)), Sum: yuan(60000 + 60000*int64(others)), Count: others}
	for _, other := range beside.Documents {
		counted.Documents = append(counted.Documents, other.CountedDocument)
	}
	return h.do(s, approval.Planned{Plan: approval.Plan{
		Round: 1, Policy: "split", PolicyVersion: 1, PolicyHash: "s", OrgVersion: h.org, Interested: []string{"li"},
		Admins: []string{"an"}, Steps: []approval.Step{step("head", approval.AnyOf, "wu")}, Then: []string{approval.ThenAccrue},
		Counted: &counted,
	}})
}

// The lies about what was counted together.
func init() {
	away := func(l *liar) { // what happened with the part was long before it was looked
		l.tell("events", `UPDATE events SET at = at - interval '2 minutes' WHERE stream = $1`, l.id("part"))
	}
	replaced := func(l *liar, from, to string) {
		l.forge("split", func(events []evidence.Event) []evidence.Event {
			i := find(events, "plan.made", 1)
			data := string(events[i].Data)
			require.Contains(l, data, from)
			events[i].Data = json.RawMessage(strings.ReplaceAll(data, from, to))
			return events
		})
	}
	planted = append(planted, []lie{
		{"a part that was left out", "I7", "counts: true, and it is named", func(l *liar) {
			away(l)
			replaced(l, l.id("part"), "nobody")
		}},
		{"a part that is not there", "I7", "which is not there", func(l *liar) { replaced(l, l.id("part"), "nobody") }},
		{"a part made smaller", "I7", "what the others come to", func(l *liar) {
			away(l)
			replaced(l, `"others":{"currency":"CNY","minor":60000}`, `"others":{"currency":"CNY","minor":1}`)
		}},
		{"a sum that is none", "I7", "the sum of what was counted", func(l *liar) { replaced(l, "120000", "60000") }},
		{"a plan that forgot to count", "I7", "its policy adds amounts up", func(l *liar) {
			replaced(l, `"counted"`, `"forgotten"`)
		}},
		{"other days than its own", "I7", "other days", func(l *liar) { replaced(l, `"days":30`, `"days":3`) }},
		{"a part that had been withdrawn", "I7", "counts: false, and it is named", func(l *liar) {
			away(l)
			l.tell("events", `UPDATE events SET kind = 'document.withdrawn' WHERE stream = $1 AND seq = 1`, l.id("part"))
		}},
	}...)
}
