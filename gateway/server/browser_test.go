package server_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/auth/devissuer"
)

// shown is what a browser gets.
type shown struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	text    string
}

// send is a browser's request, with what it tells of where it comes from.
func (h *house) send(c *http.Client, method, path string, form url.Values, head map[string]string) shown {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(form.Encode()))
	require.NoError(h.t, err)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range head {
		r.Header.Set(name, value)
	}
	answer, err := c.Do(r)
	require.NoError(h.t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	require.NoError(h.t, err)
	return shown{answer.StatusCode, answer.Header, answer.Cookies(), string(text)}
}

var ownPerson = regexp.MustCompile(`name="form_person" value="([^"]+)"`)

var ownToken = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

// TestBrowsers proves what protects people in their browsers, in one house.
func TestBrowsers(t *testing.T) {
	h := newHouse(t)
	lin := h.stays("lin")
	t.Run("a form is one of ours", func(t *testing.T) { h.formsAreOurs(t, lin) })
	t.Run("headers and cookies", func(t *testing.T) { h.isProtected(t, lin) })
	t.Run("no redirect leaves the house", func(t *testing.T) { h.leadsNowhere(t, lin) })
	t.Run("web views of apps", h.webViews)
}

// stays is a browser that shows where it is sent, and goes nowhere; "" is nobody's.
func (h *house) stays(person string) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(h.t, err)
	c := &http.Client{Jar: jar}
	if person != "" {
		c = h.browser(person)
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// formsAreOurs proves that a browser which does not tell where a form comes
// from acts with the token of its session only, in the pages as in the API.
func (h *house) formsAreOurs(t *testing.T, lin *http.Client) {
	wang := h.stays("wang")
	tokenOf := func(c *http.Client) string {
		page := h.send(c, "GET", "/sessions", nil, nil).text
		found := ownToken.FindStringSubmatch(page)
		require.NotNil(t, found, "every form that acts carries the token: %s", page)
		require.Len(t, ownToken.FindAllString(page, -1), len(postForms.FindAllString(page, -1)))
		return found[1]
	}
	mine, theirs := tokenOf(lin), tokenOf(wang)
	require.NotEqual(t, mine, theirs)
	for _, tt := range []struct {
		name, token string
		head        map[string]string
		want        int
	}{
		{"no token, and nothing told", "", nil, 403},
		{"another session's token", theirs, nil, 403},
		{"a token does not help another site", mine, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"our page, as an old browser sends it", mine, nil, 303},
		{"our page, as a browser of today tells", "", map[string]string{"Sec-Fetch-Site": "same-origin"}, 303},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := url.Values{"lang": {"en"}, "form_token": {tt.token}}
			require.Equal(t, tt.want, h.send(lin, "POST", "/language", form, tt.head).status)
		})
	}
	// Two sign in in one browser: what the first one's page still sends is not the second's.
	page := h.send(wang, "GET", "/sessions", nil, nil).text
	require.Len(t, ownPerson.FindAllString(page, -1), len(postForms.FindAllString(page, -1)))
	require.Equal(t, "wang", ownPerson.FindStringSubmatch(page)[1])
	for lang, want := range map[string]string{
		"zh-CN": "该页面是为 王芳 打开的，而此浏览器现已由 林晓 登录，操作未执行。",
		"en":    "This page was shown to 王芳, and 林晓 is signed in in this browser now. Nothing was done.",
	} {
		require.Equal(t, 303, h.send(lin, "POST", "/language", url.Values{"lang": {lang}, "form_token": {mine},
			"form_person": {"lin"}}, nil).status)
		form := url.Values{"lang": {"en"}, "form_token": {mine}, "form_person": {"wang"}}
		refused := h.send(lin, "POST", "/language", form, map[string]string{"Sec-Fetch-Site": "same-origin"})
		require.Equal(t, 403, refused.status)
		require.Contains(t, refused.text, want)
	}
	require.Equal(t, 403, h.send(lin, "POST", "/api/v1/documents", nil, map[string]string{"Content-Type": "text/plain"}).status,
		"a form of another site cannot speak to the API by a session")
}

