package e2e

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/auth/devissuer"
)

// scim sends what a directory sends, with the administrator's token.
func (s *scene) scim(method, path, body string, status int) map[string]any {
	s.Helper()
	request, err := http.NewRequestWithContext(s.ctx, method, s.house.URL+"/scim/v2"+path, strings.NewReader(body))
	require.NoError(s, err)
	request.Header.Set("Authorization", "Bearer "+s.house.Tokens["admin"])
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer response.Body.Close() //nolint:errcheck // only read
	var answer map[string]any
	require.NoError(s, json.NewDecoder(response.Body).Decode(&answer))
	require.Equal(s, status, response.StatusCode, "%v", answer)
	return answer
}

// provisioned lets a directory say who works here: a manager by it is asked, and when
// it takes them away they are out at once, and what waited for them moves on.
func (s *scene) provisioned() {
	lin := s.scim("POST", "/Users", `{"userName":"lin@example.com","externalId":"x-lin","displayName":"林晓",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"max"}}}`, 201)
	require.Equal(s, "lin", lin["id"])
	manager := s.scim("POST", "/Users", `{"userName":"max@example.com","externalId":"x-max","displayName":"Max Weber"}`, 201)
	require.Equal(s, "max", manager["id"])
	time.Sleep(believed)
	d := s.submit("lin", expense("目录同步", "1200.00"))
	s.decide("wang", d.ID, "approve", "")
	s.task("max", d.ID)
	session := s.signIn("max")
	require.Equal(s, http.StatusOK, session("/api/v1/me"))

	s.scim("PATCH", "/Users/max", `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`, 200)
	require.NotEqual(s, http.StatusOK, session("/api/v1/me"), "the session is gone at once")
	_, err := s.as("max").Call(s.ctx, http.MethodGet, "/me", "", nil, nil)
	s.refused(err, http.StatusUnauthorized, "auth.bad_token")
	require.Zero(s, s.count(`SELECT count(*) FROM sessions WHERE person = 'max'`))
	time.Sleep(believed)
	s.task("sun", d.ID) // above max
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.handed_over'
		AND actor = 'system:directory' AND data::jsonb ->> 'assignee' = 'max'`, d.ID))
	s.decide("sun", d.ID, "approve", "")
	s.decide("liu", d.ID, "approve", "")
	s.closed("lin", d.ID)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = 'org' AND kind = 'organisation.changed'
		AND actor = 'scim:dev' AND data::jsonb ->> 'reason' = 'patch User/max'`))
	require.Contains(s, s.house.Command(s, "org", "directory", "status", "--lang", "en"), "2 users")
	token := s.house.Command(s, "org", "directory", "token", "--person", "admin", "--name", "okta")
	require.Regexp(s, `^cs_[A-Za-z0-9_-]{43}\n$`, token)

	table := filepath.Join(s.TempDir(), "people.csv")
	require.NoError(s, os.WriteFile(table, []byte("id,grade,manager\nlin,4,sun\n"), 0o600))
	told := s.house.Command(s, "org", "import", "--people", table, "--dry-run", "--lang", "en")
	require.Contains(s, told, "grade 3 → 4", "the file says what the directory does not know")
	require.NotContains(s, told, "manager", "and not what it does")
	require.Contains(s, told, "nothing was written")
	s.house.Command(s, "org", "import", "--people", table)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM org_rows WHERE id = 'lin' AND to_version IS NULL
		AND body::jsonb ->> 'grade' = '4' AND body::jsonb ->> 'manager' = 'max'`))
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// signIn signs somebody in at a browser of theirs, and answers with what it gets of
// the API.
func (s *scene) signIn(person string) func(path string) int {
	s.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s, err)
	browser := &http.Client{Jar: jar}
	read := func(response *http.Response, err error) (int, string) {
		require.NoError(s, err)
		defer response.Body.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(response.Body)
		require.NoError(s, err)
		return response.StatusCode, string(text)
	}
	_, page := read(browser.Get(s.house.URL + "/login/dev")) //nolint:noctx,bodyclose // loopback; read closes it
	form := url.Values{"sub": {person}}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	status, page := read(browser.PostForm(s.house.URL+devissuer.Path+"/authorize", form)) //nolint:noctx,bodyclose // loopback; read closes it
	require.Equal(s, http.StatusOK, status, page)
	return func(path string) int {
		status, _ := read(browser.Get(s.house.URL + path)) //nolint:noctx,bodyclose // loopback; read closes it
		return status
	}
}
