package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// apps are those whose web views may go straight to a provider.
var apps = []string{"wecom", "dingtalk", "feishu"}

// claimsLast is how long a right by claims holds without another sign-in, where nothing
// else is said: longer than a holiday.
const claimsLast = 30 * 24 * time.Hour

// neverByClaim are the roles that no sign-in brings: neither who administers the house
// nor who releases money. domain/access and the database hold it too.
var neverByClaim = []string{"admin", "operator", "cashier", "employee"}

func (c Config) checkClaims(k *check, at string, provider Provider) {
	k.duration(at+"grants_for", provider.GrantsFor, time.Second, 90*24*time.Hour)
	k.want(len(provider.Grants) == 0 || c.SCIM.DatabaseURL.IsSet() || c.Mode == Dev, "scim.database_url", "is empty",
		"set the address of the role countersign_directory, which `countersign migrate roles` printed: it writes what "+
			"claims give")
	for n, g := range provider.Grants {
		in := at + "grants[" + strconv.Itoa(n) + "]."
		k.want(g.Value != "", in+"value", "is empty", "name the provider's group")
		k.want(g.Role != "", in+"role", "is empty", "name a role")
		k.want(!slices.Contains(neverByClaim, g.Role), in+"role", "is given by no sign-in",
			"grant it in the house, by two people; everybody is an employee")
		k.want(g.Department == "" || g.Entity != "", in+"entity", "is empty", "name the legal entity of the department")
		k.want(g.Trusted, in+"trusted", "is not set, and a role needs a second person",
			"set it to true if at the provider somebody else approves who comes into the group; else grant the role in "+
				"the house")
	}
}

// readingRole is the only role that a provider's group can bring: it decides nothing.
// Authority to decide is granted in the house, by two people and on record.
const readingRole = "auditor"

func (c Config) checkIdentity(k *check) {
	var ids, claimed []string
	for i, provider := range c.Identity.Providers {
		at := "identity.providers[" + strconv.Itoa(i) + "]."
		ids = append(ids, provider.ID)
		if c.Mode == Production && !loopback(provider.Issuer) {
			k.url(at+"issuer", provider.Issuer, "https")
		} else {
			k.url(at+"issuer", provider.Issuer, "http", "https")
		}
		provider.TLS.check(k, at+"tls", strings.HasPrefix(provider.Issuer, "https://"), "begin issuer with https://")
		k.want(provider.ClientID != "", at+"client_id", "is empty", "set the id that the provider gave")
		k.want(slices.Contains(provider.Scopes, "openid"), at+"scopes", "lack openid", "add openid")
		for n, role := range provider.Roles {
			in := at + "roles[" + strconv.Itoa(n) + "]."
			k.want(role.Group != "", in+"group", "is empty", "name the provider's group")
			k.oneOf(in+"role", role.Role, readingRole)
		}
		c.checkClaims(k, at, provider)
		for n, app := range provider.Apps {
			in := at + "apps[" + strconv.Itoa(n) + "]"
			k.oneOf(in, app, apps...)
			k.want(!slices.Contains(claimed, app), in, "goes to another provider already", "name an app once")
			claimed = append(claimed, app)
		}
	}
	k.unique("identity.providers", ids)
	for i, origin := range c.Identity.Passkeys.Origins {
		k.url("identity.passkeys.origins["+strconv.Itoa(i)+"]", origin, "https", "http")
	}
	k.duration("identity.session.idle", c.Identity.Session.Idle, time.Minute, 30*24*time.Hour)
	k.duration("identity.session.absolute", c.Identity.Session.Absolute, c.Identity.Session.Idle, 90*24*time.Hour)
}
