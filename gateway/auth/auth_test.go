package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/auth"
)

// TestLocalPath proves that signing in never leads away from the house.
func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/documents/1?a=b#c":           "/documents/1?a=b#c",
		"":                             "/",
		"https://evil.example":         "/",
		"//evil.example":               "/",
		`/\evil.example`:               "/",
		`\\evil.example`:               "/",
		"javascript:alert(1)":          "/",
		"/\t/evil.example":             "/",
		"/a\r\nSet-Cookie: x":          "/",
		"/" + strings.Repeat("a", 600): "/",
		"documents":                    "/",
	} {
		require.Equal(t, want, auth.LocalPath(in), in)
	}
}

func TestATokenIsLongAndKeptAsItsHash(t *testing.T) {
	token, hash := auth.NewToken()
	other, _ := auth.NewToken()
	require.Regexp(t, `^cs_[A-Za-z0-9_-]{43}$`, token)
	require.NotEqual(t, token, other)
	require.Regexp(t, `^[0-9a-f]{64}$`, hash)
	require.Equal(t, hash, auth.HashToken(token))
}

func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://approvals.example.com": true, "http://127.0.0.1:8080": true, "http://localhost:8080": true,
		"http://[::1]:8080": true, "http://approvals.example.com": false, "ftp://x": false, "": false,
	} {
		_, err := auth.New(auth.Config{Public: address}, nil, nil)
		require.Equal(t, ok, err == nil, address)
	}
}
