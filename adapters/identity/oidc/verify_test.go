package oidc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
)

// TestNobodySignsInInTheFuture: a sign-in ahead of our clock would count as fresh for
// as long as it is ahead, also where none was asked to be fresh.
func TestNobodySignsInInTheFuture(t *testing.T) {
	p := &Provider{config: identity.Config{ID: "company"}}
	for ahead, taken := range map[time.Duration]bool{-time.Hour: true, leeway / 2: true, 2 * time.Hour: false} {
		err := p.fresh(identity.Attempt{}, identity.Identity{Proved: time.Now().Add(ahead)})
		require.Equal(t, taken, err == nil, ahead)
	}
	require.NoError(t, p.fresh(identity.Attempt{}, identity.Identity{}), "a provider need not tell when")
}

// TestKeysComeByHTTPSOnly: a look at a provider follows it elsewhere, but never to where
// anybody could answer for it.
func TestKeysComeByHTTPSOnly(t *testing.T) {
	asked := func(address string) *http.Request { return httptest.NewRequest(http.MethodGet, address, nil) }
	first := []*http.Request{asked("https://id.example.com/keys")}
	require.NoError(t, onlyLooks(asked("https://keys.example.com/"), first))
	require.ErrorContains(t, onlyLooks(asked("http://keys.example.com/"), first), "not https")
}

// TestACodeGoesNowhereElse: an endpoint that sends us on gets no second posting of the
// client's secret, wherever it points.
func TestACodeGoesNowhereElse(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	var issuer string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "authorization_endpoint": issuer + "/auth",
			"token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"})
	}))
	defer provider.Close()
	issuer = provider.URL
	p, err := Open(identity.Config{ID: "company", Issuer: issuer, ClientID: "us", ClientSecret: "secret"})
	require.NoError(t, err)

	_, err = p.Finish(t.Context(), identity.Attempt{Callback: "https://us.example/back"}, url.Values{"code": {"code"}})

	require.Error(t, err)
	require.Zero(t, asked.Load())
}
