package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// tells is a write of a directory about one user.
func tells(id, name string, active bool) store.DirectoryWrite {
	return store.DirectoryWrite{Kind: directory.User, ID: id, Verb: "test", Actor: "scim:test",
		Rules: directory.Rules{Department: "sales", Locale: "en", Subject: directory.SubjectExternal,
			Groups: []directory.GroupRule{{Group: "Clerks", Role: "finance_clerk"}}},
		Stop: directory.Stop{Percent: 100, Window: time.Hour, AtLeast: 1000},
		Edit: func(before directory.Resource) (directory.Resource, error) {
			next, err := directory.Read(directory.User, map[string]any{"userName": name, "externalId": "x-" + name,
				"active": active, "displayName": name, "emails": []any{map[string]any{"value": name + "@ex.com", "primary": true}}})
			if before.ID == "" {
				return next, err
			}
			return before.Replaced(next), err
		}}
}

// forGroup is the same writer's word on a group.
func forGroup(id, name string, members ...any) store.DirectoryWrite {
	in := tells(id, "", true)
	in.Kind = directory.Group
	in.Edit = func(before directory.Resource) (directory.Resource, error) {
		next, err := directory.Read(directory.Group, map[string]any{"displayName": name, "members": members})
		if before.ID == "" {
			return next, err
		}
		return before.Replaced(next), err
	}
	return in
}

// TestAFileLeavesADirectorysPeople: what a directory says of people stays when a file
// replaces the organisation; what a file gives stays when the group goes.
func TestAFileLeavesADirectorysPeople(t *testing.T) {
	w := newWorld(t)
	in := tells("", "zoe", true)
	zoe, err := w.s.WriteDirectory(w.ctx, in)
	require.NoError(t, err)
	group, err := w.s.WriteDirectory(w.ctx, forGroup("", "Clerks", zoe.ID))
	require.NoError(t, err)
	grant := org.Grant{Person: zoe.ID, Role: "finance_clerk"}
	next := company()
	foreseen, err := w.s.WithDirectory(w.ctx, next)
	require.NoError(t, err)
	require.True(t, foreseen.Active(zoe.ID))
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "import:x")
	require.NoError(t, err)
	now, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	require.True(t, now.Active(zoe.ID))
	require.Contains(t, now.Grants, grant)
	_, told := next.People[zoe.ID]
	require.False(t, told, "the caller's organisation is not touched")

	next.People[zoe.ID] = org.Person{ID: zoe.ID, Name: "other", Email: "other@ex.com", Entity: "cn", Grade: 7}
	next.Grants = append(next.Grants, grant)
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "import:y")
	require.NoError(t, err)
	now, err = w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	require.Equal(t, "zoe", now.People[zoe.ID].Name, "the directory says who she is")
	require.Equal(t, 7, now.People[zoe.ID].Grade, "the file what the directory does not know")
	require.True(t, now.Active(zoe.ID))
	_, err = w.s.WriteDirectory(w.ctx, forGroup(group.ID, "Clerks"))
	require.NoError(t, err)
	now, err = w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	require.Contains(t, now.Grants, grant, "what the file gives is the file's to take away")
	require.Zero(t, w.count(`SELECT count(*) FROM directory_grants`))
	w.clean()
}

