package server_test

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// insideApp is a browser within a platform's app, before a door that the app opens.
type insideApp struct {
	t      *testing.T
	door   *httptest.Server
	client *http.Client
	app    string
	as     func(person string, r *http.Request) // whose phone it is, as the simulator wants to be told
}

// newInsideApp opens a door of its own on the house: its only way in is the app.
func newInsideApp(t *testing.T, h *house, port im.Port, platform string) *insideApp {
	t.Helper()
	var handler http.Handler
	b := &insideApp{t: t, app: port.Name()}
	b.door = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(b.door.Close)
	door, err := auth.New(auth.Config{Public: b.door.URL, Messengers: []auth.Messenger{
		{App: port.Name(), Name: "The app", Platform: platform, Inside: platform == "wecom", Way: port.(im.SignIn)},
		{App: "second", Name: "Another app", Platform: "none", Way: port.(im.SignIn)}}}, h.store, h.store.Sessions())
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/login/{provider}", func(w http.ResponseWriter, r *http.Request) { door.Begin(w, r, r.PathValue("provider")) })
	mux.HandleFunc("/login/{provider}/callback", func(w http.ResponseWriter, r *http.Request) {
		door.Callback(w, r, r.PathValue("provider"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, auth.Person(r.Context()).ID+" at "+r.URL.Path) // the test reads it
	})
	handler = door.Middleware(mux)
	path, straight := door.Straight("Mozilla/5.0 (iPhone) wxwork/4.1 DingTalk/7 Lark/7.9")
	require.Equal(t, platform != "slack", straight, "from within the app nobody is asked")
	if straight {
		require.Equal(t, "/login/im-"+b.app, path)
	}
	require.Equal(t, platform != "wecom", door.Choices("en")[0].Serves("Mozilla/5.0 (X11)"), "a button elsewhere")
	b.fresh()
	return b
}

// fresh forgets every cookie.
func (b *insideApp) fresh() {
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (b *insideApp) get(where string, prepare func(*http.Request)) (status int, location, body string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, where, nil)
	require.NoError(b.t, err)
	if prepare != nil {
		prepare(r)
	}
	answer, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return answer.StatusCode, answer.Header.Get("Location"), string(text)
}

// agreed is where the platform sends somebody back to.
func (b *insideApp) agreed(person, begin string) string {
	b.t.Helper()
	status, to, body := b.get(b.door.URL+begin, nil)
	require.Equal(b.t, http.StatusSeeOther, status, body)
	status, back, body := b.get(to, func(r *http.Request) { b.as(person, r) })
	require.Equal(b.t, http.StatusFound, status, body)
	return back
}

// aWebViewOpensSignedIn is the same for WeCom, which knows a phone by its cookie.
func aWebViewOpensSignedIn(t *testing.T, w *wecom) {
	b := newInsideApp(t, w.house, w.cards.Apps[0].Port, "wecom")
	b.as = func(person string, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "wecom-sim-phone", Value: phoneOf(person)})
	}
	b.opensSignedIn(w.house)
}

// opensSignedIn tells how people come in through their app: once by each code, in the
// browser that began, as whom the matching says, and while it says so.
func (b *insideApp) opensSignedIn(h *house) {
	t, at := b.t, "/login/im-"+b.app
	in := func(person, returnTo string) (int, string, string) {
		return b.get(b.agreed(person, at+"?return_to="+url.QueryEscape(returnTo)), nil)
	}
	b.strangersStates(h, at)
	back := b.agreed("wang", at+"?return_to=%2Fdocuments%2F1%3Fverdict%3Dreject")
	theirs := b.client
	b.fresh()
	status, _, body := b.get(back, nil)
	require.Equal(t, http.StatusBadRequest, status, "another browser: %s", body)
	b.client = theirs
	status, to, body := b.get(back, nil)
	require.Equal(t, http.StatusSeeOther, status, body)
	require.Equal(t, "/documents/1?verdict=reject", to)
	_, _, body = b.get(b.door.URL+to, nil)
	require.Equal(t, "wang at /documents/1", body)
	status, _, _ = b.get(back, nil)
	require.Equal(t, http.StatusBadRequest, status, "a second time")
	status, _, body = b.get(b.door.URL+at+"?fresh=300", nil)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "identity.not_fresh", "an app does not prove when")

	b.fresh()
	for _, elsewhere := range []string{"https://evil.example/", "//evil.example", `/\evil.example`} {
		_, to, _ = in("wang", elsewhere)
		require.Equal(t, "/", to)
	}
	b.fresh()
	for _, stranger := range []string{"nobody", "gone"} {
		status, _, body = in(stranger, "/")
		require.Equal(t, http.StatusForbidden, status, stranger)
		require.Contains(t, body, "auth.not_linked")
	}
	_, _, body = b.get(b.door.URL+"/", nil)
	require.Equal(t, " at /", body, "nobody came in")

	ctx := t.Context()
	found := b.everybody(h)
	require.NoError(t, h.store.UnlinkIM(ctx, b.app, "wang"))
	for range 2 { // neither is whoever is unlinked linked by the next matching
		status, _, body = in("wang", "/")
		require.Equal(t, http.StatusForbidden, status, body)
		require.NoError(t, h.store.FollowIMPeople(ctx, b.app, found))
	}
	require.NoError(t, h.store.LinkIMAgain(ctx, b.app, "wang"))
	require.NoError(t, h.store.FollowIMPeople(ctx, b.app, found))
	status, _, body = in("wang", "/")
	require.Equal(t, http.StatusSeeOther, status, body)
}

