package auth

import (
	"context"
	"log/slog"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/store"
)

// follow makes somebody's rights what their groups at a provider give, before the
// session begins: nobody comes in with a right that has ended, and where that cannot
// be written down nobody comes in. Groups that were not told change nothing.
func (a *Auth) follow(ctx context.Context, person, provider string, who identity.Identity) error {
	given, mapped := a.config.Claims[provider]
	if !mapped || !who.GroupsTold {
		return nil
	}
	changed, err := a.config.Rights.FollowClaims(ctx, store.ClaimsTold{Person: person, Provider: provider,
		Told: access.Told{Values: who.Groups, Rules: given.Rules, Lasts: given.Lasts}})
	if err == nil && changed > 0 {
		slog.InfoContext(ctx, "rights by groups changed", "person", person, "provider", provider, "changes", changed)
	}
	return err
}