// TestTheDirectorysRoleSaysNoMore: its password makes nobody an administrator, gives
// no account another sign-in, and forges nothing else.
func TestTheDirectorysRoleSaysNoMore(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	s, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleDirectory], MaxOpen: 2})
	require.NoError(t, err)
	defer s.Close() //nolint:errcheck // only a test's
	in := tells("", "zoe", true)
	zoe, err := s.WriteDirectory(w.ctx, in)
	require.NoError(t, err)
	group := forGroup("", "Clerks", zoe.ID)
	for _, role := range []string{"admin", "operator"} {
		group.Rules.Groups = []directory.GroupRule{{Group: "Clerks", Role: role}}
		_, err = s.WriteDirectory(w.ctx, group)
		require.Equal(t, fault.Internal, fault.KindOf(err), "%v", err)
	}
	for _, statement := range []string{
		`INSERT INTO org_rows SELECT kind, 'x', from_version, to_version, body FROM org_rows WHERE kind = 'department'`,
		`INSERT INTO org_rows SELECT kind, id, from_version + 1, 1, replace(body, 'sub-ann', 'sub-me') FROM org_rows WHERE id = 'ann'`,
		`UPDATE org_rows SET to_version = 99 WHERE kind = 'department'`,
		`UPDATE org_rows SET to_version = 99 WHERE kind = 'grant' AND body::jsonb ->> 'role' = 'admin'`,
		`INSERT INTO role_holders (role, entity, person) VALUES ('admin', '', 'sue')`,
		`UPDATE org_rows SET body = '{}'`, `DELETE FROM org_versions`, `SELECT * FROM sessions`, `SELECT hash FROM tokens`,
		`INSERT INTO events SELECT 'org', 99, at, 'organisation.replaced', actor, '', 'x', 0, 0, '', '{}', '', 'x', 1 FROM events LIMIT 1`,
		`INSERT INTO events SELECT 'd1', 99, at, 'organisation.changed', actor, '', 'x', 0, 0, '', '{}', '', 'x', 1 FROM events LIMIT 1`,
		`INSERT INTO causes SELECT 'd1', 'x', 1, 1, '{}', now()`, `UPDATE directory_stops SET released_at = now()`,
		`DELETE FROM directory_leavings`, `DELETE FROM directory_entries`, `SELECT * FROM documents`, `SELECT * FROM inbox`,
		`SELECT data FROM events`, `SELECT data FROM notices`,
		`INSERT INTO policies SELECT * FROM policies`, `SET ROLE countersign_owner`,
	} {
		w.deniedTo(urls[store.RoleDirectory], statement)
	}
	w.leavesByDirectory(s)
	few := tells(zoe.ID, "zoe", false)
	few.Stop = directory.Stop{Percent: 1, Window: time.Hour, AtLeast: 1}
	_, err = s.WriteDirectory(w.ctx, few)
	require.Equal(t, "scim.stopped", fault.CodeOf(err))
	w.clean()
}

// TestANameMakesNobodySomebodyWhoLeft: a name is given again, to another human, who
// comes into nothing that its last holder had. The directory's own id is not.
func TestANameMakesNobodySomebodyWhoLeft(t *testing.T) {
	w := newWorld(t)
	unnamed := func(id string, gone bool) store.DirectoryWrite {
		in := tells(id, "", true)
		in.Edit = func(before directory.Resource) (directory.Resource, error) {
			if before.Deleted = gone; gone {
				return before, nil
			}
			return directory.Read(directory.User, map[string]any{"userName": "zoe@ex.com"})
		}
		return in
	}
	left, err := w.s.WriteDirectory(w.ctx, unnamed("", false))
	require.NoError(t, err)
	next := company()
	next.Grants = append(next.Grants, org.Grant{Person: left.ID, Role: "finance_clerk"})
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "import:x")
	require.NoError(t, err)
	_, err = w.s.WriteDirectory(w.ctx, unnamed(left.ID, true))
	require.NoError(t, err)
	another, err := w.s.WriteDirectory(w.ctx, unnamed("", false))
	require.NoError(t, err)
	require.NotEqual(t, left.ID, another.ID)
	require.Zero(t, w.count(`SELECT count(*) FROM role_holders WHERE person = ANY($1)`, pq.Array([]string{left.ID, another.ID})))

	back, err := w.s.WriteDirectory(w.ctx, tells("", "yun", true))
	require.NoError(t, err)
	_, err = w.s.WriteDirectory(w.ctx, unnamed(back.ID, true))
	require.NoError(t, err)
	again, err := w.s.WriteDirectory(w.ctx, tells("", "yun", true))
	require.NoError(t, err)
	require.Equal(t, back.ID, again.ID)
	w.clean()
}

// TestADirectoryLeavesTheHouseAnAdministrator: it stops, however few leave, until an
// operator says so.
func TestADirectoryLeavesTheHouseAnAdministrator(t *testing.T) {
	w := newWorld(t)
	next := company()
	adm := next.People["adm"]
	adm.Email = "adm@ex.com"
	next.People["adm"] = adm
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(t, err)
	got, err := w.s.WriteDirectory(w.ctx, tells("", "adm", true))
	require.NoError(t, err)
	require.Equal(t, "adm", got.ID)
	_, err = w.s.WriteDirectory(w.ctx, tells("adm", "adm", false))
	require.Equal(t, "scim.stopped", fault.CodeOf(err))
	now, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	require.True(t, now.Active("adm"))
	require.NoError(t, w.s.ReleaseDirectory(w.ctx, "operator", "another house", 1))
	_, err = w.s.WriteDirectory(w.ctx, tells("adm", "adm", false))
	require.NoError(t, err)
	w.clean()
}

