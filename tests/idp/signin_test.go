package idp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/tests/idp"
)

// one is a door with one real provider, which trusts its employee numbers.
func one(t *testing.T, skew int) (*door, *idp.Provider) {
	t.Helper()
	d := newDoor(t)
	p := idp.Start(t, idp.Settings{Clients: []idp.Client{d.client("company")}, Users: users, Skew: skew})
	c := config("company", p.Issuer)
	c.Trust.PersonClaim = "employee_number"
	d.opens(c)
	return d, p
}

// TestSignInAtARealProvider walks the whole way, and proves what the provider and we
// refuse on it.
func TestSignInAtARealProvider(t *testing.T) {
	d, p := one(t, 0)
	b := d.browser()
	d.is(b.signIn(p, "/login/company?return_to=/documents/1", "alice"), 200, "/documents/1 wu")
	bound, err := d.store.Identities(t.Context(), "wu")
	require.NoError(t, err)
	require.Len(t, bound, 1)
	require.Equal(t, store.BoundByClaim, bound[0].How)
	require.Equal(t, "alice", bound[0].Subject)
	d.is(d.browser().signIn(p, "/login/company", "carol"), 200, "/ chen")
	bound, err = d.store.Identities(t.Context(), "chen")
	require.NoError(t, err)
	require.Equal(t, store.BoundByDirectory, bound[0].How)

	t.Run("without PKCE the provider refuses", func(t *testing.T) {
		b := d.stopping()
		b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		asked := b.open("/login/company").Header.Get("Location")
		require.Equal(t, "S256", query(t, asked, "code_challenge_method"))
		refused := b.open(changed(t, changed(t, asked, "code_challenge", ""), "code_challenge_method", ""))
		require.Equal(t, "invalid_request", query(t, refused.Header.Get("Location"), "error"))
		d.is(b.open(refused.Header.Get("Location")), 403, "invalid_request")
	})
	t.Run("a code is good once, for the browser and the tab that asked", func(t *testing.T) {
		mine, other := d.stopping(), d.browser()
		mine.signIn(p, "/login/company?return_to=/one", "alice")
		first := mine.held
		mine.signIn(p, "/login/company?return_to=/two", "alice")
		require.NotEqual(t, first, mine.held)
		d.is(other.open(first), 400, "auth.expired_attempt")
		d.is(mine.open(first), 200, "/one wu")
		d.is(mine.open(first), 400, "auth.expired_attempt")
		d.is(mine.open(mine.held), 200, "/two wu")
		d.is(mine.open("/x"), 200, "/x wu")
	})
	t.Run("a second redemption is refused by the provider", func(t *testing.T) {
		mine := d.stopping()
		mine.signIn(p, "/login/company", "alice")
		first := mine.held
		d.is(mine.open(first), 200, "/ wu")
		mine.open("/login/company") // the provider knows them: straight back
		d.is(mine.open(changed(t, mine.held, "code", query(t, first, "code"))), 403, "invalid_grant")
	})
	t.Run("an answer of another issuer is refused", func(t *testing.T) {
		for _, iss := range []string{"https://evil.example", p.Issuer + "/", ""} {
			mine := d.stopping()
			mine.signIn(p, "/login/company", "alice")
			d.is(mine.open(changed(t, mine.held, "iss", iss)), 403, "wrong issuer")
		}
	})
	t.Run("a code from another try has another nonce and verifier", func(t *testing.T) {
		mine, other := d.stopping(), d.stopping()
		mine.signIn(p, "/login/company", "alice")
		other.signIn(p, "/login/company", "bob")
		d.is(mine.open(changed(t, mine.held, "code", query(t, other.held, "code"))), 403, "invalid_grant")
	})
	t.Run("a refusal is told before anything else is looked at", func(t *testing.T) {
		mine := d.stopping()
		mine.signIn(p, "/login/company", "alice")
		d.is(mine.open(changed(t, mine.held, "error", "access_denied")), 403, "access_denied")
	})
	t.Run("no way back leads out of the house", func(t *testing.T) {
		b := d.browser()
		d.is(b.signIn(p, "/login/company?return_to=//evil.example/x", "alice"), 200, "/ wu")
	})
}

func query(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query().Get(name)
}

