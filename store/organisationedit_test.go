package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// TestAnAdministratorsEditUnderTheDirectorysRole: what an administrator changes on the
// pages is a version with its event; the role that writes it cannot write more in anybody's
// name: not without the administrator's companies, not about themselves, no sign-in, no role.
func TestAnAdministratorsEditUnderTheDirectorysRole(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	s, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleDirectory], MaxOpen: 2})
	require.NoError(t, err)
	defer s.Close() //nolint:errcheck // only a test's
	now := func() *org.Snapshot {
		w.s.Forget()
		snapshot, err := w.s.Snapshot(w.ctx, 0)
		require.NoError(t, err)
		return snapshot
	}
	edited := func(actor string, people []org.Person, departments ...org.Department) (int64, error) {
		return s.EditOrganisation(w.ctx, store.OrganisationEdit{
			Base: now().Version, Actor: actor, Reason: "test", People: people, Departments: departments})
	}
	person := func(id string, change func(*org.Person)) []org.Person {
		p := now().People[id]
		p.ID = id
		change(&p)
		return []org.Person{p}
	}
	managed := person("sue", func(p *org.Person) { p.Manager = "ann" })
	base := now().Version
	version, err := edited("adm", managed, org.Department{ID: "sales", Entity: "cn", Head: "bob"},
		org.Department{ID: "lab", Entity: "cn", Parent: "sales", Head: "ann"})
	require.NoError(t, err)
	require.Equal(t, base+1, version)
	require.Equal(t, "ann bob sales", now().People["sue"].Manager+" "+now().Departments["sales"].Head+" "+now().Departments["lab"].Parent)
	again, err := edited("adm", managed)
	require.NoError(t, err)
	require.Equal(t, version, again, "what is so already keeps its version")
	_, err = s.EditOrganisation(w.ctx, store.OrganisationEdit{Base: base, Actor: "adm", People: managed})
	require.Equal(t, "organisation.moved", fault.CodeOf(err))

	_, err = edited("adm", person("rob", func(p *org.Person) { p.Active = false }))
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM leavers WHERE person = 'rob'`))
	_, err = edited("adm", person("rob", func(p *org.Person) { p.Active = true }))
	require.NoError(t, err)
	require.Zero(t, w.count(`SELECT count(*) FROM leavers WHERE person = 'rob'`))

	for name, try := range map[string]func() (int64, error){
		"who administers nothing": func() (int64, error) { return edited("ann", person("bob", func(p *org.Person) { p.Grade = 9 })) },
		"a department by nobody":  func() (int64, error) { return edited("ann", nil, org.Department{ID: "new", Entity: "cn", Head: "bob"}) },
		"a department by a directory": func() (int64, error) {
			return edited("scim:x", nil, org.Department{ID: "new", Entity: "cn", Head: "bob"})
		},
		"their own row":    func() (int64, error) { return edited("adm", person("adm", func(p *org.Person) { p.Manager = "bob" })) },
		"their own people": func() (int64, error) { return edited("adm", person("bob", func(p *org.Person) { p.Manager = "adm" })) },
		"their own department": func() (int64, error) {
			return edited("adm", nil, org.Department{ID: "lab", Entity: "cn", Parent: "sales", Head: "adm"})
		},
		"a sign-in": func() (int64, error) {
			return edited("adm", person("bob", func(p *org.Person) { p.Subject = "sub-adm" }))
		},
		"whose account": func() (int64, error) {
			return edited("adm", person("bob", func(p *org.Person) { p.Aliases = []string{"ann"} }))
		},
	} {
		before := now().Version
		_, err := try()
		require.Equal(t, fault.Internal, fault.KindOf(err), "%s: %v", name, err)
		require.Equal(t, before, now().Version, name)
	}

	zoe, err := s.WriteDirectory(w.ctx, tells("", "zoe", true))
	require.NoError(t, err)
	_, err = edited("adm", person(zoe.ID, func(p *org.Person) { p.Name = "other" }))
	require.Equal(t, "organisation.kept", fault.CodeOf(err))
	_, err = edited("adm", person(zoe.ID, func(p *org.Person) { p.Grade = 4 }))
	require.NoError(t, err)
	require.Equal(t, 4, now().People[zoe.ID].Grade)
	w.clean()
}

func TestATableOfPeopleWaitsForWhoBroughtIt(t *testing.T) {
	w := newWorld(t)
	id, err := w.s.KeepTable(w.ctx, "adm", "people.csv", []byte("id\nx\n"))
	require.NoError(t, err)
	name, text, err := w.s.KeptTable(w.ctx, "adm", id)
	require.NoError(t, err)
	require.Equal(t, "people.csv id\nx\n", name+" "+string(text))
	_, _, err = w.s.KeptTable(w.ctx, "ann", id)
	require.Equal(t, "organisation.table", fault.CodeOf(err))
	require.NoError(t, w.s.DropTable(w.ctx, "ann", id))
	_, err = w.root.Exec(`UPDATE organisation_tables SET made_at = made_at - interval '25 hours'`)
	require.NoError(t, err)
	_, _, err = w.s.KeptTable(w.ctx, "adm", id)
	require.Equal(t, "organisation.table", fault.CodeOf(err), "a day is over")
	second, err := w.s.KeepTable(w.ctx, "adm", "people.csv", []byte("id\n"))
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM organisation_tables`), "what is old is forgotten")
	require.NoError(t, w.s.DropTable(w.ctx, "adm", second))
	require.Zero(t, w.count(`SELECT count(*) FROM organisation_tables`))
}
