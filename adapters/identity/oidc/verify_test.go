package oidc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
)

// TestNobodySignsInInTheFuture: a sign-in ahead of our clock would count as fresh for
// as long as it is ahead, also where none was asked to be fresh.
func TestNobodySignsInInTheFuture(t *testing.T) {
	p := &Provider{config: identity.Config{ID: "company"}}
	for ahead, taken := range map[time.Duration]bool{-time.Hour: true, leeway / 2: true, 2 * time.Hour: false} {
		err := p.fresh(identity.Attempt{}, identity.Identity{Proved: time.Now().Add(ahead)})
		require.Equal(t, taken, err == nil, ahead)
	}
	require.NoError(t, p.fresh(identity.Attempt{}, identity.Identity{}), "a provider need not tell when")
}