// TestANonceIsOurs proves that an id_token made for another try is refused even
// where code and verifier fit.
func TestANonceIsOurs(t *testing.T) {
	d, p := one(t, 0)
	mine := d.stopping()
	mine.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			mine.held = r.URL.String()
			return http.ErrUseLastResponse
		}
		if r.URL.Host == strings.TrimPrefix(p.Issuer, "http://") && r.URL.Query().Has("nonce") && !r.URL.Query().Has("changed") {
			r.URL.RawQuery = changed(t, "http://x/?"+r.URL.RawQuery, "nonce", "of-another-try")[len("http://x/?"):]
		}
		return nil
	}
	mine.signIn(p, "/login/company", "alice")
	d.is(mine.open(mine.held), 403, "nonce")
}

// TestClocksMayDifferByAMinute proves how far a provider's clock may be off.
func TestClocksMayDifferByAMinute(t *testing.T) {
	for skew, status := range map[int]int{40: 200, 300: 403, -40: 200, -400: 403} { // its tokens live five minutes
		d, p := one(t, skew)
		d.is(d.browser().signIn(p, "/login/company", "alice"), status, "")
	}
}

// TestTwoProvidersAtOnce proves that two are used side by side, and that what one
// says of a subject is nothing at the other.
func TestTwoProvidersAtOnce(t *testing.T) {
	d := newDoor(t)
	a := idp.Start(t, idp.Settings{Clients: []idp.Client{d.client("a")}, Users: users})
	b := idp.Start(t, idp.Settings{Clients: []idp.Client{d.client("b")}, Users: users})
	first, second := config("a", a.Issuer), config("b", b.Issuer)
	first.Trust.PersonClaim = "employee_number"
	first.Trust.Tenants = []string{"t1"}
	second.Trust.Email = true
	second.Trust.Roles = map[string]string{"audit": "auditor"}
	var asked atomic.Int32
	out := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(out.Close)
	away := config("away", out.URL)
	d.opens(first, second, away)

	d.is(d.browser().signIn(a, "/login/a", "bob"), 403, "identity.not_allowed") // another tenant's
	d.is(d.browser().signIn(a, "/login/a", "alice"), 200, "/ wu")
	d.is(d.browser().signIn(a, "/login/a", "eve"), 409, "identity.bound_elsewhere")
	d.is(d.browser().signIn(a, "/login/a", "alice"), 200, "/ wu")
	d.is(d.browser().signIn(b, "/login/b", "bob"), 403, "auth.unknown_person") // the address is not verified
	d.is(d.browser().signIn(b, "/login/b", "eve"), 403, "auth.unknown_person") // and this one is nobody's
	d.is(d.browser().signIn(b, "/login/b", "alice"), 200, "/ wu auditor")
	d.is(d.browser().open("/login/away"), 503, "identity.unavailable")
	before := asked.Load()
	require.Positive(t, before)
	d.is(d.browser().open("/login/away"), 503, "identity.unavailable")
	require.Equal(t, before, asked.Load(), "it is not asked again at once")
	for _, c := range d.auth.Choices("en") {
		require.Equal(t, c.ID == "away", c.Away, c.ID)
	}
	mixed := d.stopping()
	mixed.signIn(a, "/login/a", "alice")
	d.is(mixed.open(strings.Replace(mixed.held, "/login/a/", "/login/b/", 1)), 400, "auth.expired_attempt")

	require.NoError(t, d.store.UnbindIdentity(t.Context(), "wu", a.Issuer, "operator", "a new account"))
	d.is(d.browser().signIn(a, "/login/a", "eve"), 200, "/ wu")
	d.is(d.browser().signIn(a, "/login/a", "alice"), 409, "identity.bound_elsewhere")
	report, err := d.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// TestAProviderThatComesLater proves that a house stands without its provider, and
// finds it when it is there.
func TestAProviderThatComesLater(t *testing.T) {
	d := newDoor(t)
	port := idp.FreePort(t)
	d.opens(config("company", "http://127.0.0.1:"+port))
	go d.auth.Watch(t.Context())
	require.Eventually(t, func() bool { return d.auth.Providers()[0].Ready() != nil }, time.Minute, 10*time.Millisecond)
	idp.Start(t, idp.Settings{Port: port, Clients: []idp.Client{d.client("company")}, Users: users})
	require.Eventually(t, func() bool { return d.auth.Providers()[0].Ready() == nil }, 2*time.Minute, 50*time.Millisecond)
}

// TestAFreshSignInIsReallyNew proves that who signs in again proves it anew, as
// themselves, and that what they had typed is still there.
func TestAFreshSignInIsReallyNew(t *testing.T) {
	d, p := one(t, 0)
	b := d.browser()
	began := time.Now().Truncate(time.Second)
	d.is(b.signIn(p, "/login/company", "alice"), 200, "/ wu")
	require.Empty(t, b.open("/x").Header.Get("Proved"), "the provider does not tell where nobody asks")
	before := b.Jar.Cookies(b.open("/x").Request.URL)
	time.Sleep(1100 * time.Millisecond)
	again := b.open("/login/company?fresh=60&return_to=/documents/1")
	require.True(t, strings.HasPrefix(again.Request.URL.String(), p.Issuer), "the provider asks, though it knows them")
	back := p.SignIn(b.Client, again, "alice")
	proved, err := time.Parse("15:04:05", back.Header.Get("Proved"))
	require.NoError(t, err)
	d.is(back, 200, "/documents/1 wu")
	first := time.Date(0, 1, 1, began.UTC().Hour(), began.UTC().Minute(), began.UTC().Second(), 0, time.UTC)
	require.True(t, proved.After(first), "%s is later than %s", proved, first)
	require.NotEqual(t, before, b.Jar.Cookies(back.Request.URL), "the session is a new one")

	d.is(b.signIn(p, "/login/company?fresh=60&acr_values=phr", "alice"), 403, "identity.not_fresh")
	byKey := b.signIn(p, "/login/company?fresh=60&acr_values=phr&return_to=/documents/1", "alice+key")
	require.Equal(t, "phr", byKey.Header.Get("Class"), "what they proved it by is kept for the decision")
	d.is(byKey, 200, "/documents/1 wu")
	d.is(b.open("/x"), 200, "/x wu")
	d.is(b.signIn(p, "/login/company?fresh=60&return_to=/documents/1", "bob"), 403, "auth.other_person")
	require.Equal(t, "/x ", read(t, b.open("/x")), "alice left the provider for bob, and it told us")
}

// TestSigningOutThereSignsOutHere proves both ways: we send the browser on to the
// provider, and the provider tells us by itself, once.
func TestSigningOutThereSignsOutHere(t *testing.T) {
	d, p := one(t, 0)
	b, other := d.browser(), d.browser()
	d.is(b.signIn(p, "/login/company", "alice"), 200, "/ wu")
	d.is(other.signIn(p, "/login/company", "alice"), 200, "/ wu")
	list, err := d.store.Sessions().List(t.Context(), "wu", "")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.NotEqual(t, list[0].Sid, list[1].Sid)
	require.NotEmpty(t, list[0].Sid)

	// The other browser signs out at the provider, which tells us: only its session ends.
	there := read(t, other.open("/logout"))
	require.Contains(t, there, "id_token_hint=")
	planted := d.browser()
	d.is(planted.signIn(p, "/login/company", "alice"), 200, "/ wu")
	leave(t, p, planted, planted.hint())
	require.Equal(t, "/x ", read(t, planted.open("/x")), "the provider told us")
	d.is(b.open("/x"), 200, "/x wu")
	d.is(b.signIn(p, "/login/company", "alice"), 200, "/ wu")
	for name, token := range map[string]string{"used": d.told, "none": "", "an id_token": query(t, there, "id_token_hint")} {
		refused, err := http.PostForm(d.url+"/login/company/backchannel", url.Values{"logout_token": {token}})
		require.NoError(t, err)
		require.Equal(t, 400, refused.StatusCode, name)
		require.Contains(t, read(t, refused), "invalid_request")
	}
	leave(t, p, other, there)
	d.is(b.open("/x"), 200, "/x wu")
}

// hint is where the provider is asked to sign out, without signing out here.
func (b *browser) hint() string {
	return b.d.auth.Providers()[0].SignOut("", b.d.url+"/login?signed_out=1")
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

// leave signs a browser out at the provider and holds where it comes back to.
func leave(t *testing.T, p *idp.Provider, b *browser, there string) {
	t.Helper()
	back := p.SignIn(b.Client, b.open(there), "")
	require.Equal(t, "/login", back.Request.URL.Path, "%s: %s", back.Request.URL, read(t, back))
}
