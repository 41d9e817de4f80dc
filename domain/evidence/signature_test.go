package evidence

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
)

const testSeed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=" // of RFC 8032, test 1

func TestSignaturesHold(t *testing.T) {
	signer, err := NewSigner("k1", testSeed)
	require.NoError(t, err)
	ring := KeyRing{"k1": signer.Public()}
	signature, err := signer.Sign(map[string]any{"name": "approve", "round": 1})
	require.NoError(t, err)
	require.Equal(t, "k1", signature.KeyID)
	require.NoError(t, ring.Verify(json.RawMessage(`{ "round": 1, "name": "approve" }`), signature))

	for name, check := range map[string]struct {
		ring  KeyRing
		value any
		s     Signature
		code  string
	}{
		"another value":     {ring, map[string]any{"name": "reject", "round": 1}, signature, codeBadSignature},
		"another key's id":  {ring, 1, Signature{KeyID: "k2", Value: signature.Value}, codeUnknownKey},
		"no ring":           {nil, 1, signature, codeUnknownKey},
		"a broken key":      {KeyRing{"k1": nil}, 1, signature, codeUnknownKey},
		"no signature":      {ring, 1, Signature{KeyID: "k1"}, codeBadSignature},
		"not base64":        {ring, 1, Signature{KeyID: "k1", Value: "!"}, codeBadSignature},
		"what has no form":  {ring, 1.5, signature, codeNotCanonical},
		"with a line break": {ring, map[string]any{"name": "approve", "round": 1}, Signature{KeyID: "k1", Value: signature.Value + "\n"}, codeBadSignature},
	} {
		require.Equal(t, check.code, fault.CodeOf(check.ring.Verify(check.value, check.s)), name)
	}
}

func TestKeysAreReadStrictly(t *testing.T) {
	for _, seed := range []string{"", "AAAA", "no base64", testSeed + "\n", strings.Repeat("A", 88)} {
		_, err := NewSigner("k1", seed)
		require.Equal(t, codeBadKey, fault.CodeOf(err))
		require.False(t, seed != "" && strings.Contains(err.Error(), seed), "the seed is told")
		_, err = ParsePublicKey("k1", seed)
		require.Equal(t, codeBadKey, fault.CodeOf(err))
	}
	_, err := NewSigner("", testSeed)
	require.Equal(t, codeBadKey, fault.CodeOf(err))
	_, err = Signer{KeyID: "k1"}.Sign(1)
	require.Equal(t, codeBadKey, fault.CodeOf(err))
}

func TestGoldenSignature(t *testing.T) {
	v := golden(t).Signature
	signer, err := NewSigner(v.KeyID, v.Seed)
	require.NoError(t, err)
	signature, err := signer.Sign(v.In)
	require.NoError(t, err)
	require.Equal(t, v.Value, signature.Value)
	public, err := ParsePublicKey(v.KeyID, v.Public)
	require.NoError(t, err)
	require.Equal(t, signer.Public(), public)
	require.NoError(t, KeyRing{v.KeyID: public}.Verify(v.In, signature))
}

func TestNoOtherValueVerifies(t *testing.T) {
	signer, err := NewSigner("k1", testSeed)
	require.NoError(t, err)
	ring := KeyRing{"k1": signer.Public()}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyJSON().Draw(t, "signed"), anyJSON().Draw(t, "shown")
		signature, err := signer.Sign(a)
		require.NoError(t, err)
		first, err := Canonical(a)
		require.NoError(t, err)
		second, err := Canonical(b)
		require.NoError(t, err)
		require.Equal(t, string(first) == string(second), ring.Verify(b, signature) == nil)
	})
}
