package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/server/problem"
)

// TestTheGateSlowsOneCallerOnly proves that who asks too often waits alone.
func TestTheGateSlowsOneCallerOnly(t *testing.T) {
	g := newGate(Rate{PerSecond: 1, Burst: 2}, nil)
	now := time.Now()
	require.Zero(t, g.wait("li", now))
	require.Zero(t, g.wait("li", now))
	require.Positive(t, g.wait("li", now))
	require.Zero(t, g.wait("wu", now))
	require.Zero(t, g.wait("li", now.Add(2*time.Second)))
	g.wait("zhou", now.Add(2*callerIdle))
	require.Len(t, g.callers, 1, "who is not seen for a while is forgotten")
}

func TestTheGateAnswersWithAProblem(t *testing.T) {
	served := 0
	h := newGate(Rate{PerSecond: 0.001, Burst: 1}, nil).limit(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 1, served)
	require.Equal(t, 429, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
}

// TestAddress proves that only proxies we trust are believed.
func TestAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct{ name, remote, forwarded, want string }{
		{"a stranger's word counts for nothing", "203.0.113.9:1", "1.2.3.4", "203.0.113.9"},
		{"our proxy's word counts", "10.0.0.1:1", "1.2.3.4", "1.2.3.4"},
		{"what a stranger wrote before it does not", "10.0.0.1:1", "6.6.6.6, 1.2.3.4", "1.2.3.4"},
		{"a chain of our proxies", "10.0.0.1:1", "1.2.3.4, 10.0.0.2", "1.2.3.4"},
		{"nonsense ends the chain", "10.0.0.1:1", "x", "10.0.0.1"},
		{"a mapped address", "[::ffff:203.0.113.9]:1", "", "203.0.113.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.remote
			r.Header.Set("X-Forwarded-For", tt.forwarded)
			require.Equal(t, tt.want, Address(r, proxies).String())
		})
	}
}

// TestAnotherSiteCannotAct proves that a request with our cookie from elsewhere
// is refused, and that programs are not bothered.
func TestAnotherSiteCannotAct(t *testing.T) {
	h := sameOrigin(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	for _, tt := range []struct {
		name, method, header, value string
		want                        int
	}{
		{"cross-site", "POST", "Sec-Fetch-Site", "cross-site", 403},
		{"a sister site", "POST", "Sec-Fetch-Site", "same-site", 403},
		{"a foreign origin", "POST", "Origin", "https://evil.example", 403},
		{"our own page", "POST", "Sec-Fetch-Site", "same-origin", 204},
		{"reading is harmless", "GET", "Sec-Fetch-Site", "cross-site", 204},
		{"a program", "POST", "X-Nothing", "", 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "https://house.example/logout", nil)
			r.Header.Set(tt.header, tt.value)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, tt.want, w.Code)
		})
	}
}

// TestNobodyFramesUsUnlessConfigured proves what the headers say of frames.
func TestNobodyFramesUsUnlessConfigured(t *testing.T) {
	answer := func(framers ...string) http.Header {
		w := httptest.NewRecorder()
		headers(framers, http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Header()
	}
	require.Contains(t, answer().Get("Content-Security-Policy"), "; frame-ancestors 'none'")
	require.Equal(t, "DENY", answer().Get("X-Frame-Options"))
	named := answer("https://portal.example.com", "https://*.feishu.cn")
	require.True(t, strings.HasSuffix(named.Get("Content-Security-Policy"),
		"; frame-ancestors 'self' https://portal.example.com https://*.feishu.cn"))
	require.Empty(t, named.Get("X-Frame-Options"), "it knows no list")
}

// TestAPanicIsOneProblem proves that a mistake of ours fails one request, and
// tells nobody what it was.
func TestAPanicIsOneProblem(t *testing.T) {
	w := httptest.NewRecorder()
	recovered(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the secret") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "secret")
	require.Contains(t, w.Body.String(), "request.failed")
}

// TestEveryKindHasAStatus proves that the one table is whole.
func TestEveryKindHasAStatus(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Invalid: 422, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Busy: 503,
		fault.Unknown: 202, fault.Internal: 500,
	} {
		require.Equal(t, want, problem.Status(fault.New(kind, "nothing.of_the_kind")))
	}
	require.Equal(t, 401, problem.Status(fault.New(fault.Forbidden, "auth.required")), "the registry overrides")
}
