package invariants_test

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// intervene proposes by one administrator and approves by another, as the desk does.
func (h *house) intervene(s approval.State, a approval.Act, maker, checker string) approval.State {
	a.Name, a.Document, a.Round, a.ContentHash, a.Opinion = approval.Intervene, s.Document, s.Round, s.ContentHash, "已离职"
	payload, hash, err := store.Proposed(a)
	require.NoError(h.t, err)
	p, err := h.store.Propose(h.ctx, store.ProposalInput{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: proposal.Intervention, Subject: s.Document, Hash: hash, Payload: payload,
		Base: s.Round, Note: a.Opinion, Maker: maker,
	})
	require.NoError(h.t, err)
	a.ID, a.Actor, a.Maker = p.ID, checker, maker
	signature, err := h.signer.Sign(a)
	require.NoError(h.t, err)
	_, err = h.store.ApproveIntervention(h.ctx, store.ActRow{Act: a, Signature: signature},
		proposal.Verdict{Checker: checker, Approve: true}, store.Idempotency{})
	require.NoError(h.t, err)
	return h.do(s, a)
}

// intervened went every way that administrators can send a document.
func (h *house) intervened() string {
	handled := step("manager", approval.AnyOf, "wu")
	handled.Allow = []string{"hold"}
	route := func(s approval.State) approval.State {
		return h.plan(s, handled, step("director", approval.AllOf, "bo", "zhang"), step("finance", approval.AnyOf, "chen"))
	}
	s := route(h.submit(contentOf("哈尔滨", 6000)))
	s = h.decide(s, approval.Hold, "wu", "")
	s = h.intervene(s, approval.Act{Ruling: approval.RulingRelease, Task: s.Stopped.Task}, "an", "lu")
	s = h.intervene(s, approval.Act{Ruling: approval.RulingReplan}, "lu", "an")
	s = route(s)
	s = h.decide(s, approval.Approve, "wu", "")
	s = h.decide(s, approval.Approve, "bo", "")
	s = h.intervene(s, approval.Act{Ruling: approval.RulingJump, Task: s.OpenTasks()[0].ID, ToStep: "finance"}, "an", "lu")
	s = h.intervene(s, approval.Act{Ruling: approval.RulingReassign, Task: s.OpenTasks()[0].ID, To: []string{"bo"}}, "an", "lu")
	s = h.decide(s, approval.Approve, "bo", "")
	return h.post(s).Document
}

// voided was ended by two administrators, while it was parked.
func (h *house) voided() string {
	s := h.approve(h.usual(h.submit(contentOf("拉萨", 3300))))
	h.intend(s)
	s = h.do(s, approval.Settled{Reference: s.Effect.Reference, Code: "erp.closed_period", Detail: "closed"})
	return h.intervene(s, approval.Act{Ruling: approval.RulingVoid}, "an", "lu").Document
}

// alter changes one field of the first event of a kind in what administrators did.
func alter(kind, field string, value any) func(l *liar) {
	return func(l *liar) {
		l.forge("intervened", func(events []evidence.Event) []evidence.Event {
			i := find(events, kind, 1)
			events[i].Data = setField(events[i].Data, field, value)
			return events
		})
	}
}

// Lies about interventions.
func init() {
	planted = append(planted, []plantedLie{
		{"an intervention by one alone", "I7", "alone, and it is about money", alter("plan.discarded", "maker", "")},
		{"an intervention with another maker", "I5", "is not what act", alter("step.jumped", "maker", "wu")},
		{"one human proposed and approved", "I7", "are one human", func(l *liar) {
			l.forge("voided", func(events []evidence.Event) []evidence.Event {
				i := find(events, "document.voided", 1)
				events[i].Data = setField(events[i].Data, "maker", "lu")
				return events
			})
		}},
		{"an intervention by who is no administrator", "I5", "wu is no administrator", alter("task.reassigned", "maker", "wu")},
		{"an intervention by the submitter", "I6", "li, who is interested", alter("clock.released", "maker", "li")},
		{"a task given to who proposed it", "I7", "gave themselves a task", alter("task.reassigned", "to", []string{"an"})},
		{"an intervention that nobody approved", "I7", "and there is no proposal", func(l *liar) {
			l.tell("proposals", `DELETE FROM proposals WHERE subject = $1`, l.id("voided"))
		}},
		{"an intervention that was refused", "I7", "it is refused by", func(l *liar) {
			l.tell("proposals", `UPDATE proposals SET state = 'refused' WHERE subject = $1`, l.id("voided"))
		}},
		{"an intervention before it was approved", "I7", "and took effect at", func(l *liar) {
			l.tell("proposals", `UPDATE proposals SET decided_at = decided_at + interval '1 hour' WHERE subject = $1`, l.id("voided"))
		}},
		{"an intervention other than was approved", "I7", "what was approved is not", func(l *liar) {
			l.tell("proposals", `UPDATE proposals SET payload = replace(payload, '已离职', '已升职') WHERE subject = $1`, l.id("voided"))
		}},
		{"an approved intervention that was never done", "I7", "its act is there: false", func(l *liar) {
			l.tell("proposals", `INSERT INTO proposals (id, kind, subject, hash, payload, base, note, maker, state, checker,
				created_at, expires_at, decided_at) SELECT id || 'x', kind, subject, hash, payload, base, note, maker, state,
				checker, created_at, expires_at, decided_at FROM proposals WHERE subject = $1`, l.id("voided"))
		}},
		{"an approval by who changed whom it asks", "I7", "changed whom round 2 asks", func(l *liar) { l.decidedBy("intervened", 3, "lu") }},
		{"a step passed over that was not", "I7", "step director was passed with", alter("step.jumped", "over", []string{})},
		{"a mark that is missing", "I13", "whether anybody intervened", func(l *liar) {
			l.tell("documents", `UPDATE documents SET intervened = false WHERE id = $1`, l.id("intervened"))
		}},
	}...)
}
