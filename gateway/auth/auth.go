// Package auth says who is asking: a person at a browser with a session, or a
// program with a person's token. It says nothing about what they may do; that is
// for access.Can.
//
//	browser ── /login/<provider> ──▶ provider ── /login/<provider>/callback ──▶ session cookie
//	program ── Authorization: Bearer cs_… ──▶ token row by its hash
//	either  ── Middleware ──▶ the person as the directory knows them now ──▶ Who in the context
package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const (
	defaultIdle     = 30 * time.Minute
	defaultLifetime = 12 * time.Hour
	seenEvery       = time.Minute // how often an active session is written down as such
)

// Cookie names. The prefix makes browsers hold the cookie to https and to this
// host; without https, on a loopback address only, they would not keep it.
const (
	cookieName    = "__Host-sid"
	devCookieName = "countersign-dev-sid"

	attemptCookie    = "__Host-oidc" // of a browser that signs in
	devAttemptCookie = "countersign-dev-oidc"
)

// Codes are the faults of not knowing who asks.
var Codes = fault.Register(map[string]fault.Entry{
	"auth.required":         {Kind: fault.Forbidden, Status: http.StatusUnauthorized},
	"auth.bad_token":        {Kind: fault.Forbidden, Status: http.StatusUnauthorized},
	"auth.inactive":         {Kind: fault.Forbidden},
	"auth.unknown_person":   {Kind: fault.Forbidden},
	"auth.expired_attempt":  {Kind: fault.Invalid, Status: http.StatusBadRequest},
	"auth.unknown_provider": {Kind: fault.NotFound},
	"auth.other_person":     {Kind: fault.Forbidden},
	"auth.not_linked":       {Kind: fault.Forbidden, Args: []string{"app"}},
	"auth.held_too_much":    {Kind: fault.Invalid},
})

// Store is the part of the store that auth needs.
type Store interface {
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
	PersonBySubject(ctx context.Context, issuer, subject string) (org.Person, error)
	TokenByHash(ctx context.Context, hash string) (store.Token, error)
	IdentityPerson(ctx context.Context, issuer, subject string) (string, error)
	BindIdentity(ctx context.Context, b store.Binding) error
	AddressKept(ctx context.Context, person, address string) (bool, error)
	IMPerson(ctx context.Context, app, platform string) (string, error)
	Wishes(ctx context.Context, person string) (notice.Wishes, error)
}

// Sessions is where sessions are kept; store.SessionStore is one.
type Sessions interface {
	scs.CtxStore
	// Bind notes whose session it is, so that it can be listed and ended for them.
	Bind(ctx context.Context, token string, i store.SessionInfo) error
	SaveAttempt(ctx context.Context, state, browser, attempt string, life time.Duration) error
	TakeAttempt(ctx context.Context, state, browser string) (string, error)
	UseLogoutToken(ctx context.Context, t store.LogoutToken) (int, error)
}

// Config says how people sign in.
type Config struct {
	Public    string        // the house's own address: https://approvals.example.com
	Idle      time.Duration // a session ends after so long without a request; 0 means 30 min
	Lifetime  time.Duration // a session ends at last; 0 means 12 h
	DevIssuer string        // devissuer.Issuer(), whose subjects are people's ids; "" outside dev

	// Apps are the providers that the web views of these apps go to by themselves:
	// wecom, dingtalk, feishu → id of a provider.
	Apps map[string]string

	// Messengers are the messaging apps through which people sign in.
	Messengers []Messenger

	// Claims are what the groups of a provider give, by its id; Rights keeps them. Both
	// are nil where none gives anything.
	Claims map[string]Claims
	Rights Rights
}

// Claims are what a provider's groups give, and for how long without a sign-in.
type Claims struct {
	Rules []access.ClaimRule
	Lasts time.Duration
}

// Rights keeps what claims give; a store that may is one.
type Rights interface {
	FollowClaims(ctx context.Context, in store.ClaimsTold) (int, error)
}

// Auth knows who asks.
type Auth struct {
	config    Config
	store     Store
	bindings  Sessions
	sessions  *scs.SessionManager
	providers []identity.Provider
}

