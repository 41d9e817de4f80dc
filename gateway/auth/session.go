package auth

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// Keys of a session.
const (
	keyPerson   = "person"
	keyProvider = "provider"
	keySignedIn = "signed_in" // unix seconds
	keySeen     = "seen"      // unix seconds
	keyIssuer   = "issuer"
	keyProved   = "proved" // unix seconds: auth_time; 0 where the provider did not tell
	keyClass    = "acr"
	keyIDToken  = "id_token" // by which the provider knows them at sign-out
	keyRoles    = "roles"    // that the provider's groups bring, for this session
	keyHeld     = "held"     // JSON: a form that waits for a fresh sign-in
)

const agentMax = 200 // characters of what a browser says it is

// UnattendedHeader marks what a page asks for by itself. It keeps no session alive: only
// what a person does is a sign of them. Whoever sets it wrongly is signed out early.
const UnattendedHeader = "Countersign-Unattended"

// attended says whether a person asks, and not a page by itself.
func attended(r *http.Request) bool {
	return r.Header.Get(UnattendedHeader) == "" && r.Header.Get("Accept") != "text/event-stream"
}

// fromSession is who a session belongs to; nil where nobody is signed in.
func (a *Auth) fromSession(r *http.Request) (*Who, error) {
	ctx := r.Context()
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
	if now.Sub(seen) > seenEvery && attended(r) {
		a.sessions.Put(ctx, keySeen, now.Unix())
	}
	who.Session = store.HashToken(a.sessions.Token(ctx))
	who.Provider = a.sessions.GetString(ctx, keyProvider)
	who.SignedIn = time.Unix(a.sessions.GetInt64(ctx, keySignedIn), 0).UTC()
	if proved := a.sessions.GetInt64(ctx, keyProved); proved > 0 {
		who.Proved = &approval.SignIn{Issuer: a.sessions.GetString(ctx, keyIssuer), At: time.Unix(proved, 0).UTC(),
			Class: a.sessions.GetString(ctx, keyClass)}
	}
	for _, role := range strings.Fields(a.sessions.GetString(ctx, keyRoles)) {
		who.Subject.Roles = append(who.Subject.Roles, org.Grant{Person: id, Role: role})
	}
	return who, nil
}

// signIn gives the browser a new session: a token known before is worth nothing.
// What the one before held stays with the same person only.
func (a *Auth) signIn(r *http.Request, person, provider string, in identity.Identity) error {
	ctx := store.NewSession(r.Context())
	if a.sessions.GetString(ctx, keyPerson) != person {
		if err := a.sessions.Clear(ctx); err != nil {
			return err
		}
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	now, proved := time.Now().Unix(), int64(0)
	if !in.Proved.IsZero() {
		proved = in.Proved.Unix()
	}
	for key, value := range map[string]string{
		keyPerson: person, keyProvider: provider, keyIssuer: in.Issuer, keyClass: in.Class, keyIDToken: in.Token,
		keyRoles: strings.Join(in.Roles, " "),
	} {
		a.sessions.Put(ctx, key, value)
	}
	for key, value := range map[string]int64{keySignedIn: now, keySeen: now, keyProved: proved} {
		a.sessions.Put(ctx, key, value)
	}
	token, _, err := a.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "signed in", "person", person, "provider", provider)
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return a.bindings.Bind(ctx, token, store.SessionInfo{
		Person: person, Provider: provider, Issuer: in.Issuer, Subject: in.Subject, Sid: in.Session,
		Agent: strings.ToValidUTF8(agent[:min(len(agent), agentMax)], ""), Address: host,
	})
}

// Held is a form that could not be carried out before a fresh sign-in, kept for
// who sent it.
type Held struct {
	Path string     `json:"path"` // of the page that shows it again
	Form url.Values `json:"form"`
	At   time.Time  `json:"at"`
}

// The limits of what is held.
const (
	heldMax  = 64 << 10
	heldLife = 15 * time.Minute
)

// Hold keeps a form for after the fresh sign-in, one at a time.
//
// Errors: Invalid auth.held_too_much.
func (a *Auth) Hold(ctx context.Context, path string, form url.Values) error {
	text, err := json.Marshal(Held{Path: path, Form: form, At: time.Now().UTC()})
	if err != nil {
		return err
	}
	if len(text) > heldMax {
		return fault.New(fault.Invalid, "auth.held_too_much")
	}
	a.sessions.Put(ctx, keyHeld, string(text))
	return nil
}

// HeldFor is the form that a page shows again; false where there is none.
func (a *Auth) HeldFor(ctx context.Context, path string) (url.Values, bool) {
	var held Held
	text := a.sessions.GetString(ctx, keyHeld)
	if text == "" || json.Unmarshal([]byte(text), &held) != nil || held.Path != path || time.Since(held.At) > heldLife {
		return nil, false
	}
	return held.Form, true
}

// Drop forgets what was held: it was carried out.
func (a *Auth) Drop(ctx context.Context) {
	if a.sessions.Exists(ctx, keyHeld) {
		a.sessions.Remove(ctx, keyHeld)
	}
}
