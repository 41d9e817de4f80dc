// Package identity is the port to whoever says who somebody is. It tells an
// identity, never a right: those are the house's own.
package identity

import (
	"context"
	"net/url"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Config is one identity provider. Kinds: oidc.
type Config struct {
	ID           string   `mapstructure:"id"`   // in the address of its sign-in: /login/<id>
	Kind         string   `mapstructure:"kind"` // oidc
	Title        string   `mapstructure:"title"`
	Issuer       string   `mapstructure:"issuer"`
	ClientID     string   `mapstructure:"client_id"`
	ClientSecret string   `mapstructure:"client_secret"`
	Scopes       []string `mapstructure:"scopes"` // beside openid
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
}

// Identity is who the provider says somebody is. The key is (Issuer, Subject);
// an address is never one.
type Identity struct {
	Issuer  string
	Subject string
	Name    string
	At      time.Time // when they proved it
}

// Provider signs people in.
type Provider interface {
	ID() string
	Title() string
	// Begin is where to send the browser.
	//
	// Errors: Busy identity.unavailable.
	Begin(ctx context.Context, a Attempt) (string, error)
	// Finish reads what the browser brought back. The caller has found the attempt
	// by its state, once.
	//
	// Errors: Forbidden identity.refused, Busy identity.unavailable.
	Finish(ctx context.Context, a Attempt, answer url.Values) (Identity, error)
}

// Codes are the faults of identity providers.
var Codes = fault.Register(map[string]fault.Entry{
	"identity.unavailable": {Kind: fault.Busy, Args: []string{"provider"}},
	"identity.refused":     {Kind: fault.Forbidden, Args: []string{"provider", "words"}},
})
