package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/store"
)

// lie is a change that only somebody above the rules of the database can make, and what
// the audit must find of it.
type lie struct{ statement, what string }

// findsEach plants one lie after another into the same house: each must be found when it
// is there, and not before.
func (w *world) findsEach(t *testing.T, lies ...lie) {
	t.Helper()
	found := func() []string {
		report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
		require.NoError(w.t, err)
		var codes []string
		for _, f := range report.Findings {
			codes = append(codes, f.What)
		}
		return codes
	}
	before := found()
	require.Empty(w.t, before)
	for _, l := range lies {
		t.Run(l.what, func(t *testing.T) {
			w.tamper(l.statement)
			after := found()
			require.NotContains(t, before, l.what, "something else was found before")
			require.Contains(t, after, l.what)
			before = after
		})
	}
}

// TestLiesAboutWhoSignsAreFound plants lies about passkeys, accounts and the rights that a
// sign-in or one person alone gave.
func TestLiesAboutWhoSignsAreFound(t *testing.T) {
	w := governed(t)
	for _, name := range []string{"laptop", "phone"} {
		_, err := w.s.AddPasskey(w.ctx, store.Passkey{Person: "ann", Name: name, Credential: "credential of " + name,
			PublicKey: "key", RP: "approvals.example.com"})
		require.NoError(t, err)
	}
	for person, subject := range map[string]string{"ann": "a", "bob": "b"} {
		require.NoError(t, w.s.BindIdentity(w.ctx, store.Binding{Issuer: "https://login", Subject: subject, Person: person,
			How: store.BoundByClaim}))
	}
	require.Equal(t, 1, w.says("bob", time.Hour, "helpers"))
	w.granted(cashier("bob"), "adm", "ada")
	list, err := w.s.Passkeys(w.ctx, "ann")
	require.NoError(t, err)
	lost := passkey.Removal{Key: list[0].ID, Person: "ann", By: "ada", Reason: "lost"}
	require.NoError(t, w.s.TakePasskey(w.ctx, lost, store.Idempotency{}))
	w.findsEach(t,
		lie{`ALTER TABLE passkeys DROP CONSTRAINT passkeys_reason;
			UPDATE passkeys SET remove_reason = '' WHERE removed_by = 'ada';
			UPDATE events SET data = replace(data, '"reason":"lost",', '') WHERE kind = 'passkey.removed'`, "passkey.unexplained"},
		lie{`UPDATE passkeys SET public_key = 'another' WHERE name = 'laptop'`, "passkey.differs"},
		lie{`DELETE FROM passkeys WHERE name = 'phone'`, "passkey.missing"},
		lie{`INSERT INTO passkeys (id, person, name, credential, public_key, rp_id, model, transports, synced, added_at,
				counter)
			SELECT 'x', 'bob', name, 'x', public_key, rp_id, model, transports, synced, added_at, counter FROM passkeys`,
			"passkey.invented"},
		lie{`UPDATE identities SET subject = 'c' WHERE person = 'ann'`, "identity.differs"},
		lie{`INSERT INTO identities (id, issuer, subject, person, how, bound_at)
			SELECT 'x', 'https://other', 'x', 'adm', how, bound_at FROM identities WHERE person = 'bob'`, "identity.invented"},
		lie{`DELETE FROM identities WHERE person = 'bob'`, "identity.missing"},
		lie{`WITH told AS (UPDATE events SET data = replace(data, '"role":"assistant"', '"role":"cashier"')
				WHERE kind = 'grant.claimed')
			UPDATE role_grants SET role = 'cashier' WHERE source = 'claim'`, "grant.claimed_too_much"},
		lie{`WITH told AS (UPDATE events SET data = replace(data, '"checker":"ada"', '"checker":"adm"')
				WHERE kind = 'grant.approved')
			UPDATE role_grants SET checker = 'adm' WHERE source = 'house'`, "grant.own"},
	)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM role_grants WHERE role = $1 AND source = 'house'`, access.Cashier))
}

// TestLiesAboutHowWasDecidedAreFound plants limits that the plan did not have, and
// signatures that are none, under a decision that needed neither.
func TestLiesAboutHowWasDecidedAreFound(t *testing.T) {
	w := newWorld(t)
	first, second := w.routed("train", approval.AnyOf, "ann"), w.routed("plane", approval.AnyOf, "ann")
	for _, d := range []store.Document{first, second} {
		w.do(d.ID, approval.Approve, "ann")
	}
	sealed := func(what string) string {
		return `UPDATE inbox SET canonical = (canonical::jsonb || '{"passkey":{"credential":"x","nonce":"` + what + `",
			"authenticator_data":"","client_data":"","signature":""}}')::text WHERE document = '`
	}
	w.findsEach(t,
		lie{`UPDATE events SET data = jsonb_set(data::jsonb, '{plan,sign_in}', '{"seconds":300}')::text
			WHERE kind = 'plan.made' AND stream = '` + first.ID + `'`, "act.stale_sign_in"},
		lie{`UPDATE events SET data = jsonb_set(data::jsonb, '{plan,passkey}', 'true')::text
			WHERE kind = 'plan.made' AND stream = '` + first.ID + `'`, "act.no_passkey"},
		lie{sealed("once") + first.ID + `'`, "act.bad_passkey"},
		lie{sealed("once") + second.ID + `'`, "act.replayed_passkey"},
	)
}
