package oidc

import (
	"context"
	"log/slog"
	"net/url"

	"github.com/countersign/countersign/adapters/identity"
)

// SignOut is where a browser ends its session at the provider too, and comes back
// from; "" where the provider has no such place.
func (p *Provider) SignOut(idToken, back string) string {
	f, err := p.discover()
	if err != nil || f.EndSession == "" {
		return ""
	}
	to, err := url.Parse(f.EndSession)
	if err != nil {
		return ""
	}
	query := to.Query()
	query.Set("client_id", p.config.ClientID)
	query.Set("post_logout_redirect_uri", back)
	if idToken != "" {
		query.Set("id_token_hint", idToken)
	}
	to.RawQuery = query.Encode()
	return to.String()
}

// SignedOut verifies a logout token: signed by the provider for us, with an id, an
// end, and the event of a back-channel logout, and no nonce, so that no id_token
// passes for one.
func (p *Provider) SignedOut(ctx context.Context, raw string) (identity.SignedOut, error) {
	f, err := p.discover()
	if err != nil {
		return identity.SignedOut{}, err
	}
	ctx, stop := context.WithTimeout(ctx, callMax)
	defer stop()
	token, err := p.verifier(f).VerifyLogout(ctx, raw)
	if err != nil {
		slog.Warn("logout token refused", "provider", p.config.ID, "error", err)
		return identity.SignedOut{}, p.refused("logout_token")
	}
	return identity.SignedOut{
		Issuer: p.config.Issuer, ID: token.TokenID, Subject: token.Subject, Session: token.SessionID,
		Expires: token.Expiry.Add(2 * leeway), // as long as it would be believed
	}, nil
}
