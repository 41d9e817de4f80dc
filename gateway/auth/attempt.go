package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

const (
	attemptLife = 10 * time.Minute
	returnMax   = 500  // characters of an address to return to
	freshMax    = 3600 // seconds
)

// Choice is one way to sign in, for the sign-in page.
type Choice struct {
	ID    string
	Title string
	Path  string // where its button leads; takes return_to
	Away  bool   // it does not answer just now

	// Within is the platform in whose web view alone it works; "" = everywhere.
	Within string
}

// Choices lists the ways to sign in, in the order of the configuration.
func (a *Auth) Choices(locale string) []Choice {
	var list []Choice
	for _, p := range a.providers {
		list = append(list, Choice{ID: p.ID(), Title: p.Title(locale), Path: "/login/" + p.ID(), Away: p.Ready() != nil})
	}
	for _, m := range a.config.Messengers {
		choice := Choice{ID: m.ID(), Title: m.Name, Path: "/login/" + m.ID()}
		if m.Inside && a.config.DevIssuer == "" {
			choice.Within = m.Platform
		}
		list = append(list, choice)
	}
	return list
}

// Serves says whether a browser can take this way.
func (c Choice) Serves(agent string) bool { return c.Within == "" || within(agent, c.Within) }

// appAgents is what the web views of apps call themselves.
var appAgents = map[string][]string{"wecom": {"wxwork"}, "dingtalk": {"dingtalk"}, "feishu": {"lark", "feishu"}}

// InApp says whether a browser is the web view of another app, in which passkeys may
// be missing.
func InApp(agent string) bool {
	for platform := range appAgents {
		if within(agent, platform) {
			return true
		}
	}
	return false
}

// Straight is where a browser goes without being asked: to the only provider, or
// from within an app to the one that is configured for it. It is a redirect and
// nothing else, as web views need it. In development the page is shown all the same.
func (a *Auth) Straight(agent string) (path string, ok bool) {
	for app, id := range a.config.Apps {
		if within(agent, app) {
			return "/login/" + id, true
		}
	}
	for _, m := range a.config.Messengers {
		if within(agent, m.Platform) {
			return "/login/" + m.ID(), true
		}
	}
	only := len(a.providers) == 1 && len(a.config.Messengers) == 0
	if only && a.config.DevIssuer == "" && a.providers[0].Ready() == nil {
		return "/login/" + a.providers[0].ID(), true
	}
	return "", false
}

// Watch looks for the providers that are away until ctx ends. The development issuer
// is in this house and listens as soon as anybody can ask for it.
func (a *Auth) Watch(ctx context.Context) {
	for _, p := range a.providers {
		if a.config.DevIssuer != "" {
			break
		}
		go p.Watch(ctx)
	}
	<-ctx.Done()
}

// Providers are for whoever tells how they are.
func (a *Auth) Providers() []identity.Provider { return a.providers }

// FreshPath is where somebody signs in again, at the provider they came from, to
// come back to a page.
func (w Who) FreshPath(maxAge, classes, returnTo string) string {
	query := url.Values{"fresh": {maxAge}, "return_to": {LocalPath(returnTo)}}
	if classes != "" {
		query.Set("acr_values", classes)
	}
	return "/login/" + url.PathEscape(w.Provider) + "?" + query.Encode()
}

// Begin handles GET /login/{provider}: it notes the attempt and sends the
// browser to the provider. With fresh=<seconds>, who is signed in proves it anew.
func (a *Auth) Begin(w http.ResponseWriter, r *http.Request, provider string) {
	p, err := a.provider(provider)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	asked := r.URL.Query()
	if asked.Get("fresh") != "" {
		p = a.prover(p)
		provider = p.ID()
	}
	attempt := identity.Attempt{
		Provider: provider, State: random(), Nonce: random(), Verifier: random(),
		Callback: strings.TrimSuffix(a.config.Public, "/") + "/login/" + provider + "/callback",
		ReturnTo: LocalPath(asked.Get("return_to")), Started: time.Now(),
	}
	if who, known := Of(r.Context()); known && asked.Get("fresh") != "" {
		seconds, _ := strconv.Atoi(asked.Get("fresh")) // no number is the shortest
		attempt.Person, attempt.MaxAge = who.Person.ID, min(max(seconds, 1), freshMax)
		if attempt.Classes = strings.Fields(asked.Get("acr_values")); len(attempt.Classes) == 0 {
			attempt.Classes = p.Classes()
		}
	}
	to, err := p.Begin(r.Context(), attempt)
	if err == nil {
		err = a.remember(w, r, attempt)
	}
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// Callback handles GET /login/{provider}/callback: the browser is back.
func (a *Auth) Callback(w http.ResponseWriter, r *http.Request, provider string) {
	returnTo, person, err := a.finish(r, provider)
	if err != nil {
		slog.WarnContext(r.Context(), "sign-in failed", "provider", provider, "error", err.Error())
		problem.Write(w, r, err)
		return
	}
	a.speak(w, r, person)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, returnTo, http.StatusSeeOther)
}

