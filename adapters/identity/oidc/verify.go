package oidc

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
)

// What a provider is believed by name, where the configuration says nothing else.
const (
	tenantClaim = "tid"
	groupsClaim = "groups"
	groupsMost  = 500
)

// claims is what we read of an id_token beside what the library verifies.
type claims struct {
	Name            string         `json:"name"`
	AuthorizedParty string         `json:"azp"`
	AuthTime        json.Number    `json:"auth_time"`
	Class           string         `json:"acr"`
	Session         string         `json:"sid"`
	Email           string         `json:"email"`
	EmailVerified   truth          `json:"email_verified"`
	all             map[string]any // by name
}

// truth is a boolean that some providers send as text.
type truth bool

// UnmarshalJSON reads true and "true"; everything else is false.
func (t *truth) UnmarshalJSON(text []byte) error {
	*t = truth(strings.Trim(string(text), `"`) == "true")
	return nil
}

// verifier allows for clocks that differ: of the expiry here, of the issue below.
func (p *Provider) verifier(f *found) *oidc.IDTokenVerifier {
	return f.VerifierContext(oidc.ClientContext(context.Background(), p.client), &oidc.Config{
		ClientID:             p.config.ClientID,
		SupportedSigningAlgs: algorithms,
		Now:                  func() time.Time { return time.Now().Add(-leeway) },
	})
}

func (p *Provider) verify(ctx context.Context, f *found, a identity.Attempt, token *oauth2.Token) (
	identity.Identity, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := p.verifier(f).Verify(ctx, raw)
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
	var c claims
	if err := errors.Join(id.Claims(&c), id.Claims(&c.all)); err != nil {
		return identity.Identity{}, p.refused("claims")
	}
	if (len(id.Audience) > 1 || c.AuthorizedParty != "") && c.AuthorizedParty != p.config.ClientID {
		return identity.Identity{}, p.refused("azp")
	}
	if id.IssuedAt.After(time.Now().Add(leeway)) {
		return identity.Identity{}, p.refused("iat")
	}
	who := identity.Identity{Issuer: id.Issuer, Subject: id.Subject, Name: c.Name, At: id.IssuedAt, Proved: c.proved(),
		Class: c.Class, Session: c.Session, Token: raw}
	if err := p.fresh(a, who); err != nil {
		return identity.Identity{}, err
	}
	if err := p.ask(ctx, f, &c, id.Subject, token); err != nil {
		return identity.Identity{}, err
	}
	if err := p.believe(&who, c); err != nil {
		return identity.Identity{}, err
	}
	return who, nil
}

func (c claims) proved() time.Time {
	seconds, err := c.AuthTime.Int64()
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// fresh holds a provider to what it was asked for: it must say when somebody proved
// who they are, and that must not be long ago.
func (p *Provider) fresh(a identity.Attempt, who identity.Identity) error {
	age := time.Since(who.Proved)
	ahead := age < -leeway // it would stay fresh for as long as the provider's clock is ahead
	if a.MaxAge == 0 && !ahead {
		return nil
	}
	stale := who.Proved.IsZero() || age > time.Duration(a.MaxAge)*time.Second+leeway || ahead
	if stale || len(a.Classes) > 0 && !slices.Contains(a.Classes, who.Class) {
		return fault.New(fault.Forbidden, "identity.not_fresh", fault.Arg("provider", p.config.ID))
	}
	return nil
}

// believe reads what the provider is trusted with, and refuses who is of another
// tenant or domain.
func (p *Provider) believe(who *identity.Identity, c claims) error {
	t := p.config.Trust
	_, domain, _ := strings.Cut(c.Email, "@")
	tenant, _ := c.all[cmp.Or(t.TenantClaim, tenantClaim)].(string)
	verified := c.Email != "" && bool(c.EmailVerified)
	if len(t.Tenants) > 0 && !slices.Contains(t.Tenants, tenant) ||
		len(t.Domains) > 0 && (!verified || !slices.ContainsFunc(t.Domains, same(domain))) {
		return fault.New(fault.Forbidden, "identity.not_allowed", fault.Arg("provider", p.config.ID))
	}
	if t.PersonClaim != "" {
		who.Person, _ = c.all[t.PersonClaim].(string)
	}
	if t.Email && verified {
		who.Email = c.Email
	}
	who.Groups, who.GroupsTold = p.groupsOf(c)
	for _, group := range who.Groups {
		if role := t.Roles[group]; role != "" && !slices.Contains(who.Roles, role) {
			who.Roles = append(who.Roles, role)
		}
	}
	return nil
}

func same(a string) func(string) bool {
	return func(b string) bool { return strings.EqualFold(a, b) }
}
