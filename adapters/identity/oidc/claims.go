package oidc

import (
	"cmp"
	"context"
	"log/slog"
	"strings"

	"golang.org/x/oauth2"
)

// groupsOf reads the values of the groups claim. A provider that does not tell, tells
// too many, or only where else to ask, tells nothing: that is not the same as an empty
// list, and changes no right.
func (p *Provider) groupsOf(c claims) (values []string, told bool) {
	path := cmp.Or(p.config.Trust.GroupsClaim, groupsClaim)
	found, there := at(c.all, path)
	if !there {
		why := "absent"
		first, _, _ := strings.Cut(path, ".")
		if names, _ := c.all["_claim_names"].(map[string]any); names[first] != nil || c.all["hasgroups"] != nil {
			why = "too many for the token: the provider only says where to ask"
		}
		p.untold(path, why)
		return nil, false
	}
	switch v := found.(type) {
	case string:
		return []string{v}, true
	case []any:
		if len(v) > groupsMost {
			p.untold(path, "more than we read")
			return nil, false
		}
		values = make([]string, 0, len(v))
		for _, one := range v {
			text, ok := one.(string)
			if !ok {
				p.untold(path, "not a list of text")
				return nil, false
			}
			values = append(values, text)
		}
		return values, true
	}
	p.untold(path, "not a list of text")
	return nil, false
}

func (p *Provider) untold(path, why string) {
	if len(p.config.Trust.Roles) > 0 || p.config.Trust.Grants {
		slog.Warn("the groups of a sign-in are not told: rights stay as they are", "provider", p.config.ID, "claim", path,
			"why", why)
	}
}

// at finds a claim by its name, or by a path of names with dots between them. Names of
// claims may have dots themselves, so the whole comes first.
func at(all map[string]any, path string) (any, bool) {
	if found, ok := all[path]; ok {
		return found, found != nil
	}
	first, rest, deeper := strings.Cut(path, ".")
	inner, ok := all[first].(map[string]any)
	if !deeper || !ok {
		return nil, false
	}
	return at(inner, rest)
}

// ask adds what the provider tells at its userinfo endpoint of the same person, where
// the configuration says that groups are told there.
func (p *Provider) ask(ctx context.Context, f *found, c *claims, subject string, token *oauth2.Token) error {
	if !p.config.Trust.UserInfo {
		return nil
	}
	if _, there := at(c.all, cmp.Or(p.config.Trust.GroupsClaim, groupsClaim)); there {
		return nil
	}
	info, err := f.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return p.unavailable("userinfo", err)
	}
	if info.Subject != subject {
		return p.refused("userinfo")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return p.refused("userinfo")
	}
	for name, value := range more {
		if _, told := c.all[name]; !told { // what is signed comes first
			c.all[name] = value
		}
	}
	return nil
}
