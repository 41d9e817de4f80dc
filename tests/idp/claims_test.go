package idp_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/tests/idp"
)

// with is everybody, and alice with these claims beside hers.
func with(claims map[string]any) map[string]map[string]any {
	all := maps.Clone(users)
	alice := maps.Clone(all["alice"])
	delete(alice, "groups")
	maps.Copy(alice, claims)
	all["alice"] = alice
	return all
}

// TestGroupsGiveRoles proves at a real provider that groups give a role, that the next
// sign-in without them takes it from every open session, that what is not told changes
// nothing, and that whoever does not come in gets nothing.
func TestGroupsGiveRoles(t *testing.T) {
	d := newDoor(t)
	roles := func(names ...string) map[string]any {
		return map[string]any{"realm_access": map[string]any{"roles": append([]string{}, names...)}}
	}
	p := idp.Start(t, idp.Settings{Clients: []idp.Client{d.client("company"), d.client("other")}, Users: with(roles("clerks"))})
	c, other := config("company", p.Issuer), config("other", p.Issuer)
	c.Trust.PersonClaim, c.Trust.GroupsClaim, c.Trust.Tenants = "employee_number", "realm_access.roles", []string{"t1"}
	other.Trust = c.Trust
	d.claims = map[string]auth.Claims{"company": {Lasts: time.Hour, Rules: []access.ClaimRule{
		{Value: "clerks", Role: access.FinanceClerk, Entity: "cn"}, {Value: "audit", Role: access.Auditor}}}}
	d.opens(c, other)

	d.is(d.browser().signIn(p, "/login/other", "alice"), 200, "/ wu")
	require.Empty(t, d.grants("wu"), "a provider without a mapping gives nothing")
	d.is(d.browser().signIn(p, "/login/company", "bob"), 403, "identity.not_allowed")
	stopped := d.stopping()
	stopped.signIn(p, "/login/company", "alice")
	d.is(stopped.open(changed(t, stopped.held, "code", "forged")), 403, "invalid_grant")
	require.Empty(t, d.grants("wu"), "nor does who did not come in")

	first := d.browser()
	d.is(first.signIn(p, "/login/company", "alice"), 200, "/ wu finance_clerk")
	require.Equal(t, []string{access.FinanceClerk}, d.grants("wu"))
	p.Know(with(nil))
	d.is(d.browser().signIn(p, "/login/company", "alice"), 200, "/ wu finance_clerk") // not told: nothing changes
	p.Know(with(roles("audit")))
	d.is(first.open("/x"), 200, "/x wu finance_clerk") // between sign-ins nobody tells us
	d.is(d.browser().signIn(p, "/login/company", "alice"), 200, "/ wu auditor")
	d.is(first.open("/x"), 200, "/x wu auditor") // the open session has what holds now
	p.Know(with(roles()))
	d.is(d.browser().signIn(p, "/login/company", "alice"), 200, "/ wu")
	require.Equal(t, "/x wu", read(t, first.open("/x")), "an empty list takes it away")
	require.Empty(t, d.grants("wu"))
	report, err := d.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// TestGroupsFromUserInfo proves that groups which a provider tells only there are read.
func TestGroupsFromUserInfo(t *testing.T) {
	d := newDoor(t)
	p := idp.Start(t, idp.Settings{Clients: []idp.Client{d.client("company")}, Users: users, UserInfo: true})
	c := config("company", p.Issuer)
	c.Trust.PersonClaim, c.Trust.UserInfo = "employee_number", true
	d.claims = map[string]auth.Claims{"company": {Lasts: time.Hour,
		Rules: []access.ClaimRule{{Value: "audit", Role: access.Auditor}}}}
	d.opens(c)
	d.is(d.browser().signIn(p, "/login/company", "alice"), 200, "/ wu auditor")
}

// grants lists the roles that somebody has.
func (d *door) grants(person string) []string {
	d.t.Helper()
	now, err := d.store.Snapshot(d.t.Context(), 0)
	require.NoError(d.t, err)
	var roles []string
	for _, g := range now.GrantsOf(person) {
		roles = append(roles, g.Role)
	}
	return roles
}