// New makes it. Plain http is for loopback addresses only.
func New(c Config, s Store, sessions Sessions, providers ...identity.Provider) (*Auth, error) {
	public, err := url.Parse(c.Public)
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("auth: the public address is not a URL: %q", c.Public)
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	if c.Lifetime == 0 {
		c.Lifetime = defaultLifetime
	}
	seen := map[string]bool{}
	for _, p := range providers {
		if seen[p.ID()] {
			return nil, fmt.Errorf("auth: two identity providers are called %q", p.ID())
		}
		seen[p.ID()] = true
	}
	manager := scs.New()
	manager.Store = sessions
	manager.Lifetime = c.Lifetime
	manager.ErrorFunc = problem.Write
	manager.Cookie.Persist = false
	switch {
	case public.Scheme == "https":
		manager.Cookie.Name, manager.Cookie.Secure = cookieName, true
	case public.Scheme == "http" && loopback(public.Hostname()):
		manager.Cookie.Name = devCookieName
	default:
		return nil, errors.New("auth: the public address must be https, or http on a loopback address")
	}
	return &Auth{config: c, store: s, bindings: sessions, sessions: manager, providers: providers}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Who is who asks, as the directory knows them now.
type Who struct {
	Person  org.Person
	Subject access.Subject
	Version int64     // of the organisation that says so
	Until   time.Time // when time alone changes who holds what in it; zero: never
	Token   string    // id of the token, "" for a session
	// TokenName is what its owner called it.
	TokenName string
	Provider  string    // where the session was signed in
	SignedIn  time.Time // when
	Session   string    // hash of the session's token, "" for a token

	// Proved is how they proved who they are, and when; nil where a token asks, or the
	// provider did not tell.
	Proved *approval.SignIn
}

type whoKey struct{}

// With puts who asks into a context; tests and the import runner use it too.
func With(ctx context.Context, w Who) context.Context { return context.WithValue(ctx, whoKey{}, w) }

// Of is who asks; false where nobody is signed in.
func Of(ctx context.Context) (Who, bool) {
	w, ok := ctx.Value(whoKey{}).(Who)
	return w, ok
}

// Person is the person who asks; the zero one where nobody is signed in.
func Person(ctx context.Context) org.Person {
	w, _ := Of(ctx)
	return w.Person
}

// Subject is who asks, as access judges them; the zero one may do nothing.
func Subject(ctx context.Context) access.Subject {
	w, _ := Of(ctx)
	return w.Subject
}

// Required is the fault of a request that needs somebody and has nobody.
func Required(ctx context.Context) error {
	if _, ok := Of(ctx); !ok {
		return fault.New(fault.Forbidden, "auth.required")
	}
	return nil
}

// Middleware finds out who asks, and in which language to answer. A wrong token
// is refused whatever is asked for; no credentials at all are for the handlers to
// judge. Somebody who left is refused at once, session or not.
func (a *Auth) Middleware(next http.Handler) http.Handler {
	browser := a.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := a.fromSession(r)
		a.serve(w, r, next, who, err)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(i18n.With(r.Context(), i18n.Negotiate(r)))
		token, given := bearer(r)
		if !given {
			browser.ServeHTTP(w, r)
			return
		}
		who, err := a.fromToken(r.Context(), token)
		a.serve(w, r, next, who, err)
	})
}

func (a *Auth) serve(w http.ResponseWriter, r *http.Request, next http.Handler, who *Who, err error) {
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	if who != nil {
		locale := i18n.NegotiateFor(r, who.Person.Locale, who.Subject.Machine)
		r = r.WithContext(With(i18n.With(r.Context(), locale), *who))
	}
	next.ServeHTTP(w, r)
}

// know makes Who of a person's id, as of now.
//
// Errors: Forbidden auth.unknown_person, auth.inactive.
func (a *Auth) know(ctx context.Context, id string) (*Who, error) {
	snapshot, err := a.store.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	return Known(snapshot, id)
}

// Known makes Who of a person's id, once somebody has proved to be them.
//
// Errors: Forbidden auth.unknown_person, auth.inactive.
func Known(snapshot *org.Snapshot, id string) (*Who, error) {
	person, ok := snapshot.People[id]
	if !ok {
		return nil, fault.New(fault.Forbidden, "auth.unknown_person")
	}
	if !person.Active {
		return nil, fault.New(fault.Forbidden, "auth.inactive")
	}
	return &Who{Person: person, Subject: access.SubjectOf(snapshot, id), Version: snapshot.Version,
		Until: snapshot.Until}, nil
}
