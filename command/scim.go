package command

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/gateway/scim"
	"github.com/countersign/countersign/store"
)

// scimConnections is how many a directory needs: its writes take turns anyway.
const scimConnections = 4

// scim is what answers a company's directory; nil where that is off. It works under
// a database role of its own: the gateway's may not say who works here.
func (p *parts) scim(ctx context.Context, s *store.Store) (http.Handler, error) {
	c := p.config.SCIM
	if !c.Enabled {
		return nil, nil
	}
	own, err := p.directoryStore(ctx, s)
	if err != nil {
		return nil, err
	}
	return scim.New(scim.Deps{Directory: own, Forget: s.Forget, Rules: scimRules(p.config), Stop: scimStop(c),
		Public: p.config.Gateway.PublicURL}), nil
}

// directoryStore works as the database's role of the directory, once for a process; it
// is the process's own where none is configured, as in development without roles.
func (p *parts) directoryStore(ctx context.Context, s *store.Store) (*store.Store, error) {
	c := p.config.SCIM
	if !c.DatabaseURL.IsSet() {
		return s, nil
	}
	if p.directory != nil {
		return p.directory, nil
	}
	options := store.Options{URL: c.DatabaseURL.Reveal(), MaxOpen: scimConnections, Application: "countersign-directory"}
	opened, err := patiently(ctx, p, "the database (scim.database_url)", func() (*store.Store, error) {
		return store.Open(ctx, options)
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = opened.Close() })
	p.directory = opened
	return opened, nil
}

// organisation is what changes people and departments from the pages: the directory's role;
// nil where none is configured, but in development without roles.
func (p *parts) organisation(ctx context.Context, s *store.Store) (*store.Store, error) {
	if !p.config.SCIM.DatabaseURL.IsSet() && p.config.Mode != config.Dev {
		return nil, nil
	}
	return p.directoryStore(ctx, s)
}

func scimStop(c config.SCIM) directory.Stop {
	return directory.Stop{Percent: c.Stop.Percent, Window: c.Stop.Window, AtLeast: c.Stop.AtLeast}
}

func scimRules(c config.Config) directory.Rules {
	rules := directory.Rules{Department: c.SCIM.Department, Locale: c.Locale.Default, Subject: c.SCIM.Subject,
		Issuer: c.SCIM.Issuer, Departments: map[string]string{}}
	for _, d := range c.SCIM.Departments {
		rules.Departments[d.Name] = d.Department
	}
	for _, g := range c.SCIM.Groups {
		rules.Groups = append(rules.Groups, directory.GroupRule{Group: g.Group, ID: g.GroupID, Role: g.Role,
			Entity: g.Entity, Department: g.Department})
	}
	return rules
}
