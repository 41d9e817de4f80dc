package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// TokenPrefix begins every token, so that a leaked one is found by scanners.
const TokenPrefix = "cs_"

// tokenForm is the prefix and 256 bits in base64.
var tokenForm = regexp.MustCompile(`^cs_[A-Za-z0-9_-]{43}$`)

// NewToken makes a token of 256 random bits, to be shown once, and the hash that
// is all we keep of it.
func NewToken() (token, hash string) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	token = TokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashToken(token)
}

// HashToken is what a token is found by.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// bearer is the token of a request, and whether it carries any credentials of
// that kind: a request with a header never falls back to its cookie.
func bearer(r *http.Request) (string, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", false
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(token), true
}

// HasBearer says whether a request carries a token, and so no cookie that counts.
func HasBearer(r *http.Request) bool {
	_, given := bearer(r)
	return given
}

func (a *Auth) fromToken(ctx context.Context, token string) (*Who, error) {
	bad := fault.New(fault.Forbidden, "auth.bad_token")
	if !tokenForm.MatchString(token) {
		return nil, bad
	}
	row, err := a.store.TokenByHash(ctx, HashToken(token))
	if code := fault.CodeOf(err); code == "token.not_found" || code == "token.expired" {
		return nil, bad
	}
	if err != nil {
		return nil, err
	}
	if !row.RevokedAt.IsZero() || !row.ExpiresAt.IsZero() && !time.Now().Before(row.ExpiresAt) {
		return nil, bad
	}
	who, err := a.know(ctx, row.Person)
	if err != nil {
		return nil, err
	}
	who.Token, who.TokenName = row.ID, row.Name
	who.Subject.Machine, who.Subject.Scopes = true, row.Scopes
	return who, nil
}
