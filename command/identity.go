package command

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server"
	"github.com/countersign/countersign/store"
)

func (p *parts) auth(ctx context.Context, s *store.Store, issuer *devissuer.Issuer, secret string) (*auth.Auth, error) {
	c := auth.Config{Public: p.config.Gateway.PublicURL, Idle: p.config.Identity.Session.Idle,
		Lifetime: p.config.Identity.Session.Absolute, Apps: map[string]string{}}
	if err := p.claims(ctx, s, &c); err != nil {
		return nil, err
	}
	apps, err := signInApps(p.config)
	if err != nil {
		return nil, err
	}
	c.Messengers = apps
	var all []identity.Config
	for _, provider := range p.config.Identity.Providers {
		one, err := identityConfig(provider)
		if err != nil {
			return nil, fmt.Errorf("identity.providers %s: tls: %w", provider.ID, err)
		}
		all = append(all, one)
		for _, app := range provider.Apps {
			c.Apps[app] = provider.ID
		}
	}
	if issuer != nil {
		c.DevIssuer = issuer.Issuer()
		all = append(all, identity.Config{ID: devProvider, Kind: "oidc", Title: "Demo 演示", Issuer: issuer.Issuer(),
			ClientID: devissuer.ClientID, ClientSecret: secret})
	}
	var providers []identity.Provider
	for _, one := range all {
		provider, err := oidc.Open(one)
		if err != nil {
			return nil, fmt.Errorf("identity.providers %s: %w", one.ID, err)
		}
		providers = append(providers, provider)
	}
	return auth.New(c, s, s.Sessions(), providers...)
}

// claims are what the groups of providers give, and who may write that down: the role
// of the directory.
func (p *parts) claims(ctx context.Context, s *store.Store, c *auth.Config) error {
	c.Claims = map[string]auth.Claims{}
	for _, provider := range p.config.Identity.Providers {
		given := auth.Claims{Lasts: provider.GrantsFor}
		for _, g := range provider.Grants {
			given.Rules = append(given.Rules,
				access.ClaimRule{Value: g.Value, Role: g.Role, Entity: g.Entity, Department: g.Department})
		}
		if len(given.Rules) > 0 {
			c.Claims[provider.ID] = given
		}
	}
	if len(c.Claims) == 0 {
		return nil
	}
	own, err := p.directoryStore(ctx, s)
	c.Rights = forgetting{own, s}
	return err
}

// forgetting drops what the gateway's store believes after the directory's wrote.
type forgetting struct {
	*store.Store
	gateway *store.Store
}

// FollowClaims is the store's; an open session loses what ended with the next request.
func (f forgetting) FollowClaims(ctx context.Context, in store.ClaimsTold) (int, error) {
	n, err := f.Store.FollowClaims(ctx, in)
	f.gateway.Forget()
	return n, err
}

func identityConfig(c config.Provider) (identity.Config, error) {
	roles := map[string]string{}
	for _, r := range c.Roles {
		roles[r.Group] = r.Role
	}
	settings, err := c.TLS.Client()
	return identity.Config{
		ID: c.ID, Kind: "oidc", Title: c.Label, Titles: map[string]string{i18n.English: c.TitleEN, i18n.Chinese: c.TitleZH},
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes,
		Classes: c.ACRValues, TLS: settings, Private: c.Private,
		Trust: identity.Trust{
			PersonClaim: c.PersonClaim, Email: c.TrustEmail, Domains: c.Domains, TenantClaim: c.TenantClaim,
			Tenants: c.Tenants, GroupsClaim: c.GroupsClaim, Roles: roles, UserInfo: c.UserInfo, Grants: len(c.Grants) > 0,
		},
	}, err
}

// providerChecks tell which providers are away. Who is signed in works on without
// them, so that is no reason to send requests elsewhere.
func providerChecks(door *auth.Auth) []server.Check {
	var checks []server.Check
	for _, p := range door.Providers() {
		checks = append(checks, server.Check{Name: "identity." + p.ID(), Soft: true,
			Ask: func(context.Context) error { return p.Ready() }})
	}
	return checks
}
