// Package authenticator is a passkey in software, for tests: it makes what a browser
// sends, honest or forged, with nothing of the product's.
package authenticator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The flags of authenticator data.
const (
	Present  = 0x01
	Verified = 0x04
	attested = 0x40
)

// Authenticator holds one passkey. What is set of it is what it says: a test lies by it.
type Authenticator struct {
	RP      string // domain that it says it signs for
	Origin  string // page that the browser says it is on
	Flags   byte
	Counter uint32 // 0 does not count
	ID      []byte

	t   testing.TB
	key *ecdsa.PrivateKey
}

// New makes an honest one.
func New(t testing.TB, rp, origin string) *Authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &Authenticator{RP: rp, Origin: origin, Flags: Present | Verified, ID: []byte(rand.Text()), t: t, key: key}
}

// Credential is what it calls itself.
func (a *Authenticator) Credential() string { return text(a.ID) }

// Public is its public key.
func (a *Authenticator) Public() *ecdsa.PublicKey { return &a.key.PublicKey }

// Answer answers an invitation, as PublicKeyCredential.toJSON() has it.
func (a *Authenticator) Answer(challenge string) map[string]any {
	a.t.Helper()
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	require.NoError(a.t, err)
	cose := []byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}
	cose = append(append(append(cose, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	data := a.data(a.Flags | attested)
	data = append(data, make([]byte, 16)...) // of no model
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(append(data, a.ID...), cose...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return map[string]any{"id": a.Credential(), "rawId": a.Credential(), "type": "public-key",
		"clientExtensionResults": map[string]any{}, "response": map[string]any{
			"clientDataJSON": text(a.client("webauthn.create", challenge)), "attestationObject": text(append(object, data...)),
			"transports": []string{"internal"},
		}}
}

// Signed is what it signs for a question; Together goes back with a question about two acts.
type Signed struct {
	Credential, Nonce, Authenticator, Client, Signature string

	Together []string
}

// Sign answers a question.
func (a *Authenticator) Sign(nonce, challenge string) Signed {
	a.t.Helper()
	data, client := a.data(a.Flags), a.client("webauthn.get", challenge)
	said := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), said[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	require.NoError(a.t, err)
	return Signed{a.Credential(), nonce, text(data), text(client), text(signature), nil}
}

// Body is what is signed as the API takes it.
func (s Signed) Body() map[string]any {
	body := map[string]any{"credential": s.Credential, "nonce": s.Nonce, "authenticator_data": s.Authenticator,
		"client_data": s.Client, "signature": s.Signature}
	if s.Together != nil {
		body["together"] = s.Together
	}
	return body
}

func (a *Authenticator) data(flags byte) []byte {
	domain := sha256.Sum256([]byte(a.RP))
	return binary.BigEndian.AppendUint32(append(domain[:], flags), a.Counter)
}

func (a *Authenticator) client(kind, challenge string) []byte {
	said, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	require.NoError(a.t, err)
	return said
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
