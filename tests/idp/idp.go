// Package idp runs a certified OpenID provider, oidc-provider from npm, for the
// tests that sign in: what refuses us there is not of our own making.
package idp

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/npm"
)

const (
	startPatience = 30 * time.Second
	formsMost     = 4 // of one sign-in: to leave as somebody else, who one is, and consent
)

// Client is what a provider knows of us.
type Client struct {
	ID        string   `json:"client_id"`
	Secret    string   `json:"client_secret"`
	Callbacks []string `json:"redirect_uris"`
	After     []string `json:"post_logout_redirect_uris,omitempty"`
	Tell      string   `json:"backchannel_logout_uri,omitempty"` // where it tells of sign-outs
	TellsSid  bool     `json:"backchannel_logout_session_required,omitempty"`
	Responses []string `json:"response_types"`
	Grants    []string `json:"grant_types"`
}

// Settings are what a provider is started with.
type Settings struct {
	Port    string                    `json:"port"`
	Skew    int                       `json:"skew"` // seconds that its clock is ahead
	Clients []Client                  `json:"clients"`
	Users   map[string]map[string]any `json:"users"` // claims by login

	UserInfo bool `json:"userinfo"` // claims are told there, and not in the id_token
}

// Provider is one that runs.
type Provider struct {
	Issuer string
	t      testing.TB
	in     io.Writer
	took   chan struct{} // it has other users now
}

// Know gives the provider other users.
func (p *Provider) Know(users map[string]map[string]any) {
	p.t.Helper()
	text, err := json.Marshal(users)
	require.NoError(p.t, err)
	_, err = p.in.Write(append(text, '\n'))
	require.NoError(p.t, err)
	select {
	case <-p.took:
	case <-time.After(startPatience):
		p.t.Fatal("the identity provider takes no other users")
	}
}

// FreePort is one that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // only looked at
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// Start runs a provider until the test ends. Nothing is skipped: without node the
// test fails, and `make test` installs it.
func Start(t testing.TB, s Settings) *Provider {
	t.Helper()
	dir := folder()
	npm.Install(t, dir, filepath.Join("oidc-provider", "package.json"))
	if s.Port == "" {
		s.Port = FreePort(t)
	}
	for i := range s.Clients {
		s.Clients[i].Responses, s.Clients[i].Grants = []string{"code"}, []string{"authorization_code"}
	}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", "provider.mjs", string(text))
	said := new(strings.Builder)
	node.Dir, node.Stderr = dir, said
	in, err := node.StdinPipe() // it ends with us: its input is over then
	require.NoError(t, err)
	out, err := node.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, node.Start(), "node is missing: scripts/install.sh test")
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
		if t.Failed() {
			t.Log(said)
		}
	})
	ready, took := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch {
			case strings.HasPrefix(lines.Text(), "ready "):
				close(ready)
			case lines.Text() == "users":
				took <- struct{}{}
			}
		}
	}()
	select {
	case <-ready:
	case <-time.After(startPatience):
		t.Fatal("the identity provider did not start")
	}
	return &Provider{Issuer: "http://127.0.0.1:" + s.Port, t: t, in: in, took: took}
}

func folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

var (
	action = regexp.MustCompile(`action="([^"]+)"`)
	hidden = regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// SignIn fills in the provider's forms from a response of it, until the browser is
// back at us, and answers with that.
func (p *Provider) SignIn(c *http.Client, at *http.Response, login string) *http.Response {
	p.t.Helper()
	for range formsMost {
		if !strings.HasPrefix(at.Request.URL.String(), p.Issuer) || at.StatusCode/100 == 3 { // the browser stopped
			return at
		}
		body, err := io.ReadAll(at.Body)
		require.NoError(p.t, err)
		_ = at.Body.Close()
		found := action.FindSubmatch(body)
		require.NotNil(p.t, found, "%s: %s", at.Request.URL, body)
		form := url.Values{"login": {login}, "password": {"x"}, "logout": {"yes"}} // whichever it asks for
		for _, m := range hidden.FindAllStringSubmatch(string(body), -1) {
			form.Set(m[1], m[2])
		}
		post, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, string(found[1]), strings.NewReader(form.Encode()))
		require.NoError(p.t, err)
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		at, err = c.Do(post)
		require.NoError(p.t, err)
	}
	return at
}
