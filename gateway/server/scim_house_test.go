package server_test

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/scim"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

const (
	scimType       = "application/scim+json"
	enterpriseURN  = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	entraFinance   = "6f1d2c3e-0000-4000-8000-000000000001"
	entraUnmapped  = "6f1d2c3e-0000-4000-8000-000000000002"
	rareDepartment = "sales"
)

// directoryHouse is a house whose gateway serves a directory, under the database role
// made for that.
type directoryHouse struct {
	*house
	token string
	db    *sql.DB // as superuser
}

func newDirectory(t *testing.T, stop directory.Stop) *directoryHouse {
	t.Helper()
	h := newHouse(t)
	urls, err := store.MigrateRoles(t.Context(), storetest.URL(t), store.RolesInput{})
	require.NoError(t, err)
	own, err := store.Open(t.Context(), store.Options{URL: urls[store.RoleDirectory], MaxOpen: 4})
	require.NoError(t, err)
	t.Cleanup(func() { _ = own.Close() })
	h.scim = scim.New(scim.Deps{Directory: own, Forget: h.store.Forget, Public: h.url, Stop: stop, Rules: directory.Rules{
		Department: rareDepartment, Locale: "zh-CN", Subject: directory.SubjectExternal,
		Departments: map[string]string{"Finance & Accounting": "finance"},
		Groups: []directory.GroupRule{{ID: entraFinance, Role: "finance_clerk", Entity: "acme-cn"},
			{Group: "Berlin", Department: "sales-de"}},
	}})
	db, err := sql.Open("postgres", storetest.URL(t)) //nolint:forbidigo // a look inside, past the store
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return &directoryHouse{house: h, token: h.tokenFor("admin", "entra", "scim:provision"), db: db}
}

func (h *house) tokenFor(person, name string, scopes ...string) string {
	token, hash := auth.NewToken()
	_, err := h.store.CreateToken(h.t.Context(), store.Token{Hash: hash, Person: person, Name: name, Scopes: scopes,
		ExpiresAt: time.Now().Add(time.Hour)})
	require.NoError(h.t, err)
	return token
}

// ask sends a body as a directory does, and holds the media type of the answer.
func (h *directoryHouse) ask(method, path, body string) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.url+"/scim/v2"+path, strings.NewReader(body))
	require.NoError(h.t, err)
	request.Header.Set("Authorization", "Bearer "+h.token)
	request.Header.Set("Content-Type", scimType+"; charset=utf-8")
	return send(h.t, request)
}

func send(t testing.TB, request *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // only read
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if response.StatusCode != http.StatusNoContent {
		require.Equal(t, scimType, response.Header.Get("Content-Type"), "%s", got)
	}
	return answer{t: t, status: response.StatusCode, body: got, header: response.Header}
}

// refusedAs holds a refusal in SCIM's shape, whose status is a text.
func (a answer) refusedAs(status int, scimWord string) answer {
	a.t.Helper()
	a.is(status)
	require.Equal(a.t, fmt.Sprint(status), a.json()["status"], string(a.body))
	require.Equal(a.t, []any{"urn:ietf:params:scim:api:messages:2.0:Error"}, a.json()["schemas"])
	require.NotEmpty(a.t, a.text("detail"))
	require.Equal(a.t, scimWord, a.text("scimType"), string(a.body))
	require.NotContains(a.t, a.text("detail"), "fault.", "the text is not in the catalog")
	return a
}

// user makes a user as Entra does, and answers with the id.
func (h *directoryHouse) user(name, external string, more string) string {
	h.t.Helper()
	return h.ask("POST", "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","%s"],
		"userName":%q,"externalId":%q,"active":true,"displayName":%q,"emails":[{"primary":true,"type":"work","value":%q}]%s}`,
		enterpriseURN, name, external, strings.Split(name, "@")[0], name, more)).is(201).text("id")
}

func (h *directoryHouse) patch(path string, operations string) answer {
	h.t.Helper()
	return h.ask("PATCH", path, `{"schemas":["`+patchURN+`"],"Operations":[`+operations+`]}`)
}

func (h *directoryHouse) people() *org.Snapshot {
	h.t.Helper()
	now, err := h.store.Snapshot(h.t.Context(), 0)
	require.NoError(h.t, err)
	return now
}

var wide = directory.Stop{Percent: 100, Window: time.Hour, AtLeast: 1000}

// audited holds the organisation's versions against their hashes and the chain, and
// the actor of every change.
func (h *directoryHouse) audited() {
	h.t.Helper()
	report, err := h.store.VerifyAudit(h.t.Context(), store.VerifyOptions{})
	require.NoError(h.t, err)
	require.Empty(h.t, report.Findings)
	require.Zero(h.t, h.count(`SELECT count(*) FROM events WHERE kind = 'organisation.changed' AND actor <> 'scim:entra'`))
	require.Equal(h.t, h.count(`SELECT count(*) FROM org_versions WHERE basis = 'change'`),
		h.count(`SELECT count(*) FROM events WHERE kind IN ('organisation.changed', 'organisation.edited')`))
}

func (h *directoryHouse) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	require.NoError(h.t, h.db.QueryRow(query, args...).Scan(&n))
	return n
}