// strangersStates signs nobody in: a state that nobody made, of another browser, of
// another app, used or too old; nor, where the platform has PKCE, does the code of
// somebody else under a state of one's own.
func (b *insideApp) strangersStates(h *house, at string) {
	t := b.t
	with := func(back, state string) string {
		u, err := url.Parse(back)
		require.NoError(t, err)
		q := u.Query()
		q.Set("state", state)
		u.RawQuery = q.Encode()
		return u.String()
	}
	refused := func(name, back string, status int) {
		t.Helper()
		got, to, body := b.get(back, nil)
		require.Equal(t, status, got, "%s: %s %s", name, to, body)
		_, _, body = b.get(b.door.URL+"/", nil)
		require.Equal(t, " at /", body, "%s: somebody came in", name)
	}
	theirs := b.agreed("chen", at) // whose code and state whoever attacks has
	b.fresh()
	mine := b.agreed("wang", at)
	for _, state := range []string{"", "made-up", strings.Repeat("A", 43)} {
		refused("a forged state", with(mine, state), http.StatusBadRequest)
	}
	refused("the way back of another browser", theirs, http.StatusBadRequest)
	refused("of another app", strings.Replace(mine, at+"/", "/login/im-second/", 1), http.StatusBadRequest)
	refused("of another app, and used by that", mine, http.StatusBadRequest)
	late := b.agreed("wang", at)
	h.change(`UPDATE sign_in_attempts SET expires_at = clock_timestamp() - interval '1 second'`)
	refused("too late", late, http.StatusBadRequest)
	used := b.agreed("wang", at)
	status, _, body := b.get(used, nil)
	require.Equal(t, http.StatusSeeOther, status, body)
	b.fresh()
	own, err := url.Parse(b.agreed("chen", at))
	require.NoError(t, err)
	refused("a code that was used, under a state of one's own", with(used, own.Query().Get("state")), http.StatusForbidden)
	if b.app != "feishu" {
		return
	}
	victim := b.agreed("wang", at)
	b.fresh()
	own, err = url.Parse(b.agreed("chen", at))
	require.NoError(t, err)
	refused("a code of another attempt", with(victim, own.Query().Get("state")), http.StatusForbidden)
}

// change changes something behind the house's back.
func (h *house) change(statement string) {
	h.t.Helper()
	db, err := sql.Open("postgres", h.database) //nolint:forbidigo // time passes
	require.NoError(h.t, err)
	defer db.Close() //nolint:errcheck // nothing is read
	_, err = db.ExecContext(h.t.Context(), statement)
	require.NoError(h.t, err)
}

// everybody is who is linked with the app, as a matching finds them.
func (b *insideApp) everybody(h *house) []store.IMLink {
	b.t.Helper()
	people, err := h.store.Snapshot(b.t.Context(), 0)
	require.NoError(b.t, err)
	var found []store.IMLink
	for id := range people.People {
		links, err := h.store.IMLinks(b.t.Context(), id)
		require.NoError(b.t, err)
		for _, l := range links {
			if l.App == b.app {
				found = append(found, l)
			}
		}
	}
	return found
}
