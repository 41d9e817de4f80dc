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
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/server/problem"
)

// Keys of a session.
const (
	keyPerson   = "person"
	keyProvider = "provider"
	keySignedIn = "signed_in" // unix seconds
	keySeen     = "seen"      // unix seconds
	keyAttempts = "attempts"  // JSON: tries to sign in, one a tab
)

const (
	attemptLife = 10 * time.Minute
	attemptsMax = 5
	returnMax   = 500 // characters of an address to return to
)

// fromSession is who a session belongs to; nil where nobody is signed in.
func (a *Auth) fromSession(ctx context.Context) (*Who, error) {
	id := a.sessions.GetString(ctx, keyPerson)
	if id == "" {
		return nil, nil
	}
	now := time.Now()
	seen := time.Unix(a.sessions.GetInt64(ctx, keySeen), 0)
	if now.Sub(seen) > a.config.Idle {
		return nil, a.sessions.Destroy(ctx)
	}
	who, err := a.know(ctx, id)
	if fault.KindOf(err) == fault.Forbidden {
		if ended := a.sessions.Destroy(ctx); ended != nil {
			return nil, ended
		}
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(seen) > seenEvery {
		a.sessions.Put(ctx, keySeen, now.Unix())
	}
	who.Provider = a.sessions.GetString(ctx, keyProvider)
	who.SignedIn = time.Unix(a.sessions.GetInt64(ctx, keySignedIn), 0).UTC()
	return who, nil
}

// Choice is one way to sign in, for the sign-in page.
type Choice struct {
	ID    string
	Title string
	Path  string // where its button leads; takes return_to
}

// Choices lists the ways to sign in, in the order of the configuration.
func (a *Auth) Choices() []Choice {
	var list []Choice
	for _, p := range a.providers {
		list = append(list, Choice{ID: p.ID(), Title: p.Title(), Path: "/login/" + p.ID()})
	}
	return list
}

// Begin handles GET /login/{provider}: it notes the attempt and sends the
// browser to the provider.
func (a *Auth) Begin(w http.ResponseWriter, r *http.Request, provider string) {
	p, err := a.provider(provider)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	attempt := identity.Attempt{
		Provider: provider, State: random(), Nonce: random(), Verifier: random(),
		Callback: strings.TrimSuffix(a.config.Public, "/") + "/login/" + provider + "/callback",
		ReturnTo: LocalPath(r.URL.Query().Get("return_to")), Started: time.Now(),
	}
	to, err := p.Begin(r.Context(), attempt)
	if err == nil {
		err = a.remember(r.Context(), attempt)
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
	returnTo, err := a.finish(r, provider)
	if err != nil {
		slog.WarnContext(r.Context(), "sign-in failed", "provider", provider, "error", err.Error())
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, returnTo, http.StatusSeeOther)
}

func (a *Auth) finish(r *http.Request, provider string) (returnTo string, err error) {
	ctx := r.Context()
	p, err := a.provider(provider)
	if err != nil {
		return "", err
	}
	attempt, ok := a.recall(ctx, provider, r.URL.Query().Get("state"))
	if !ok {
		return "", fault.New(fault.Invalid, "auth.expired_attempt")
	}
	who, err := p.Finish(ctx, attempt, r.URL.Query())
	if err != nil {
		return "", err
	}
	person, err := a.personOf(ctx, who)
	if err != nil {
		return "", err
	}
	if _, err := a.know(ctx, person); err != nil {
		return "", err
	}
	return attempt.ReturnTo, a.signIn(ctx, person, provider)
}

// personOf is the id of the person behind an identity. Where several providers
// are trusted, a bare subject could be anybody's: it must be kept with its issuer.
func (a *Auth) personOf(ctx context.Context, who identity.Identity) (string, error) {
	if a.config.DevIssuer != "" && who.Issuer == a.config.DevIssuer {
		return who.Subject, nil // the development issuer speaks of people by their ids
	}
	person, err := a.store.PersonBySubject(ctx, who.Issuer, who.Subject)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return "", fault.New(fault.Forbidden, "auth.unknown_person")
	}
	if err != nil {
		return "", err
	}
	if len(a.providers) > 1 && person.Subject != who.Issuer+"|"+who.Subject {
		return "", fault.New(fault.Forbidden, "auth.unknown_person")
	}
	return person.ID, nil
}

// signIn gives the browser a new session: a token known before is worth nothing.
func (a *Auth) signIn(ctx context.Context, person, provider string) error {
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	now := time.Now().Unix()
	a.sessions.Remove(ctx, keyAttempts)
	a.sessions.Put(ctx, keyPerson, person)
	a.sessions.Put(ctx, keyProvider, provider)
	a.sessions.Put(ctx, keySignedIn, now)
	a.sessions.Put(ctx, keySeen, now)
	token, _, err := a.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "signed in", "person", person, "provider", provider)
	return a.bindings.Bind(ctx, token, person)
}

// Logout handles POST /logout: the session ends here and now.
func (a *Auth) Logout(w http.ResponseWriter, r *http.Request) {
	if err := a.sessions.Destroy(r.Context()); err != nil {
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *Auth) provider(id string) (identity.Provider, error) {
	at := slices.IndexFunc(a.providers, func(p identity.Provider) bool { return p.ID() == id })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "auth.unknown_provider")
	}
	return a.providers[at], nil
}

// remember keeps an attempt in the browser's session, the newest few only.
func (a *Auth) remember(ctx context.Context, attempt identity.Attempt) error {
	attempts := append(a.attempts(ctx), attempt)
	if len(attempts) > attemptsMax {
		attempts = attempts[len(attempts)-attemptsMax:]
	}
	return a.keep(ctx, attempts)
}

// recall finds an attempt by its state, once.
func (a *Auth) recall(ctx context.Context, provider, state string) (identity.Attempt, bool) {
	attempts := a.attempts(ctx)
	at := slices.IndexFunc(attempts, func(x identity.Attempt) bool {
		return state != "" && x.State == state && x.Provider == provider
	})
	if at < 0 {
		return identity.Attempt{}, false
	}
	found := attempts[at]
	if err := a.keep(ctx, slices.Delete(attempts, at, at+1)); err != nil {
		return identity.Attempt{}, false
	}
	return found, time.Since(found.Started) < attemptLife
}

func (a *Auth) attempts(ctx context.Context) []identity.Attempt {
	var attempts []identity.Attempt
	if raw := a.sessions.GetString(ctx, keyAttempts); raw != "" {
		if err := json.Unmarshal([]byte(raw), &attempts); err != nil {
			return nil // written by an older version: begin again
		}
	}
	return attempts
}

func (a *Auth) keep(ctx context.Context, attempts []identity.Attempt) error {
	raw, err := json.Marshal(attempts)
	if err != nil {
		return err
	}
	a.sessions.Put(ctx, keyAttempts, string(raw))
	return nil
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
