package idp_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
	"github.com/countersign/countersign/tests/idp"
)

// door is a house with nothing behind its door, in front of real providers: it says
// who is there, and when they proved it.
type door struct {
	t     *testing.T
	url   string
	store *store.Store
	auth  *auth.Auth
	told  string // the last logout token that a provider sent

	claims map[string]auth.Claims // what groups give, by provider
}

var users = map[string]map[string]any{
	"alice": {"name": "Alice Wu", "email": "Alice@example.test", "email_verified": true, "groups": []string{"audit"},
		"employee_number": "wu", "tid": "t1"},
	"bob":   {"name": "Bob Li", "email": "li@example.test", "email_verified": false, "employee_number": "li", "tid": "t2"},
	"carol": {"name": "Carol Chen"},
	"eve":   {"name": "Eve", "email": "wu@elsewhere.test", "email_verified": true, "employee_number": "wu", "tid": "t1"},
}

// client is us, as a provider called id knows us.
func (d *door) client(id string) idp.Client {
	return idp.Client{
		ID: "countersign-" + id, Secret: "secret-" + id, Callbacks: []string{d.url + "/login/" + id + "/callback"},
		After: []string{d.url + auth.SignedOutPath}, Tell: d.url + "/login/" + id + "/backchannel", TellsSid: true,
	}
}

func config(id, issuer string) identity.Config {
	return identity.Config{ID: id, Issuer: issuer, ClientID: "countersign-" + id, ClientSecret: "secret-" + id,
		Scopes: []string{"profile", "email", "company"}}
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, store: storetest.New(t)}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url = server.URL
	people := map[string]org.Person{}
	for id, email := range map[string]string{"li": "li@example.test", "wu": "alice@example.test", "chen": "chen@example.test"} {
		people[id] = org.Person{ID: id, Name: id, Email: email, Entity: "cn", Department: "sales", Active: true}
	}
	chen := people["chen"]
	chen.Subject = "carol" // the directory names the account
	people["chen"] = chen
	_, err := d.store.ReplaceOrganisation(t.Context(), org.Snapshot{
		People:      people,
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "li"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
	}, "test")
	require.NoError(t, err)
	mux.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.auth.Middleware(http.HandlerFunc(d.serve)).ServeHTTP(w, r)
	}))
	return d
}

// opens lets these providers in.
func (d *door) opens(all ...identity.Config) {
	d.t.Helper()
	var providers []identity.Provider
	for _, c := range all {
		p, err := oidc.Open(c)
		require.NoError(d.t, err)
		providers = append(providers, p)
	}
	var err error
	d.auth, err = auth.New(auth.Config{Public: d.url, Claims: d.claims, Rights: d.store}, d.store, d.store.Sessions(), providers...)
	require.NoError(d.t, err)
}

func (d *door) serve(w http.ResponseWriter, r *http.Request) {
	id, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/login/"), "/")
	switch {
	case r.URL.Path == "/logout":
		there, err := d.auth.Leave(r.Context())
		require.NoError(d.t, err)
		_, _ = io.WriteString(w, there)
	case !strings.HasPrefix(r.URL.Path, "/login/"):
		who, _ := auth.Of(r.Context())
		if who.Proved != nil {
			w.Header().Set("Proved", who.Proved.At.Format("15:04:05"))
			w.Header().Set("Class", who.Proved.Class)
		}
		_, _ = io.WriteString(w, r.URL.Path+" "+who.Person.ID)
		for _, g := range who.Subject.Roles {
			_, _ = io.WriteString(w, " "+g.Role)
		}
	case what == "callback":
		d.auth.Callback(w, r, id)
	case what == "backchannel":
		d.told = r.PostFormValue("logout_token")
		d.auth.SignedOut(w, r, id)
	default:
		d.auth.Begin(w, r, id)
	}
}

// browser is a client with a cookie jar. It stops at callbacks where hold is set.
type browser struct {
	*http.Client
	d    *door
	held string // the callback it stopped at
}

func (d *door) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(d.t, err)
	return &browser{Client: &http.Client{Jar: jar}, d: d}
}

// stopping is a browser that does not follow the way back.
func (d *door) stopping() *browser {
	b := d.browser()
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			b.held = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

func (b *browser) open(where string) *http.Response {
	b.d.t.Helper()
	if !strings.HasPrefix(where, "http") {
		where = b.d.url + where
	}
	response, err := b.Get(where)
	require.NoError(b.d.t, err)
	return response
}

// signIn goes to a provider from a page and comes back from it.
func (b *browser) signIn(p *idp.Provider, where, login string) *http.Response {
	b.d.t.Helper()
	return p.SignIn(b.Client, b.open(where), login)
}

// is holds what came back.
func (d *door) is(r *http.Response, status int, text string) {
	d.t.Helper()
	defer r.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(r.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, status, r.StatusCode, "%s: %s", r.Request.URL, body)
	require.Contains(d.t, string(body), text)
}

// changed is an address with one parameter changed; "" takes it away.
func changed(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	query := u.Query()
	query.Set(name, value)
	if value == "" {
		query.Del(name)
	}
	u.RawQuery = query.Encode()
	return u.String()
}
