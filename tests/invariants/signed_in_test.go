package invariants_test

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// signedIn was decided under a plan that asks for a fresh sign-in, by somebody whose
// account was bound, let go and bound anew.
func (h *house) signedIn() string {
	for range 2 {
		bound := store.Binding{Issuer: "https://idp", Subject: uuid.NewString(), Person: "wu", How: store.BoundByEmail}
		if list, err := h.store.Identities(h.ctx, "wu"); err == nil && len(list) > 0 {
			require.NoError(h.t, h.store.UnbindIdentity(h.ctx, "wu", "https://idp", "operator:a", "new"))
		}
		require.NoError(h.t, h.store.BindIdentity(h.ctx, bound))
	}
	s := h.submit(contentOf("深圳", 900000))
	s = h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
		Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org, Interested: []string{"li"},
		Steps:  []approval.Step{step("manager", approval.AnyOf, "wu", "bo")},
		SignIn: &approval.FreshSignIn{Seconds: 300, Classes: []string{"phr"}}, Then: []string{approval.ThenAccrue},
	}})
	task := s.OpenTasks()[0]
	s = h.act(s, approval.Act{
		Name: approval.Approve, Task: task.ID, Round: s.Round, ContentHash: s.ContentHash, Actor: task.Assignee, Opinion: "看过了",
		SignIn: &approval.SignIn{Issuer: "https://idp", At: time.Now().UTC().Truncate(time.Second), Class: "phr"},
	})
	return h.post(s).Document
}

var plantedAtTheDoor = []lie{
	{"a decision without a fresh sign-in", "I5", "had signed in", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET received_at = received_at + interval '6 minutes' WHERE document = $1`, l.id("signed in"))
	}},
	{"a decision whose act tells of no sign-in", "I5", "without a fresh sign-in", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = (canonical::jsonb - 'sign_in')::text WHERE document = $1`, l.id("signed in"))
	}},
	{"a decision with a weak sign-in", "I5", "was asked for", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = replace(canonical, '"phr"', '"pwd"') WHERE document = $1`, l.id("signed in"))
	}},
	{"a sign-in made somebody else's", "I13", "the sign-in is", func(l *liar) {
		l.tell("identities", `UPDATE identities SET person = 'bo' WHERE unbound_at IS NULL`)
	}},
	{"a sign-in that nobody recorded", "I13", "nobody recorded", func(l *liar) {
		l.tell("identities", `INSERT INTO identities (id, issuer, subject, person, how, bound_at)
			VALUES ('x', 'https://idp', 's', 'bo', 'email', now())`)
	}},
	{"a sign-in whose row is gone", "I13", "its row is gone", func(l *liar) {
		l.tell("identities", `DELETE FROM identities`)
	}},
}
