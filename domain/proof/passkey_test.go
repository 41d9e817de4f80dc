package proof

import (
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/tests/authenticator"
)

// TestADecisionSignedWithAPasskey: the proof carries what judges the signature, and
// says so where it is missing, another's, or was not there yet.
func TestADecisionSignedWithAPasskey(t *testing.T) {
	d := newDesk(t)
	theirs := authenticator.New(t, "approvals.example.com", "https://approvals.example.com")
	public, err := x509.MarshalPKIXPublicKey(theirs.Public())
	require.NoError(t, err)
	s := d.state()
	a := approval.Act{ID: "act-1", Name: approval.Approve, Document: doc, Task: s.OpenTasks()[0].ID, Round: s.Round,
		ContentHash: s.ContentHash, Actor: "wang", Passkey: &passkey.Assertion{Nonce: "n"}}
	challenge, err := a.Challenge()
	require.NoError(t, err)
	signed := theirs.Sign("n", challenge)
	assertion := passkey.Assertion(signed)
	a.Passkey = &assertion
	text, err := evidence.Canonical(a)
	require.NoError(t, err)
	signature, err := d.signer.Sign(a)
	require.NoError(t, err)
	d.bundle.Acts = []Act{{Act: text, Signature: signature, ReceivedAt: d.now, Outcome: approval.Outcome{Code: approval.OK}}}
	d.do(a)
	whats(t, Check(d.sealed(), nil), "act.unknown_passkey")

	key := Passkey{ID: "k", Person: "wang", Credential: theirs.Credential(), Public: base64.StdEncoding.EncodeToString(public),
		RP: "approvals.example.com", AddedAt: d.now.Add(-time.Hour)}
	d.bundle.Passkeys = []Passkey{key}
	require.Empty(t, Check(d.sealed(), nil).Findings)
	for name, lie := range map[string]func(k *Passkey){
		"somebody else's": func(k *Passkey) { k.Person = "chen" },
		"added later":     func(k *Passkey) { k.AddedAt = d.now.Add(time.Hour) },
		"another domain":  func(k *Passkey) { k.RP = "evil.example.com" },
	} {
		wrong := key
		lie(&wrong)
		d.bundle.Passkeys = []Passkey{wrong}
		require.NotEmpty(t, Check(d.sealed(), nil).Findings, name)
	}
}
