package config

import (
	"slices"
	"strconv"
	"time"
)

// apps are those whose web views may go straight to a provider.
var apps = []string{"wecom", "dingtalk", "feishu"}

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
		k.want(provider.ClientID != "", at+"client_id", "is empty", "set the id that the provider gave")
		k.want(slices.Contains(provider.Scopes, "openid"), at+"scopes", "lack openid", "add openid")
		for n, role := range provider.Roles {
			in := at + "roles[" + strconv.Itoa(n) + "]."
			k.want(role.Group != "", in+"group", "is empty", "name the provider's group")
			k.oneOf(in+"role", role.Role, readingRole)
		}
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