// leavesByDirectory takes over somebody of the file and lets them leave, with all
// that they had.
func (w *world) leavesByDirectory(s *store.Store) {
	w.t.Helper()
	next := company()
	ann := next.People["ann"]
	ann.Email = "Ann@Ex.com"
	next.People["ann"] = ann
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(w.t, err)
	rule, err := w.s.MakeDelegation(w.ctx, w.delegation("ann", "bob"))
	require.NoError(w.t, err)
	_, err = w.s.CreateToken(w.ctx, store.Token{Hash: "h", Person: "ann"})
	require.NoError(w.t, err)
	require.NoError(w.t, w.s.Sessions().CommitCtx(store.NewSession(w.ctx), "session", []byte("x"), time.Now().Add(time.Hour)))
	require.NoError(w.t, w.s.Sessions().Bind(w.ctx, "session", store.SessionInfo{Person: "ann"}))
	d := w.routed("train", approval.AnyOf, "ann")

	got, err := s.WriteDirectory(w.ctx, tells("", "ann", true))
	require.NoError(w.t, err)
	require.Equal(w.t, "ann", got.ID)
	left := company()
	gone := left.People["fin"]
	gone.Email, gone.Active = "fin@ex.com", false
	left.People["fin"] = gone
	left.People["ann"] = ann
	_, err = w.s.ReplaceOrganisation(w.ctx, left, "test")
	require.NoError(w.t, err)
	another, err := s.WriteDirectory(w.ctx, tells("", "fin", true))
	require.NoError(w.t, err)
	require.NotEqual(w.t, "fin", another.ID, "who left is not taken over by whoever has the address now")
	_, err = s.WriteDirectory(w.ctx, tells("ann", "ann", false))
	require.NoError(w.t, err)
	for query, arg := range map[string]string{
		`SELECT count(*) FROM sessions WHERE person = $1`:                                                               "ann",
		`SELECT count(*) FROM tokens WHERE person = $1 AND revoked_at IS NULL`:                                          "ann",
		`SELECT count(*) FROM delegations WHERE id = $1 AND revoked_at IS NULL`:                                         rule.ID,
		`SELECT count(*) FROM org_rows WHERE id = $1 AND to_version IS NULL AND body::jsonb ->> 'subject' <> 'sub-ann'`: "ann",
	} {
		require.Zero(w.t, w.count(query, arg), query)
	}
	w.spread()
	require.Len(w.t, w.tells(), 1, "the document that waits for her is told")
	require.Equal(w.t, 1, w.count(`SELECT count(*) FROM tellings WHERE document = $1 AND kind = 'directory'`, d.ID))
}

// BenchmarkDirectoryPost provisions users one by one into an organisation of 5,000.
func BenchmarkDirectoryPost(b *testing.B) {
	w := newWorld(b)
	next := company()
	for i := range 5000 {
		id := fmt.Sprintf("p%05d", i)
		next.People[id] = org.Person{ID: id, Name: id, Email: id + "@old.example", Locale: "zh-CN", Entity: "cn", Department: "sales",
			CostCenter: "CC", Manager: "ann", Active: true, Subject: "s" + id}
	}
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(b, err)
	size := func() int {
		return w.count(`SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'public' AND c.relkind = 'r'`)
	}
	_, err = w.root.Exec(`ANALYZE`) // as autovacuum does within a minute of such an import
	require.NoError(b, err)
	before := size()
	for i := 0; b.Loop(); i++ {
		in := tells("", fmt.Sprintf("new%06d", i), true)
		_, err := w.s.WriteDirectory(w.ctx, in)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(size()-before)/float64(b.N), "stored_B/op")
	begun := time.Now()
	_, err = w.s.Snapshot(w.ctx, 0)
	require.NoError(b, err)
	b.ReportMetric(float64(time.Since(begun).Milliseconds()), "snapshot_ms")
	begun = time.Now()
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "again")
	require.NoError(b, err)
	b.ReportMetric(float64(time.Since(begun).Milliseconds()), "replace_ms")
	begun = time.Now()
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(b, err)
	require.Empty(b, report.Findings)
	b.ReportMetric(float64(time.Since(begun).Milliseconds()), "audit_ms")
}

// deniedTo holds that an address of the database may not do something.
func (w *world) deniedTo(address, statement string) {
	w.t.Helper()
	db := sqlx.MustOpen("postgres", address)
	defer db.Close() //nolint:errcheck // only a test's
	_, err := db.Exec(statement)
	require.Error(w.t, err, statement)
	require.Regexp(w.t, "permission denied|countersign:|must be owner", err.Error(), statement)
}
