package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// door is a house with nothing behind its door: it says who is there.
type door struct {
	t     *testing.T
	url   string
	store *store.Store
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, store: storetest.New(t)}
	d.organisation("li")
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url = server.URL
	issuer, err := devissuer.New(devissuer.Config{
		Mode: "dev", Public: d.url, Listen: strings.TrimPrefix(d.url, "http://"), Secret: "s",
	}, func(ctx context.Context) ([]devissuer.Choice, error) {
		snapshot, err := d.store.Snapshot(ctx, 0)
		if err != nil {
			return nil, err
		}
		return devissuer.Listed(snapshot), nil
	})
	require.NoError(t, err)
	provider, err := oidc.Open(identity.Config{ID: "dev", Issuer: issuer.Issuer(), ClientID: devissuer.ClientID, ClientSecret: "s"})
	require.NoError(t, err)
	a, err := auth.New(auth.Config{Public: d.url, DevIssuer: issuer.Issuer()}, d.store, d.store.Sessions(), provider)
	require.NoError(t, err)
	mux.Handle(devissuer.Path+"/", issuer.Handler())
	inner := http.NewServeMux()
	inner.HandleFunc("GET /login/dev", func(w http.ResponseWriter, r *http.Request) { a.Begin(w, r, "dev") })
	inner.HandleFunc("GET /login/dev/callback", func(w http.ResponseWriter, r *http.Request) { a.Callback(w, r, "dev") })
	inner.HandleFunc("POST /logout", a.Logout)
	inner.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path+" "+auth.Person(r.Context()).ID)
	})
	mux.Handle("/", a.Middleware(inner))
	return d
}

// organisation is two people, of whom those named still work here.
func (d *door) organisation(active ...string) {
	d.t.Helper()
	people := map[string]org.Person{}
	for _, id := range []string{"li", "wu"} {
		people[id] = org.Person{ID: id, Name: id, Entity: "cn", Department: "sales", Active: strings.Contains(strings.Join(active, " "), id)}
	}
	_, err := d.store.ReplaceOrganisation(d.t.Context(), org.Snapshot{
		People:      people,
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "li"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
		Suppliers:   map[string]org.Supplier{},
	}, "test")
	require.NoError(d.t, err)
}

// browser is a client with a cookie jar.
func (d *door) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(d.t, err)
	return &http.Client{Jar: jar}
}

func (d *door) get(c *http.Client, where string) (int, string, *url.URL) {
	d.t.Helper()
	response, err := c.Get(where)
	require.NoError(d.t, err)
	return read(d.t, response)
}

func read(t *testing.T, response *http.Response) (int, string, *url.URL) {
	t.Helper()
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body), response.Request.URL
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// choose fills in the issuer's form.
func (d *door) choose(c *http.Client, page, person string) (int, string, *url.URL) {
	d.t.Helper()
	form := url.Values{"sub": {person}}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], strings.ReplaceAll(strings.ReplaceAll(m[2], "&#43;", "+"), "&amp;", "&"))
	}
	response, err := c.PostForm(d.url+devissuer.Path+"/authorize", form)
	require.NoError(d.t, err)
	return read(d.t, response)
}

// TestSignInAndOut walks the whole flow over real HTTP: to the issuer, back with
// a code, in with a session, and out again.
func TestSignInAndOut(t *testing.T) {
	d := newDoor(t)
	c := d.browser()
	_, page, _ := d.get(c, d.url+"/login/dev?return_to=/documents")
	require.Contains(t, page, "开发登录")
	require.Contains(t, page, "Sign in for development")
	status, body, at := d.choose(c, page, "li")
	require.Equal(t, 200, status, body)
	require.Equal(t, "/documents", at.Path)
	require.Equal(t, "/documents li", body)
	before := c.Jar.Cookies(at)
	require.Len(t, before, 2)
	for _, c := range before {
		require.NotContains(t, c.Name, "__Host-", "plain http on a loopback address keeps no such cookie")
	}

	response, err := c.Post(d.url+"/logout", "", nil)
	require.NoError(t, err)
	_, body, _ = read(t, response)
	require.Equal(t, "/ ", body)
	c.Jar.SetCookies(at, before)
	_, body, _ = d.get(c, d.url+"/documents")
	require.Equal(t, "/documents ", body, "a session that ended does not come back")
}

