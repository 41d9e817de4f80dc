package command

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server"
	"github.com/countersign/countersign/store"
)

func (p *parts) auth(s *store.Store, issuer *devissuer.Issuer, secret string) (*auth.Auth, error) {
	c := auth.Config{Public: p.config.Gateway.PublicURL, Idle: p.config.Identity.Session.Idle,
		Lifetime: p.config.Identity.Session.Absolute, Apps: map[string]string{}}
	var all []identity.Config
	for _, provider := range p.config.Identity.Providers {
		all = append(all, identityConfig(provider))
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

func identityConfig(c config.Provider) identity.Config {
	roles := map[string]string{}
	for _, r := range c.Roles {
		roles[r.Group] = r.Role
	}
	return identity.Config{
		ID: c.ID, Kind: "oidc", Title: c.Label, Titles: map[string]string{i18n.English: c.TitleEN, i18n.Chinese: c.TitleZH},
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Scopes: c.Scopes,
		Classes: c.ACRValues,
		Trust: identity.Trust{
			PersonClaim: c.PersonClaim, Email: c.TrustEmail, Domains: c.Domains, TenantClaim: c.TenantClaim,
			Tenants: c.Tenants, GroupsClaim: c.GroupsClaim, Roles: roles,
		},
	}
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
