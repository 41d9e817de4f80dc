// Package oidc signs people in at any OpenID Connect provider: code flow with
// PKCE, state and nonce.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
)

const (
	callMax  = 10 * time.Second // one call to the provider
	leeway   = time.Minute      // clocks differ
	wordsMax = 200              // of the provider's own error
)

// algorithms that an id_token may be signed with; never none, never a shared key.
var algorithms = []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}

// Provider is one OpenID Connect provider. It is discovered at the first sign-in,
// so a provider that is away keeps nobody from starting the house.
type Provider struct {
	config identity.Config
	client *http.Client

	mutex    sync.Mutex
	provider *oidc.Provider
}

// Open makes a provider without calling it.
func Open(c identity.Config) (*Provider, error) {
	if c.ID == "" || c.Issuer == "" || c.ClientID == "" {
		return nil, errors.New("an oidc provider needs id, issuer and client_id")
	}
	return &Provider{config: c, client: &http.Client{Timeout: callMax}}, nil
}

// ID is the provider's id in our addresses.
func (p *Provider) ID() string { return p.config.ID }

// Title is the provider's name for people.
func (p *Provider) Title() string {
	if p.config.Title == "" {
		return p.config.ID
	}
	return p.config.Title
}

// discover finds the provider's endpoints and keys, once. The context it keeps
// fetches new keys later, so it is not the request's.
func (p *Provider) discover() (*oidc.Provider, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.provider != nil {
		return p.provider, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.config.Issuer)
	if err != nil {
		return nil, p.unavailable("discover", err)
	}
	p.provider = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     p.config.ClientID,
		ClientSecret: p.config.ClientSecret,
		Endpoint:     found.Endpoint(),
		RedirectURL:  callback,
		Scopes:       append([]string{oidc.ScopeOpenID}, p.config.Scopes...),
	}
}

// Begin is where to send the browser.
func (p *Provider) Begin(_ context.Context, a identity.Attempt) (string, error) {
	found, err := p.discover()
	if err != nil {
		return "", err
	}
	return p.oauth(found, a.Callback).AuthCodeURL(a.State,
		oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)), nil
}

// Finish exchanges the code and verifies the id_token.
func (p *Provider) Finish(ctx context.Context, a identity.Attempt, answer url.Values) (identity.Identity, error) {
	if words := answer.Get("error"); words != "" {
		return identity.Identity{}, p.refused(words)
	}
	found, err := p.discover()
	if err != nil {
		return identity.Identity{}, err
	}
	if err := p.checkIssuer(found, answer); err != nil {
		return identity.Identity{}, err
	}
	ctx, stop := context.WithTimeout(oidc.ClientContext(ctx, p.client), callMax)
	defer stop()
	token, err := p.oauth(found, a.Callback).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode/100 == 4 {
		slog.Warn("identity provider refused a code", "provider", p.config.ID, "error", refused.ErrorCode)
		return identity.Identity{}, p.refused(refused.ErrorCode)
	}
	if err != nil {
		return identity.Identity{}, p.unavailable("exchange", err)
	}
	return p.verify(ctx, found, a, token)
}

// checkIssuer refuses an answer of another provider (RFC 9207).
func (p *Provider) checkIssuer(found *oidc.Provider, answer url.Values) error {
	var metadata struct {
		SendsIssuer bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&metadata); err != nil {
		return p.unavailable("read metadata", err)
	}
	if iss := answer.Get("iss"); iss != p.config.Issuer && (iss != "" || metadata.SendsIssuer) {
		return p.refused("wrong issuer")
	}
	return nil
}

func (p *Provider) verify(ctx context.Context, found *oidc.Provider, a identity.Attempt, token *oauth2.Token) (
	identity.Identity, error) {
	raw, _ := token.Extra("id_token").(string)
	verifier := found.VerifierContext(oidc.ClientContext(context.Background(), p.client), &oidc.Config{
		ClientID:             p.config.ClientID,
		SupportedSigningAlgs: algorithms,
		Now:                  time.Now,
	})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		slog.Warn("id_token refused", "provider", p.config.ID, "error", err)
		return identity.Identity{}, p.refused("id_token")
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return identity.Identity{}, p.refused("nonce")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return identity.Identity{}, p.refused("at_hash")
		}
	}
	var claims struct {
		Name            string `json:"name"`
		AuthorizedParty string `json:"azp"`
	}
	if err := id.Claims(&claims); err != nil {
		return identity.Identity{}, p.refused("claims")
	}
	if len(id.Audience) > 1 && claims.AuthorizedParty != p.config.ClientID {
		return identity.Identity{}, p.refused("azp")
	}
	if id.IssuedAt.After(time.Now().Add(leeway)) {
		return identity.Identity{}, p.refused("iat")
	}
	return identity.Identity{Issuer: id.Issuer, Subject: id.Subject, Name: claims.Name, At: id.IssuedAt}, nil
}

func (p *Provider) unavailable(while string, err error) error {
	slog.Error("identity provider", "provider", p.config.ID, "while", while, "error", err)
	return fault.New(fault.Busy, "identity.unavailable", fault.Arg("provider", p.Title()))
}

func (p *Provider) refused(words string) error {
	if len(words) > wordsMax {
		words = words[:wordsMax]
	}
	return fault.New(fault.Forbidden, "identity.refused", fault.Arg("provider", p.Title()), fault.Arg("words", words))
}