// speak has this browser, which may be new or another's, speak the language that somebody
// chose elsewhere.
func (a *Auth) speak(w http.ResponseWriter, r *http.Request, person string) {
	wishes, err := a.store.Wishes(r.Context(), person)
	if err != nil {
		slog.WarnContext(r.Context(), "the language of who signed in is not known", "person", person, "error", err.Error())
		return
	}
	if wishes.Locale == "" {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: i18n.Cookie, Value: wishes.Locale, Path: "/", MaxAge: i18n.CookieLife, HttpOnly: true,
		Secure: a.sessions.Cookie.Secure, SameSite: http.SameSiteLaxMode,
	})
}

func (a *Auth) finish(r *http.Request, provider string) (returnTo, person string, err error) {
	ctx := r.Context()
	p, err := a.provider(provider)
	if err != nil {
		return "", "", err
	}
	attempt, err := a.recall(r, provider)
	if err != nil {
		return "", "", err
	}
	who, err := p.Finish(ctx, attempt, r.URL.Query())
	if err != nil {
		return "", "", err
	}
	person, err = a.personOf(ctx, p, who)
	if err != nil {
		return "", "", err
	}
	if attempt.Person != "" && (attempt.Person != person || Person(ctx).ID != person) {
		return "", "", fault.New(fault.Forbidden, "auth.other_person")
	}
	if err := a.follow(ctx, person, provider, who); err != nil {
		return "", "", err
	}
	return attempt.ReturnTo, person, a.signIn(r, person, provider, who)
}

func (a *Auth) provider(id string) (identity.Provider, error) {
	for _, m := range a.config.Messengers {
		if m.ID() == id {
			return m, nil
		}
	}
	at := slices.IndexFunc(a.providers, func(p identity.Provider) bool { return p.ID() == id })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "auth.unknown_provider")
	}
	return a.providers[at], nil
}

func (a *Auth) attemptCookie() string {
	if a.sessions.Cookie.Secure {
		return attemptCookie
	}
	return devAttemptCookie
}

// remember keeps an attempt for this browser, and for it alone: each tab has its own.
func (a *Auth) remember(w http.ResponseWriter, r *http.Request, attempt identity.Attempt) error {
	browser := random()
	if c, err := r.Cookie(a.attemptCookie()); err == nil && len(c.Value) == len(browser) {
		browser = c.Value
	}
	text, err := json.Marshal(attempt)
	if err != nil {
		return err
	}
	if err := a.bindings.SaveAttempt(r.Context(), attempt.State, browser, string(text), attemptLife); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: a.attemptCookie(), Value: browser, Path: "/", MaxAge: int(attemptLife.Seconds()),
		HttpOnly: true, Secure: a.sessions.Cookie.Secure, SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// recall finds the attempt that a callback answers, once.
//
// Errors: Invalid auth.expired_attempt.
func (a *Auth) recall(r *http.Request, provider string) (identity.Attempt, error) {
	expired := fault.New(fault.Invalid, "auth.expired_attempt")
	browser, err := r.Cookie(a.attemptCookie())
	if err != nil {
		return identity.Attempt{}, expired
	}
	text, err := a.bindings.TakeAttempt(r.Context(), r.URL.Query().Get("state"), browser.Value)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return identity.Attempt{}, expired
	}
	var attempt identity.Attempt
	if err == nil {
		err = json.Unmarshal([]byte(text), &attempt)
	}
	if err == nil && attempt.Provider != provider {
		return identity.Attempt{}, expired
	}
	return attempt, err
}

// LocalPath is where to go after signing in: a path of this house, or "/". No
// address of another host gets through, however it is written.
func LocalPath(to string) string {
	if len(to) > returnMax || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return to
}

func random() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
