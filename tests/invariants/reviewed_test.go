package invariants_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/store"
)

// reviewed asks about every right: an answers for one, and one is to be taken away.
func (h *house) reviewed() string {
	now := time.Now()
	id, err := h.store.OpenCertification(h.ctx, certification.Campaign{
		Title: "Q4 复核", Reviewer: certification.ByAdministrators, Undecided: certification.ListUndecided, OpenedBy: "lu",
		Scope: certification.Scope{Roles: []string{}, Entities: []string{}},
		Due:   now.Add(time.Hour), Closes: now.Add(2 * time.Hour),
	}, store.Idempotency{})
	require.NoError(h.t, err)
	items, err := h.store.CertificationItems(h.ctx, access.Scope{All: true}, "", id)
	require.NoError(h.t, err)
	for _, i := range items {
		if i.Person == "lu" {
			require.NoError(h.t, h.store.ReassignItem(h.ctx, id, i.No,
				certification.Reassignment{By: "an", To: "wu", Reason: "休假"}, store.Idempotency{}))
		}
	}
	said := map[string]certification.Verdict{
		"wu": {Say: certification.Keep}, "zhang2": {Say: certification.Revoke, Reason: "moved"},
	}
	for _, i := range items {
		if v, answers := said[i.Person]; answers {
			require.NoError(h.t, h.store.DecideItem(h.ctx, id, i.No, "an", v, store.Idempotency{}))
		}
	}
	return id
}

var plantedReviews = []lie{
	{"a review that nobody recorded", "I13", "nobody recorded", func(l *liar) {
		l.tell("certifications", `INSERT INTO certifications (id, title, scope, reviewer, undecided, opened_by, opened_at, due_at,
			closes_at, version, items, hash) SELECT 'x', title, scope, reviewer, undecided, opened_by, opened_at, due_at, closes_at,
			version, items, hash FROM certifications`)
	}},
	{"more time for a review", "I13", "its end", func(l *liar) {
		l.tell("certifications", `UPDATE certifications SET closes_at = closes_at + interval '90 days'`)
	}},
	{"a right that was left out of a review", "I13", "not those that were asked about", func(l *liar) {
		l.tell("certification_items", `DELETE FROM certification_items WHERE person = 'lu'`)
	}},
	{"an answer that nobody gave", "I13", "its event does not", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET state = 'keep', decided_by = 'an', decided_at = now()
			WHERE person = 'lu'`)
	}},
	{"an answer turned round", "I13", "its event does not", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET state = 'keep', proposal = '' WHERE state = 'revoke'`)
	}},
	{"silence that keeps a right", "I13", "its review says otherwise", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET state = 'ended', decided_by = 'system:review',
			decided_at = now() WHERE person = 'lu'`)
	}},
	{"an answer for one's own right", "I5", "a right of their own", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET decided_by = 'wu' WHERE person = 'wu'`)
		l.tell("events", `UPDATE events SET actor = 'wu' WHERE kind = 'review.decided' AND data LIKE '%"person":"wu"%'`)
	}},
	{"another reviewer whom nobody named", "I13", "who is asked is not", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET handed_to = 'bo' WHERE handed > 0`)
	}},
	{"a handover that never was", "I13", "nobody recorded its handover", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET handed = 1, handed_to = 'bo', handed_by = 'an',
			handed_reason = 'x', handed_at = now() WHERE person = 'zhang2'`)
	}},
	{"a handover that was forgotten", "I13", "its handovers are not", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET handed = 0, handed_to = '', handed_by = '',
			handed_reason = '', handed_at = NULL WHERE handed > 0`)
	}},
	{"a right handed to its holder", "I5", "handed a right of their own", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET handed_to = person WHERE handed > 0`)
		l.tell("events", `UPDATE events SET data = replace(data, '"to":"wu"', '"to":"lu"') WHERE kind = 'review.reassigned'`)
	}},
	{"an answer by somebody who was not asked", "I5", "was not asked", func(l *liar) {
		l.tell("certification_items", `UPDATE certification_items SET decided_by = 'bo' WHERE state = 'keep'`)
		l.tell("events", `UPDATE events SET actor = 'bo' WHERE kind = 'review.decided' AND data LIKE '%"verdict":"keep"%'`)
	}},
}
