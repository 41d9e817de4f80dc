package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOnlyPeopleKeepASessionAlive: not a page that asks by itself, nor one that listens.
func TestOnlyPeopleKeepASessionAlive(t *testing.T) {
	for name, tt := range map[string]struct {
		header, value string
		want          bool
	}{
		"a page is opened":      {"Accept", "text/html", true},
		"a program asks":        {"Accept", "", true},
		"a page asks by itself": {UnattendedHeader, "1", false},
		"a page listens":        {"Accept", "text/event-stream", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set(tt.header, tt.value)
		require.Equal(t, tt.want, attended(r), name)
	}
}