// TestALanguageGoesAlong: a new browser speaks what somebody chose elsewhere, even after
// somebody else chose another there; one who never chose changes nothing.
func TestALanguageGoesAlong(t *testing.T) {
	d := newDoor(t)
	require.NoError(t, d.store.SaveWishes(t.Context(), "li", notice.Wishes{Locale: i18n.English}))
	d.organisation("li", "wu")
	spoken := func(c *http.Client, person string) string {
		_, page, at := d.get(c, d.url+"/login/dev")
		d.choose(c, page, person)
		for _, cookie := range c.Jar.Cookies(at) {
			if cookie.Name == i18n.Cookie {
				return cookie.Value
			}
		}
		return ""
	}
	mine, shared := d.browser(), d.browser()
	require.Equal(t, i18n.English, spoken(mine, "li"))
	at, err := url.Parse(d.url)
	require.NoError(t, err)
	shared.Jar.SetCookies(at, []*http.Cookie{{Name: i18n.Cookie, Value: i18n.Chinese, Path: "/"}})
	require.Equal(t, i18n.Chinese, spoken(shared, "wu"))
	require.Equal(t, i18n.English, spoken(shared, "li"))
}

// TestTheSessionIsNewAfterSigningIn proves that a cookie planted before is worth
// nothing after.
func TestTheSessionIsNewAfterSigningIn(t *testing.T) {
	d := newDoor(t)
	c := d.browser()
	_, page, at := d.get(c, d.url+"/login/dev")
	planted := c.Jar.Cookies(at)
	d.choose(c, page, "li")
	other := d.browser()
	other.Jar.SetCookies(at, planted)
	_, body, _ := d.get(other, d.url+"/x")
	require.Equal(t, "/x ", body)
}

// TestACallbackIsForOneBrowserOnce proves that a code works only where the
// sign-in began, and only once.
func TestACallbackIsForOneBrowserOnce(t *testing.T) {
	d := newDoor(t)
	mine, other := d.browser(), d.browser()
	var callback string
	mine.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			callback = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	_, page, _ := d.get(mine, d.url+"/login/dev")
	d.choose(mine, page, "li")
	require.NotEmpty(t, callback)
	status, body, _ := d.get(other, callback)
	require.Equal(t, 400, status, body)
	require.Contains(t, body, "auth.expired_attempt")
	_, body, _ = d.get(mine, callback)
	require.Equal(t, "/ li", body)
	status, _, _ = d.get(mine, callback)
	require.Equal(t, 400, status, "a state is used once")
	mine.CheckRedirect = nil
	_, page, _ = d.get(mine, d.url+"/login/dev")
	require.NotEmpty(t, page)
	status, _, _ = d.get(mine, d.url+"/login/dev/callback?state=guessed&code=x")
	require.Equal(t, 400, status)
}

// TestWhoLeftCannotComeIn proves that leaving ends sessions and sign-ins at once.
func TestWhoLeftCannotComeIn(t *testing.T) {
	d := newDoor(t)
	c := d.browser()
	_, page, _ := d.get(c, d.url+"/login/dev")
	status, body, _ := d.choose(c, page, "wu")
	require.Equal(t, 403, status)
	require.Contains(t, body, "auth.inactive")
	_, page, _ = d.get(c, d.url+"/login/dev")
	_, body, _ = d.choose(c, page, "li")
	require.Equal(t, "/ li", body)
	d.organisation("wu")
	_, body, _ = d.get(c, d.url+"/x")
	require.Equal(t, "/x ", body, "the session is gone")
}

// TestTheIssuerIsCareful proves that the issuer refuses what a real one refuses,
// so that our own carefulness is tried.
func TestTheIssuerIsCareful(t *testing.T) {
	d := newDoor(t)
	good := url.Values{
		"client_id": {devissuer.ClientID}, "redirect_uri": {d.url + "/login/dev/callback"}, "response_type": {"code"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {"c"}, "code_challenge_method": {"S256"},
	}
	for name, value := range map[string]string{
		"client_id": "other", "redirect_uri": "https://evil.example/", "response_type": "token", "state": "",
		"nonce": "", "code_challenge": "", "code_challenge_method": "plain",
	} {
		asked := url.Values{}
		for key := range good {
			asked.Set(key, good.Get(key))
		}
		asked.Set(name, value)
		status, _, _ := d.get(http.DefaultClient, d.url+devissuer.Path+"/authorize?"+asked.Encode())
		require.Equal(t, 400, status, name)
	}
}

func TestTheIssuerIsForDevelopmentOnly(t *testing.T) {
	good := devissuer.Config{Mode: "dev", Public: "http://127.0.0.1:8080", Listen: "127.0.0.1:8080", Secret: "s"}
	_, err := devissuer.New(good, nil)
	require.NoError(t, err)
	for name, change := range map[string]func(*devissuer.Config){
		"production":        func(c *devissuer.Config) { c.Mode = "production" },
		"no mode":           func(c *devissuer.Config) { c.Mode = "" },
		"a public address":  func(c *devissuer.Config) { c.Public = "https://approvals.example.com" },
		"every interface":   func(c *devissuer.Config) { c.Listen = ":8080" },
		"another interface": func(c *devissuer.Config) { c.Listen = "10.0.0.1:8080" },
		"no secret":         func(c *devissuer.Config) { c.Secret = "" },
	} {
		c := good
		change(&c)
		_, err := devissuer.New(c, nil)
		require.Error(t, err, name)
	}
}
