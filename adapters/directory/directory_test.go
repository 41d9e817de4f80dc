package directory_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	adapter "github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/adapters/directory/scim"
	"github.com/countersign/countersign/adapters/directory/table"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
)

const people = "\xef\xbb\xbfid,name,email,department,manager,left\n1,Li,li@x.test,sales,,\n2,吴,wu@x.test,sales,1,no\n3,Chen,,sales,1,yes\n"

// TestATableIsRead proves what becomes of its columns, and that a wrong line is named.
func TestATableIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(path, []byte(people), 0o600))
	l, err := table.Open(adapter.Config{ID: "hr", Path: path}).List(t.Context())
	require.NoError(t, err)
	require.Len(t, l.Users, 3)
	require.Equal(t, "1", l.Users[1].Text(directory.Enterprise, "manager", "value"))
	require.Equal(t, "wu@x.test", l.Users[1].Email())
	require.False(t, l.Users[2].Active())
	_, err = table.Open(adapter.Config{ID: "hr", Path: path, SHA256: strings.Repeat("0", 64)}).List(t.Context())
	require.Equal(t, "directory.refused", fault.CodeOf(err), "another file than the one that was agreed on")
	_, err = table.Open(adapter.Config{ID: "hr", Path: path, SHA256: l.Sum}).List(t.Context())
	require.NoError(t, err)
	_, err = table.Open(adapter.Config{ID: "hr", Path: path + "x"}).List(t.Context())
	require.Equal(t, "directory.unavailable", fault.CodeOf(err))
	for text, why := range map[string]string{"name\nx\n": "no column id", "id,wage\n1,2\n": "unknown", "id,left\n1,maybe\n": "neither",
		"id,name\n1\n": "wrong number of fields", "": "EOF"} {
		_, err := table.Read([]byte(text))
		require.ErrorContains(t, err, why, text)
	}
}

// service is a SCIM service of n people, in pages of three, that may lie.
func service(t *testing.T, n, says int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		query := r.URL.Query()
		resources := []map[string]any{}
		if r.URL.Path == "/scim/v2/Groups" {
			resources = append(resources, map[string]any{"id": "g", "displayName": "clerks", "members": []any{map[string]any{"value": "u1"}}})
			_ = json.NewEncoder(w).Encode(map[string]any{"totalResults": 1, "Resources": resources})
			return
		}
		if query.Get("filter") != "active eq true" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		start, _ := strconv.Atoi(query.Get("startIndex"))
		for i := start; i <= n && len(resources) < 3; i++ {
			id := "u" + strconv.Itoa(i)
			resources = append(resources, map[string]any{"id": id, "externalId": "theirs", "userName": id + "@x.test", "active": true})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"totalResults": says, "Resources": resources})
	}))
	t.Cleanup(s.Close)
	return s
}

// TestEveryPageIsRead proves paging, the filter and the groups, and that a listing which
// is cut off is refused whole.
func TestEveryPageIsRead(t *testing.T) {
	pull := func(n, says int, token string) (directory.Listing, error) {
		return scim.Open(adapter.Config{ID: "hr", URL: service(t, n, says).URL + "/scim/v2", Token: token, Filter: "active eq true",
			Groups: true, Private: true}).List(t.Context())
	}
	l, err := pull(7, 7, "secret")
	require.NoError(t, err)
	require.NoError(t, l.Check())
	require.Len(t, l.Users, 7)
	require.Equal(t, "u7", l.Users[6].External(), "by the service's own id")
	require.Equal(t, []string{"u1"}, l.Groups[0].Members)
	_, err = pull(5, 7, "secret")
	require.Equal(t, "directory.unreadable", fault.CodeOf(err))
	_, err = pull(7, 5, "secret")
	require.Equal(t, "directory.unreadable", fault.CodeOf(err))
	_, err = pull(7, 7, "guessed")
	require.Equal(t, "directory.refused", fault.CodeOf(err))
}

// TestNobodyLeadsUsIntoOurOwnNetwork proves that an address is judged where it leads to,
// by its name, by a redirect, and without https.
func TestNobodyLeadsUsIntoOurOwnNetwork(t *testing.T) {
	inside := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(inside.Close)
	for _, address := range []string{inside.URL, "https://localhost:1", "https://169.254.169.254/x", "https://[::1]:1",
		"https://[::ffff:10.0.0.1]/x", "http://example.com", "https://100.64.0.1"} {
		_, err := table.Open(adapter.Config{ID: "hr", URL: address}).List(t.Context())
		require.Equal(t, "directory.refused", fault.CodeOf(err), address)
	}
	away := httptest.NewServer(http.RedirectHandler("http://127.0.0.2/x", http.StatusFound))
	t.Cleanup(away.Close)
	_, err := table.Open(adapter.Config{ID: "hr", URL: away.URL, Private: true}).List(t.Context())
	require.ErrorContains(t, err, "another place")
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, adapter.BodyMax+1))
	}))
	t.Cleanup(huge.Close)
	_, err = table.Open(adapter.Config{ID: "hr", URL: huge.URL, Private: true}).List(t.Context())
	require.Equal(t, "directory.refused", fault.CodeOf(err))
}
