// Package passkey judges what an authenticator signed: WebAuthn assertions, by the
// public key that was kept when the passkey was added. 通行密钥
//
// It needs nothing but the key and what was signed, so the same code judges where a
// decision comes in, where it is recorded, and in every audit years later. Whoever
// doubts it can take the three texts and the key to openssl: docs/identity.md.
package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// Key is one passkey as it is kept. A key that was removed stays, for what it signed.
type Key struct {
	ID         string // ours
	Person     string // whose it is
	Credential string // what the authenticator calls it, base64url
	Public     string // the public key: PKIX DER in base64, as openssl reads it
	RP         string // relying party id: the domain that it signs for

	AddedAt, RemovedAt time.Time // RemovedAt is zero while it may sign
}

// At says whether the key might sign at an instant.
func (k Key) At(at time.Time) bool {
	return !at.Before(k.AddedAt) && (k.RemovedAt.IsZero() || at.Before(k.RemovedAt))
}

// Assertion is what an authenticator signed, and for which question of ours. Texts
// are base64url without padding. 签名断言
type Assertion struct {
	Credential    string `json:"credential,omitempty"`         // which passkey
	Nonce         string `json:"nonce"`                        // of our question, good once
	Authenticator string `json:"authenticator_data,omitempty"` // domain, presence, counter
	Client        string `json:"client_data,omitempty"`        // what the browser says it was asked, and where
	Signature     string `json:"signature,omitempty"`          // over Authenticator and the hash of Client

	// Together are the challenges of all acts that were signed at once, in their order;
	// none where one was signed alone.
	Together []string `json:"together,omitempty"`
}

// TogetherMax is how many acts one signature covers at most: a change, and the yes on
// what it makes.
const TogetherMax = 2

var _ = fault.Register(map[string]fault.Entry{
	"passkey.unknown": {Kind: fault.Forbidden},
	"passkey.expired": {Kind: fault.Conflict},
	"passkey.refused": {Kind: fault.Forbidden, Args: []string{"why"}},
})

// What may be wrong with an assertion.
const (
	BadForm      = "form"      // it cannot be read
	BadChallenge = "challenge" // it is for something else than what is decided
	BadOrigin    = "origin"    // it was made on a page that is not ours
	BadRP        = "rp"        // it is for another domain
	Unverified   = "verified"  // the person was not verified: no PIN, no finger, no face
	BadSignature = "signature" // the key did not sign it
)

// unknown is the refusal of a passkey that is not the actor's, or is removed.
func unknown() error { return fault.New(fault.Forbidden, "passkey.unknown") }

func refused(why string) error {
	return fault.New(fault.Forbidden, "passkey.refused", fault.Arg("why", why))
}

// jointHead keeps acts that are signed at once apart from one that is signed alone.
const jointHead = "countersign decisions v1\n"

// Joint is the question for several acts at once: the challenges that each would have
// alone, in their order. own is that of the act it is asked for.
//
// Errors: Forbidden passkey.refused where own is not one of them, or one is named twice.
func Joint(own string, together []string) (string, error) {
	if len(together) < 2 || len(together) > TogetherMax || !slices.Contains(together, own) ||
		len(slices.Compact(slices.Sorted(slices.Values(together)))) != len(together) {
		return "", refused(BadChallenge)
	}
	text, err := evidence.Canonical(together)
	if err != nil {
		return "", err
	}
	return Challenge(append([]byte(jointHead), text...)), nil
}

// Challenge is the question for a text: what is signed is its hash, so nothing of the
// text can be another afterwards.
func Challenge(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
