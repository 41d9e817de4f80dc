package store_test

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// saysAt lets a sign-in at the provider «company» tell its groups.
func (w *world) says(person string, lasts time.Duration, groups ...string) int {
	w.t.Helper()
	n, err := w.s.FollowClaims(w.ctx, store.ClaimsTold{Person: person, Provider: "company", Told: access.Told{
		Values: groups, Lasts: lasts, Rules: []access.ClaimRule{
			{Value: "clerks", Role: access.FinanceClerk, Entity: "cn"},
			{Value: "helpers", Role: access.Assistant, Entity: "cn"},
			{Value: "root", Role: access.Admin},
			{Value: "money", Role: access.Cashier, Entity: "cn"},
		}}})
	require.NoError(w.t, err)
	return n
}

// TestClaimsGiveAndTakeRights carries rights through sign-ins as the directory's own role
// of the database, which can forge nothing, and the audit finds nothing to say.
func TestClaimsGiveAndTakeRights(t *testing.T) {
	const week = 7 * 24 * time.Hour
	w := governed(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	owner := w.s
	open := func(role string) *store.Store {
		s, err := store.Open(w.ctx, store.Options{URL: urls[role], MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	gateway := open(store.RoleGateway)
	w.s = open(store.RoleDirectory)

	require.Equal(t, 1, w.says("bob", week, "clerks", "root", "money"), "and no power")
	require.True(t, w.holds("bob", access.FinanceClerk))
	require.False(t, w.holds("bob", access.Admin))
	require.False(t, w.holds("bob", access.Cashier))
	require.Zero(t, w.says("bob", week, "clerks"), "nothing new writes nothing")
	sourced, err := owner.SourcedGrants(w.ctx, 0, "bob")
	require.NoError(t, err)
	require.Len(t, sourced, 1)
	require.Equal(t, store.GrantedByDirectory, sourced[0].Source)
	since := sourced[0].Since
	require.Equal(t, 2, w.says("bob", 2*week+time.Hour, "clerks"), "it is renewed")
	sourced, err = owner.SourcedGrants(w.ctx, 0, "bob")
	require.NoError(t, err)
	require.True(t, since.Equal(sourced[0].Since), "and held since the first")

	next := company()
	now, err := owner.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	next.People, next.Grants = now.People, append(next.Grants, org.Grant{Person: "ada", Role: "admin", Entity: "cn"})
	_, err = owner.ReplaceOrganisation(w.ctx, next, "file")
	require.NoError(t, err)
	w.s.Forget()
	require.True(t, w.holds("bob", access.FinanceClerk), "a file leaves it")

	require.Equal(t, 2, w.says("bob", week, "helpers"), "one ends, one begins")
	require.False(t, w.holds("bob", access.FinanceClerk))
	require.True(t, w.holds("bob", access.Assistant))
	held := w.count(`SELECT count(*) FROM role_grants WHERE person = 'bob' AND source = 'claim' AND ended_at IS NULL`)
	require.Equal(t, 1, held)
	sourced, err = owner.SourcedGrants(w.ctx, 0, "bob")
	require.NoError(t, err)
	require.NoError(t, gateway.RevokeAtOnce(w.ctx, access.Revocation{Person: "bob", Role: access.Assistant, Entity: "cn",
		Grant: sourced[0].ID, Reason: "not here"}, "ada", store.Idempotency{}))
	w.s.Forget()
	require.Zero(t, w.says("bob", week, "helpers"), "what was taken away in the house stays away")
	require.False(t, w.holds("bob", access.Assistant))
	require.Equal(t, 1, w.says("bob", 1500*time.Millisecond, "clerks"))

	directory := sqlx.MustOpen("postgres", urls[store.RoleDirectory])
	defer directory.Close() //nolint:errcheck // only a test's
	for _, forged := range []string{
		`INSERT INTO role_grants SELECT 'x', source, 'bob', 'admin', '', '', from_at, until_at, '', maker, checker, granted_at
			FROM role_grants WHERE source = 'claim' LIMIT 1`,
		`INSERT INTO role_grants SELECT 'x', source, 'bob', 'assistant', 'cn', '', from_at, until_at, '', maker, checker, granted_at
			FROM role_grants WHERE source = 'claim' LIMIT 1`,
		`INSERT INTO role_grants SELECT 'x', 'house', 'bob', 'finance_head', 'cn', '', from_at, NULL, '', 'adm', 'ada', granted_at
			FROM role_grants LIMIT 1`,
		`INSERT INTO role_grants SELECT 'x', source, 'bob', 'finance_head', 'cn', '', from_at, until_at + interval '1 year', '',
			maker, checker, granted_at FROM role_grants WHERE source = 'claim' LIMIT 1`,
		`UPDATE role_grants SET ended_at = NULL, ended_by = '' WHERE ended_by LIKE 'claims:%'`,
		`INSERT INTO org_rows (kind, id, from_version, body) SELECT 'grant', 'bob|finance_head|cn|x', max(version),
			'{"person":"bob","role":"finance_head","entity":"cn","id":"x"}' FROM org_versions`,
	} {
		_, err := directory.Exec(forged)
		require.ErrorContains(t, err, "countersign:", forged)
	}
	require.Eventually(t, func() bool {
		w.s.Forget()
		return !w.holds("bob", access.FinanceClerk)
	}, time.Minute, 100*time.Millisecond, "who does not sign in again loses it")
	w.s = owner
	w.clean()
}
