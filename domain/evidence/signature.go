package evidence

import (
	"crypto/ed25519"
	"encoding/base64"

	"github.com/countersign/countersign/domain/fault"
)

// Signature is an Ed25519 signature over a canonical form. 签名
type Signature struct {
	KeyID string `json:"key_id"`
	Value string `json:"value"` // base64, standard alphabet, padded
}

// Signer signs with one private key.
type Signer struct {
	KeyID string
	Key   ed25519.PrivateKey
}

// NewSigner makes a signer of a key's seed: 32 bytes in base64.
//
// Errors: Invalid evidence.bad_key; it never repeats the seed.
func NewSigner(keyID, seed string) (Signer, error) {
	bytes, ok := decode(seed)
	if !ok || len(bytes) != ed25519.SeedSize {
		return Signer{}, badKey(keyID, "the seed is not 32 bytes in base64")
	}
	if keyID == "" {
		return Signer{}, badKey(keyID, "it has no id")
	}
	return Signer{KeyID: keyID, Key: ed25519.NewKeyFromSeed(bytes)}, nil
}

// Public is the key that verifies what the signer signs.
func (s Signer) Public() ed25519.PublicKey { return s.Key.Public().(ed25519.PublicKey) }

// Sign signs the canonical form of a value. The same value and key give the same
// signature.
//
// Errors: Invalid evidence.not_canonical, evidence.bad_key.
func (s Signer) Sign(v any) (Signature, error) {
	if len(s.Key) != ed25519.PrivateKeySize {
		return Signature{}, badKey(s.KeyID, "it has no private key")
	}
	text, err := Canonical(v)
	if err != nil {
		return Signature{}, err
	}
	return Signature{KeyID: s.KeyID, Value: base64.StdEncoding.EncodeToString(ed25519.Sign(s.Key, text))}, nil
}

// KeyRing is the public keys by id. Keys are added and never taken out, so that
// old signatures hold for ever. 验签公钥
type KeyRing map[string]ed25519.PublicKey

// Verify proves that a value was signed as the signature says.
//
// Errors: Forbidden evidence.unknown_key, evidence.bad_signature; Invalid
// evidence.not_canonical.
func (r KeyRing) Verify(v any, s Signature) error {
	key, ok := r[s.KeyID]
	if !ok || len(key) != ed25519.PublicKeySize {
		return fault.New(fault.Forbidden, codeUnknownKey, fault.Arg("key", s.KeyID))
	}
	text, err := Canonical(v)
	if err != nil {
		return err
	}
	value, ok := decode(s.Value)
	if !ok || !ed25519.Verify(key, text, value) {
		return fault.New(fault.Forbidden, codeBadSignature, fault.Arg("key", s.KeyID))
	}
	return nil
}

// ParsePublicKey reads a public key: 32 bytes in base64.
//
// Errors: Invalid evidence.bad_key.
func ParsePublicKey(keyID, text string) (ed25519.PublicKey, error) {
	key, ok := decode(text)
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, badKey(keyID, "the public key is not 32 bytes in base64")
	}
	return key, nil
}

// decode reads base64 that is the only text of its bytes: the standard decoder
// would pass over line breaks.
func decode(text string) ([]byte, bool) {
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	return bytes, err == nil && base64.StdEncoding.EncodeToString(bytes) == text
}

func badKey(keyID, reason string) *fault.Fault {
	return fault.New(fault.Invalid, codeBadKey, fault.Arg("key", keyID), fault.Arg("reason", reason))
}
