package browser

import (
	"context"
	"fmt"
	"sync"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// sessions keeps how people are signed in, so that a person signs in once and is
// found signed in at every screen: what a sign-in is like has a scene of its own.
type sessions struct {
	mu   sync.Mutex
	kept map[string]*kept // by person
}

type kept struct {
	mu      sync.Mutex // held while they sign in
	cookies []map[string]any
}

func newSessions() *sessions { return &sessions{kept: map[string]*kept{}} }

func (s *sessions) of(person string) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[person] == nil {
		s.kept[person] = &kept{}
	}
	return s.kept[person]
}

// signIn puts a person before this screen.
func (r *reader) signIn(person string) {
	r.t.Helper()
	known := r.at.sessions.of(person)
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.cookies == nil {
		r.identify(person)
		known.cookies = r.cookies(true)
		return
	}
	r.become(person)
	r.visit("/")
	require.True(r.t, r.has("nav"), r.where())
}

// become takes up the session of who has signed in before.
func (r *reader) become(person string) {
	r.t.Helper()
	r.protocol("Network.setCookies", map[string]any{"cookies": r.at.sessions.of(person).cookies}, nil)
}

// identify signs in at the development issuer.
func (r *reader) identify(person string) {
	r.t.Helper()
	r.visit("/")
	require.Contains(r.t, r.where(), "/login", "nobody is signed in yet")
	r.click(`.signin a.button`)
	r.click(fmt.Sprintf(`button[name="sub"][value=%q]`, person))
	require.True(r.t, r.has("nav"), r.where())
}

// signOut leaves the screen to the next person.
func (r *reader) signOut() {
	r.t.Helper()
	language := r.cookies(false)
	r.protocol("Network.clearBrowserCookies", map[string]any{}, nil)
	r.protocol("Network.setCookies", map[string]any{"cookies": language}, nil)
}

// languageCookie is the only one that is no secret.
const languageCookie = "lang"

// cookies are this browser's: those of the session, or the others.
func (r *reader) cookies(secret bool) []map[string]any {
	r.t.Helper()
	var found struct {
		Cookies []map[string]any `json:"cookies"`
	}
	r.protocol("Network.getCookies", map[string]any{"urls": []string{r.at.url}}, &found)
	var wanted []map[string]any
	for _, c := range found.Cookies {
		if (c["name"] != languageCookie) == secret {
			wanted = append(wanted, map[string]any{"name": c["name"], "value": c["value"], "url": r.at.url,
				"httpOnly": c["httpOnly"], "sameSite": "Lax"})
		}
	}
	return wanted
}

// protocol says something to the browser that chromedp has no word for.
func (r *reader) protocol(method string, params, answer any) {
	r.t.Helper()
	r.do(method, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, t.Call(ctx, method, params, answer)
	})
}

// throughTheDoor chooses a language, signs in, and signs out.
func (r *reader) throughTheDoor() {
	r.visit("/login")
	mine, other := r.locale, map[string]string{en: zh, zh: en}[r.locale]
	for _, r.locale = range []string{other, mine} {
		r.click(`form.lang button[value="` + r.locale + `"]`)
	}
	r.identify("emma")
	require.Equal(r.t, mine, r.lang(), "who chose a language by hand keeps it")
	r.click(`form[action="/logout"] button`)
	require.False(r.t, r.has("nav"))
	r.visit("/documents")
	require.Contains(r.t, r.where(), "/login", "the session is over")
}
