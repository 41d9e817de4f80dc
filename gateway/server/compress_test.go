package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCompressed: what shrinks is shrunk, and what carries a secret, is a file or
// arrives in pieces is not.
func TestCompressed(t *testing.T) {
	long := strings.Repeat("<p>费用报销单 expense report</p>", 200)
	for name, tt := range map[string]struct {
		method, path, accept, media, body string
		shrunk                            bool
	}{
		"a page":                {"GET", "/documents", "", "text/html; charset=utf-8", long, true},
		"a style sheet":         {"GET", "/assets/app-1.css", "", "text/css; charset=utf-8", long, true},
		"an answer of the API":  {"GET", "/api/v1/documents", "", "application/json", long, true},
		"a short page":          {"GET", "/", "", "text/html", "short", false},
		"an answer to a POST":   {"POST", "/new/expense", "", "text/html", long, false},
		"a sign-in":             {"GET", "/login/dev", "", "text/html", long, false},
		"tokens":                {"GET", "/api/v1/tokens", "", "application/json", long, false},
		"a file":                {"GET", "/attachments/1", "", "application/pdf", long, false},
		"events":                {"GET", "/inbox/events", "text/event-stream", "text/event-stream", long, false},
		"events nobody foresaw": {"GET", "/inbox/events", "*/*", "text/event-stream", long, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.media)
				_, _ = io.WriteString(w, tt.body)
			}))
			require.NoError(t, err)
			r := httptest.NewRequest(tt.method, tt.path, http.NoBody)
			r.Header.Set("Accept-Encoding", "gzip, br")
			r.Header.Set("Accept", tt.accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, tt.shrunk, w.Header().Get("Content-Encoding") == "gzip")
			body := io.Reader(w.Body)
			if tt.shrunk {
				assert.Less(t, w.Body.Len(), len(tt.body)/4)
				assert.Contains(t, w.Header().Get("Vary"), "Accept-Encoding")
				body, err = gzip.NewReader(w.Body)
				require.NoError(t, err)
			}
			text, err := io.ReadAll(body)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(text))
		})
	}
}
