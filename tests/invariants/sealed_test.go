package invariants_test

import (
	"crypto/x509"
	"encoding/base64"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/tests/authenticator"
)

// sealed was decided under a plan that asks for a passkey, twice, by somebody who removed
// it afterwards and has another one.
func (h *house) sealed() string {
	a := authenticator.New(h.t, "example.com", "https://approvals.example.com")
	der, err := x509.MarshalPKIXPublicKey(a.Public())
	require.NoError(h.t, err)
	added, err := h.store.AddPasskey(h.ctx, store.Passkey{Person: "wu", Name: "laptop", Credential: a.Credential(),
		PublicKey: base64.StdEncoding.EncodeToString(der), RP: "example.com"})
	require.NoError(h.t, err)
	s := h.submit(contentOf("深圳", 900000))
	s = h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
		Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org, Interested: []string{"li"},
		Steps:   []approval.Step{step("manager", approval.AnyOf, "wu"), step("finance", approval.AnyOf, "bo", "wu")},
		Passkey: true, Then: []string{approval.ThenAccrue},
	}})
	for range 2 {
		act := approval.Act{Name: approval.Approve, Document: s.Document, Task: s.OpenTasks()[len(s.OpenTasks())-1].ID, Round: s.Round,
			ContentHash: s.ContentHash, Actor: "wu", Opinion: "看过了", Passkey: &passkey.Assertion{Nonce: s.OpenTasks()[0].ID}}
		challenge, err := act.Challenge()
		require.NoError(h.t, err)
		signed := a.Sign(act.Passkey.Nonce, challenge)
		act.Passkey = &passkey.Assertion{Credential: signed.Credential, Nonce: signed.Nonce, Authenticator: signed.Authenticator,
			Client: signed.Client, Signature: signed.Signature}
		s = h.act(s, act)
	}
	h.ids["sealed at once"] = h.sealedAtOnce(a)
	require.NoError(h.t, h.store.RemovePasskey(h.ctx, "wu", added.ID, "wu"))
	_, err = h.store.AddPasskey(h.ctx, store.Passkey{Person: "wu", Name: "phone", Credential: "b", PublicKey: "k", RP: "example.com"})
	require.NoError(h.t, err)
	return h.post(s).Document
}

// sealedAtOnce was sanctioned and approved with one signature.
func (h *house) sealedAtOnce(a *authenticator.Authenticator) string {
	c, manager := contentOf("珠海", 900000), step("manager", approval.AnyOf, "wu")
	manager.Allow = []string{"sanction"}
	s := h.submit(c)
	s = h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
		Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org, Interested: []string{"li"},
		Steps: []approval.Step{manager}, Passkey: true, Then: []string{approval.ThenAccrue},
	}})
	next, patch, err := c.Sanctioned([]document.Approved{{Line: 1, Amount: yuan(800000)}})
	require.NoError(h.t, err)
	hash, err := next.Hash()
	require.NoError(h.t, err)
	yes := approval.Act{Name: approval.Approve, Document: s.Document, Task: s.OpenTasks()[0].ID, Round: s.Round,
		ContentHash: hash, Actor: "wu", Opinion: "核减"}
	change := yes
	change.Name, change.ContentHash, change.NewHash, change.Sanction = approval.Sanction, s.ContentHash, hash, &patch
	change.Revision, err = h.store.SaveChanged(h.ctx, store.RevisionInput{
		Document: s.Document, Actor: "wu", Content: next, Hash: hash,
	}, s.ContentHash)
	require.NoError(h.t, err)
	challenge, together, err := approval.Together("at once", change, yes)
	require.NoError(h.t, err)
	signed := a.Sign("at once", challenge)
	signed.Together = together
	seal := passkey.Assertion(signed)
	change.Passkey, yes.Passkey = &seal, &seal
	return h.post(h.act(h.act(s, change), yes)).Document
}

var plantedInPasskeys = []lie{
	{"other words than those that were signed with a change", "I5", "is not this decision: another question", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = replace(canonical, '核减', '同意') WHERE document = $1 AND name = 'approve'`,
			l.id("sealed at once"))
	}},
	{"a signature for two that stands for a third", "I5", "stands for 3 acts", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = (canonical::jsonb || jsonb_build_object('passkey',
			(SELECT o.canonical::jsonb -> 'passkey' FROM inbox o WHERE o.document = $2 ORDER BY o.id LIMIT 1)))::text
			WHERE id = (SELECT id FROM inbox WHERE document = $1 ORDER BY id LIMIT 1)`, l.id("sealed"), l.id("sealed at once"))
	}},
	{"a decision that no passkey signed", "I5", "without a passkey", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = (canonical::jsonb - 'passkey')::text WHERE document = $1`, l.id("sealed"))
	}},
	{"a verdict that the passkey did not sign", "I5", "is not this decision: another question", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = replace(canonical, '看过了', '同意') WHERE document = $1`, l.id("sealed"))
	}},
	{"a signature taken from another decision", "I5", "stands for 2 acts", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET canonical = (canonical::jsonb || jsonb_build_object('passkey',
			(SELECT o.canonical::jsonb -> 'passkey' FROM inbox o WHERE o.document = $1 ORDER BY o.id LIMIT 1)))::text
			WHERE document = $1`, l.id("sealed"))
	}},
	{"a public key that was exchanged", "I5", "another key", func(l *liar) {
		l.tell("passkeys", `UPDATE passkeys SET public_key = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE' WHERE name = 'laptop'`)
	}},
	{"a passkey that was removed before", "I5", "before or after they had it", func(l *liar) {
		l.tell("passkeys", `UPDATE passkeys SET removed_at = added_at WHERE name = 'laptop'`)
	}},
	{"a passkey made somebody else's", "I5", "with the passkey of bo", func(l *liar) {
		l.tell("passkeys", `UPDATE passkeys SET person = 'bo', removed_by = 'bo' WHERE name = 'laptop'`)
	}},
	{"a passkey for another domain", "I5", "is not this decision: another page", func(l *liar) {
		l.tell("passkeys", `UPDATE passkeys SET rp_id = 'evil.test' WHERE name = 'laptop'`)
	}},
	{"a passkey that nobody recorded", "I13", "nobody recorded", func(l *liar) {
		l.tell("passkeys", `INSERT INTO passkeys (id, person, name, credential, public_key, rp_id, synced, added_at)
			VALUES ('x', 'bo', 'n', 'c', 'k', 'r', false, now())`)
	}},
	{"a passkey whose row is gone", "I13", "its row is gone", func(l *liar) {
		l.tell("passkeys", `DELETE FROM passkeys WHERE name = 'phone'`)
	}},
	{"a passkey taken by somebody who does not say why", "I13", "does not say by whom, or why", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, '"by":"wu"', '"by":"bo"') WHERE kind = 'passkey.removed'`)
	}},
	{"a passkey that came back", "I13", "its end", func(l *liar) {
		l.tell("passkeys", `UPDATE passkeys SET removed_at = NULL, removed_by = '' WHERE name = 'laptop'`)
	}},
}
