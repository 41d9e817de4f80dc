package command

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// shelf is one kind of shipped text and how to read its id and hash.
type shelf struct {
	kind, dir string
	read      func(name string, text []byte) (id, hash string, err error)
}

var shelves = []shelf{
	{"policy", "policies", func(name string, text []byte) (string, string, error) {
		p, err := policy.Parse(name, text)
		if err != nil {
			return "", "", err
		}
		return p.ID, p.Hash(), nil
	}},
	{"type", "types", func(name string, text []byte) (string, string, error) {
		t, err := doctype.Parse(name, text)
		if err != nil {
			return "", "", err
		}
		hash, err := evidence.HashOf(t)
		return t.ID, hash, err
	}},
	{"mapping", "mappings", func(name string, text []byte) (string, string, error) {
		m, err := booking.Parse(name, text)
		if err != nil {
			return "", "", err
		}
		hash, err := evidence.HashOf(m)
		return m.ID, hash, err
	}},
}

// publishShipped publishes what ships with the program where nothing of that
// name was ever published: an administrator's later version is never replaced.
// A calendar is brought up to date as long as nobody imported another.
func publishShipped(ctx context.Context, s *store.Store) error {
	for _, shelf := range shelves {
		names, err := fs.Glob(config.Shipped, shelf.dir+"/*.yaml")
		if err != nil {
			return fmt.Errorf("listing shipped %s: %w", shelf.dir, err)
		}
		published, err := s.Policies(ctx, shelf.kind)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := shelf.publish(ctx, s, name, published); err != nil {
				return fmt.Errorf("publishing %s: %w", name, err)
			}
		}
	}
	calendars, err := calendar.Shipped()
	if err != nil {
		return err
	}
	for _, c := range calendars {
		if err := s.ShipCalendar(ctx, c); err != nil {
			return fmt.Errorf("saving calendar %s: %w", c.ID, err)
		}
	}
	return nil
}

func (f shelf) publish(ctx context.Context, s *store.Store, name string, published []store.PolicyRow) error {
	text, err := config.Shipped.ReadFile(name)
	if err != nil {
		return err
	}
	id, hash, err := f.read(path.Base(name), text)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(published, func(row store.PolicyRow) bool { return row.ID == id }) {
		return nil
	}
	_, err = s.PublishPolicy(ctx, store.PolicyRow{Kind: f.kind, ID: id, Version: 1, Hash: hash, YAML: string(text)})
	return err
}

// seedDemo puts the demo company into an empty organisation.
func seedDemo(ctx context.Context, s *store.Store) error {
	version, err := s.OrgVersion(ctx)
	if err != nil || version > 0 {
		return err
	}
	company, err := config.DemoCompany()
	if err != nil {
		return err
	}
	if _, err := s.ReplaceOrganisation(ctx, company, "demo"); err != nil {
		return fmt.Errorf("seeding the demo company: %w", err)
	}
	return s.SaveRates(ctx, demoRates)
}

// replaceCompany makes the organisation what a file says; "" leaves it alone.
// What changes is a new version, with the old one kept.
func (p *parts) replaceCompany(ctx context.Context, file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--company: %w", err)
	}
	company, err := config.ReadCompany(text)
	if err != nil {
		return fmt.Errorf("--company %s: %w", file, err)
	}
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	before, err := organisationNow(ctx, s)
	if err != nil {
		return err
	}
	company = company.Remembering(before)
	if _, err := s.ReplaceOrganisation(ctx, company, "migrate:"+path.Base(file)); err != nil {
		return fmt.Errorf("--company %s: %w", file, err)
	}
	return nil
}

// demoRates are plausible, not quoted: the demo's only.
var demoRates = []document.Rate{
	{Currency: "EUR", Base: "CNY", Value: "8.2000", Source: "demo", Date: "2025-01-01"},
	{Currency: "CNY", Base: "EUR", Value: "0.1219512195", Source: "demo", Date: "2025-01-01"},
	{Currency: "USD", Base: "CNY", Value: "7.1000", Source: "demo", Date: "2025-01-01"},
	{Currency: "JPY", Base: "CNY", Value: "0.0470", Source: "demo", Date: "2025-01-01"},
	{Currency: "USD", Base: "EUR", Value: "0.8660", Source: "demo", Date: "2025-01-01"},
}

func makeRoles(ctx context.Context, address string, given map[string]string) (map[string]string, error) {
	return store.MigrateRoles(ctx, address, store.RolesInput{Passwords: given})
}

// passwords reads role=password pairs.
func passwords(pairs []string) (map[string]string, error) {
	given := map[string]string{}
	for _, pair := range pairs {
		role, password, found := strings.Cut(pair, "=")
		if !found || role == "" || password == "" {
			return nil, fmt.Errorf("--password takes role=password, such as countersign_worker=…")
		}
		given[role] = password
	}
	return given, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
