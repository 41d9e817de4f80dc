package hooks

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Seal is how a source signs. Several secrets hold while one is replaced by the next. 签名
type Seal struct {
	standard []*standardwebhooks.Webhook
	header   string
	keys     [][]byte
}

// Standard is the seal of Standard Webhooks: the id, the time and the raw body under an
// HMAC-SHA256, the time no more than five minutes from ours.
//
// Errors: a secret that is not base64.
func Standard(secrets ...string) (Seal, error) {
	var s Seal
	for _, secret := range secrets {
		one, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return Seal{}, err
		}
		s.standard = append(s.standard, one)
	}
	return s, nil
}

// HMAC is the seal of systems that cannot do that: the HMAC-SHA256 of the raw body, in
// hex or base64, in a header. It tells no time, so that a copy of an old message is known
// by its name alone.
func HMAC(header string, secrets ...string) Seal {
	s := Seal{header: header}
	for _, secret := range secrets {
		s.keys = append(s.keys, []byte(secret))
	}
	return s
}

// nobodys is held by nobody: what comes for a source that is not there takes as long as
// a wrong signature.
var nobodys = func() Seal {
	s, _ := Standard(base64.StdEncoding.EncodeToString([]byte(rand.Text()))) // it is base64
	return s
}()

// Holds says whether a request is signed by who holds one of the secrets.
func (s Seal) Holds(h http.Header, body []byte) bool {
	for _, one := range s.standard {
		if one.Verify(body, h) == nil {
			return true
		}
	}
	if len(s.keys) == 0 {
		return false
	}
	given, ok := signatureIn(h.Get(s.header))
	holds := false
	for _, key := range s.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		holds = hmac.Equal(mac.Sum(nil), given) && ok || holds
	}
	return holds
}

// signatureIn reads hex or base64, with sha256= before it or without.
func signatureIn(text string) ([]byte, bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "sha256=")
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == sha256.Size {
		return raw, true
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, err == nil && len(raw) == sha256.Size
}