var postForms = regexp.MustCompile(`<form[^>]*method="post"`)

// isProtected proves what pages tell a browser, signed in or not: no
// script but our files, a cookie that scripts and other sites do not get.
func (h *house) isProtected(t *testing.T, lin *http.Client) {
	for name, c := range map[string]*http.Client{"a stranger": h.stays(""), "lin": lin} {
		for _, path := range []string{"/login", "/", "/new/expense", "/nowhere", "/documents/nothing"} {
			header := h.send(c, "GET", path, nil, nil).header
			policy := header.Get("Content-Security-Policy")
			require.NotContains(t, policy, "unsafe", "%s at %s", name, path)
			require.Regexp(t, `script-src 'self'( |;)`, policy, "%s at %s", name, path)
			require.Contains(t, policy, "frame-ancestors 'none'")
			require.Contains(t, policy, "base-uri 'none'")
			require.Contains(t, policy, "form-action 'self'")
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
			require.Equal(t, "same-origin", header.Get("Referrer-Policy"))
		}
	}
	began := h.send(h.stays(""), "GET", "/login/dev", nil, nil).cookies
	ended := h.send(h.stays("emma"), "POST", "/logout", nil, map[string]string{"Sec-Fetch-Site": "same-origin"}).cookies
	require.NotEmpty(t, began)
	require.NotEmpty(t, ended)
	for _, set := range append(began, ended...) {
		require.True(t, set.HttpOnly, set.Name)
		require.Equal(t, http.SameSiteLaxMode, set.SameSite, set.Name)
		require.Empty(t, set.Domain, "for this host alone")
	}
}

// leadsNowhere proves that nobody is led away by an address of ours.
func (h *house) leadsNowhere(t *testing.T, lin *http.Client) {
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\tevil", "javascript:alert(1)",
		"https:evil.example", "/%0d%0aSet-Cookie:x=1", "\\\\evil.example", "///evil.example", "/./%2e%2e//evil.example"} {
		for _, answer := range []shown{
			h.send(lin, "GET", "/login?return_to="+url.QueryEscape(to), nil, nil),
			h.send(lin, "POST", "/language", url.Values{"lang": {"en"}, "return_to": {to}}, map[string]string{"Sec-Fetch-Site": "same-origin"}),
		} {
			at, err := url.Parse(h.url)
			require.NoError(t, err)
			at, err = at.Parse(answer.header.Get("Location"))
			require.NoError(t, err)
			require.Equal(t, 303, answer.status)
			require.True(t, strings.HasPrefix(at.String(), h.url+"/"), "%q led to %s", to, at)
		}
	}
}

// webViews proves that signing in is redirects in one window, as web
// views need it: no window is opened, nothing waits for a script.
func (h *house) webViews(t *testing.T) {
	for app, agent := range map[string]string{
		"WeCom":    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 wxwork/4.1.22 MicroMessenger/7.0.1 Language/zh",
		"DingTalk": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.10) com.alibaba.android.rimet/1",
		"Feishu":   "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Lark/7.10.0 LarkLocale/zh_CN ChannelName/Feishu",
	} {
		t.Run(app, func(t *testing.T) {
			c := h.stays("")
			head := map[string]string{"User-Agent": agent}
			asked := h.send(c, "GET", "/documents", nil, head)
			require.Equal(t, 303, asked.status)
			page := h.send(c, "GET", asked.header.Get("Location"), nil, head).text
			require.NotContains(t, page, "target=")
			require.Contains(t, page, `href="/login/dev?return_to=`)
			away := h.send(c, "GET", "/login/dev?return_to=%2Fdocuments", nil, head)
			require.Contains(t, []int{302, 303}, away.status)
			require.Contains(t, away.header.Get("Location"), devissuer.Path+"/authorize")
		})
	}
}
