// Package identity is the port to whoever says who somebody is. It tells an
// identity and its groups, never a right: what a group gives is the house's to say.
package identity

import (
	"context"
	"crypto/tls"
	"net/url"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Config is one identity provider. Kinds: oidc.
type Config struct {
	ID           string // in the address of its sign-in: /login/<id>
	Kind         string // oidc
	Title        string // where Titles has none of a language
	Titles       map[string]string
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string // beside openid
	Trust        Trust
	Classes      []string    // acr_values asked for where a fresh sign-in is and the policy names none
	TLS          *tls.Config // nil = the system's
	Private      bool        // endpoints that it tells may lie in a private network
}

// Trust is what a provider is believed beside who somebody is there.
type Trust struct {
	PersonClaim string   // this claim is the id of a person of ours: binds at the first sign-in; "" = never
	Email       bool     // a verified address that is one person's binds at the first sign-in
	Domains     []string // of addresses: others do not come in; none = every one
	TenantClaim string   // names the tenant; "" = tid
	Tenants     []string // others do not come in; none = every one
	GroupsClaim string   // lists groups: a claim, or a path such as realm_access.roles; "" = groups
	UserInfo    bool     // groups that the id_token does not tell are asked for at the userinfo endpoint
	Grants      bool     // groups give rights: say so where they are not told
	Roles       map[string]string
}

// Attempt is one try to sign in, kept on our side between the two redirects.
type Attempt struct {
	Provider string    `json:"provider"`
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Callback string    `json:"callback"`
	ReturnTo string    `json:"return_to"`
	Started  time.Time `json:"started"`

	// A fresh sign-in of somebody who is signed in already.
	Person  string   `json:"person,omitempty"`  // who
	MaxAge  int      `json:"max_age,omitempty"` // seconds since they proved it, at most; 0 = no fresh one
	Classes []string `json:"classes,omitempty"` // one of these; none = whichever
}

// Identity is who the provider says somebody is. The key is (Issuer, Subject);
// an address is never one.
type Identity struct {
	Issuer  string
	Subject string
	Name    string
	At      time.Time // when the provider said so
	Proved  time.Time // when they proved it: auth_time; zero where it did not tell
	Class   string    // how they proved it: acr
	Session string    // the provider's own session: sid
	Token   string    // the id_token, by which the provider knows them at sign-out

	Person string // the claim that names a person of ours, where the provider is trusted with it
	Email  string // verified, where the provider is trusted with it
	Roles  []string

	// Groups are the values of the claim that lists them, and nothing where the provider
	// did not tell: then nobody knows whether they are in any.
	Groups     []string
	GroupsTold bool
}

// SignedOut says who signed out at a provider.
type SignedOut struct {
	Issuer, ID       string // ID is good once
	Subject, Session string // at least one
	Expires          time.Time
}

// Provider signs people in.
type Provider interface {
	ID() string
	// Title is its name in a language.
	Title(locale string) string
	// Begin is where to send the browser.
	//
	// Errors: Busy identity.unavailable.
	Begin(ctx context.Context, a Attempt) (string, error)
	// Finish reads what the browser brought back. The caller has found the attempt
	// by its state, once.
	//
	// Errors: Forbidden identity.refused, identity.not_allowed; Busy identity.unavailable.
	Finish(ctx context.Context, a Attempt, answer url.Values) (Identity, error)
	// SignOut is where a browser signs out there too; "" where the provider has none.
	SignOut(idToken, back string) string
	// SignedOut believes a provider that tells us by itself.
	//
	// Errors: Forbidden identity.refused, Busy identity.unavailable.
	SignedOut(ctx context.Context, token string) (SignedOut, error)
	// Ready says whether its sign-in can be begun.
	//
	// Errors: Busy identity.unavailable.
	Ready() error
	// Watch looks for the provider until it is found, less and less often.
	Watch(ctx context.Context)
	// Classes are asked for where a fresh sign-in names none.
	Classes() []string
}

// Codes are the faults of identity providers.
var Codes = fault.Register(map[string]fault.Entry{
	"identity.unavailable": {Kind: fault.Busy, Args: []string{"provider"}},
	"identity.refused":     {Kind: fault.Forbidden, Args: []string{"provider", "words"}},
	"identity.not_allowed": {Kind: fault.Forbidden, Args: []string{"provider"}},
	"identity.not_fresh":   {Kind: fault.Forbidden, Args: []string{"provider"}},
})
