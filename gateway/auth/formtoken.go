package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// FormToken is what the forms of a session's pages carry: whoever can neither read
// our pages nor our cookies does not know it. "" where there is no session.
func (w Who) FormToken() string {
	if w.Session == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("form:" + w.Session))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// OwnForm says whether a form of this session was sent, by its token.
func (w Who) OwnForm(token string) bool {
	return subtle.ConstantTimeCompare([]byte(w.FormToken()), []byte(token)) == 1
}

// ToldOrigin says whether the browser itself told where a request comes from;
// net/http's protection judges what it told, and lets pass what it did not.
func ToldOrigin(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}
