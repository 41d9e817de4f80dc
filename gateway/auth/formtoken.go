package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// FormToken is what the forms of a session's pages carry: whoever can neither read
// our pages nor our cookies does not know it. Each page has it behind another mask, so
// that its compressed length tells nothing of it. "" where there is no session.
func (w Who) FormToken() string {
	if w.Session == "" {
		return ""
	}
	secret := w.formSecret()
	masked := make([]byte, 2*len(secret))
	mask, rest := masked[:len(secret)], masked[len(secret):]
	rand.Read(mask) // never fails
	subtle.XORBytes(rest, mask, secret[:])
	return base64.RawURLEncoding.EncodeToString(masked)
}

// OwnForm says whether a form of this session was sent, by its token.
func (w Who) OwnForm(token string) bool {
	secret := w.formSecret()
	masked, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(masked) != 2*len(secret) || w.Session == "" {
		return false
	}
	found := make([]byte, len(secret))
	subtle.XORBytes(found, masked[:len(secret)], masked[len(secret):])
	return subtle.ConstantTimeCompare(found, secret[:]) == 1
}

func (w Who) formSecret() [sha256.Size]byte { return sha256.Sum256([]byte("form:" + w.Session)) }

// ToldOrigin says whether the browser itself told where a request comes from;
// net/http's protection judges what it told, and lets pass what it did not.
func ToldOrigin(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}
