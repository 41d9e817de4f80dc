package passkey_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// answer is what an authenticator of some key makes of a question.
func answer(t *testing.T, key crypto.Signer, client string) (passkey.Key, passkey.Assertion) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	domain, said := sha256.Sum256([]byte("example.com")), sha256.Sum256([]byte(client))
	data := append(domain[:], 0x05, 0, 0, 0, 9)
	signed := append(bytes.Clone(data), said[:]...)
	sum, how := sha256.Sum256(signed), crypto.SHA256
	digest := sum[:]
	if _, whole := key.(ed25519.PrivateKey); whole {
		digest, how = signed, 0
	}
	signature, err := key.Sign(rand.Reader, digest, how)
	require.NoError(t, err)
	text := base64.RawURLEncoding.EncodeToString
	return passkey.Key{Person: "li", Credential: "c", Public: base64.StdEncoding.EncodeToString(der), RP: "example.com"},
		passkey.Assertion{Credential: "c", Nonce: "n", Authenticator: text(data), Client: text([]byte(client)), Signature: text(signature)}
}

// TestWhatEveryKindOfKeySigned proves that each kind of key is believed in what it
// signed, and in nothing else.
func TestWhatEveryKindOfKeySigned(t *testing.T) {
	challenge := passkey.Challenge([]byte("pay li 1.00"))
	client := `{"type":"webauthn.get","challenge":"` + challenge + `","origin":"https://pay.example.com"}`
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		key crypto.Signer
		why string
	}{"ES256": {p256, ""}, "EdDSA": {ed, ""}, "RS256": {big, ""}, "a curve that we do not ask for": {p384, passkey.BadSignature}} {
		t.Run(name, func(t *testing.T) {
			kept, a := answer(t, tt.key, client)
			seen, err := a.Verify(kept, challenge)
			if tt.why != "" {
				f, _ := fault.As(err)
				require.Equal(t, tt.why, f.Args["why"])
				return
			}
			require.NoError(t, err)
			require.Equal(t, passkey.Seen{Counter: 9, Origin: "https://pay.example.com"}, seen)
			_, err = a.Verify(kept, passkey.Challenge([]byte("pay li 9.00")))
			require.Equal(t, "passkey.refused", fault.CodeOf(err))
		})
	}
}

// TestWhatIsNoAnswer proves that nothing unreadable, framed or made elsewhere is believed.
func TestWhatIsNoAnswer(t *testing.T) {
	challenge := passkey.Challenge([]byte("x"))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	say := func(kind, origin, more string) string {
		return `{"type":"` + kind + `","challenge":"` + challenge + `","origin":"` + origin + `"` + more + `}`
	}
	for name, tt := range map[string]struct{ client, why string }{
		"a new passkey":       {say("webauthn.create", "https://example.com", ""), passkey.BadChallenge},
		"within another page": {say("webauthn.get", "https://example.com", `,"crossOrigin":true`), passkey.BadOrigin},
		"a name that ends so": {say("webauthn.get", "https://notexample.com", ""), passkey.BadOrigin},
		"no page":             {say("webauthn.get", "android:apk-key-hash:x", ""), passkey.BadOrigin},
		"no JSON":             {"{", passkey.BadForm},
	} {
		kept, a := answer(t, ed, tt.client)
		_, err := a.Verify(kept, challenge)
		f, ok := fault.As(err)
		require.True(t, ok, name)
		require.Equal(t, tt.why, f.Args["why"], name)
	}
	kept, a := answer(t, ed, say("webauthn.get", "https://example.com", ""))
	_, err = a.Verify(kept, challenge)
	require.NoError(t, err)
	for name, break1 := range map[string]func(a *passkey.Assertion, k *passkey.Key){
		"short data":     func(a *passkey.Assertion, _ *passkey.Key) { a.Authenticator = "AAAA" },
		"no data":        func(a *passkey.Assertion, _ *passkey.Key) { a.Authenticator = "" },
		"no signature":   func(a *passkey.Assertion, _ *passkey.Key) { a.Signature = "" },
		"no nonce":       func(a *passkey.Assertion, _ *passkey.Key) { a.Nonce = "" },
		"another id":     func(a *passkey.Assertion, _ *passkey.Key) { a.Credential = "d" },
		"no key":         func(_ *passkey.Assertion, k *passkey.Key) { k.Public = "!" },
		"another domain": func(_ *passkey.Assertion, k *passkey.Key) { k.RP = "" },
	} {
		broken, key := a, kept
		break1(&broken, &key)
		_, err := broken.Verify(key, challenge)
		require.Error(t, err, name)
	}
}

func TestAKeySignsWhileItIsThere(t *testing.T) {
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	k := passkey.Key{AddedAt: at}
	require.False(t, k.At(at.Add(-1)))
	require.True(t, k.At(at))
	k.RemovedAt = at.Add(time.Hour)
	require.True(t, k.At(at.Add(time.Hour-1)))
	require.False(t, k.At(at.Add(time.Hour)))
}
