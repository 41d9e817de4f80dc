package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/directory/table"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// listing is a source in a test's hands.
type listing struct {
	text string
	err  error
}

func (s *listing) List(context.Context) (directory.Listing, error) {
	users, err := table.Read([]byte(s.text))
	if s.err != nil {
		err = s.err
	}
	return directory.Listing{Users: users, Sum: "sum"}, err
}

// follower asks one directory as the database's role for it.
type follower struct {
	t      *testing.T
	owner  *store.Store
	sync   *activities.Directories
	source *listing
	env    *testsuite.TestActivityEnvironment
	runs   int
}

func newFollower(t *testing.T) *follower {
	t.Helper()
	owner, url := storetest.Open(t)
	_, err := owner.ReplaceOrganisation(t.Context(), org.Snapshot{
		People: map[string]org.Person{"adm": {ID: "adm", Name: "adm", Entity: "cn", Department: "sales", Active: true},
			"ada": {ID: "ada", Name: "Ada", Email: "ada@x.test", Entity: "cn", Department: "sales", Active: true}},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "adm"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
		Grants:      []org.Grant{{Person: "adm", Role: "admin"}},
	}, "test")
	require.NoError(t, err)
	urls, err := store.MigrateRoles(t.Context(), url, store.RolesInput{})
	require.NoError(t, err)
	own, err := store.Open(t.Context(), store.Options{URL: urls[store.RoleDirectory], MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Close()) })
	f := &follower{t: t, owner: owner, source: new(listing), env: new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()}
	f.sync = &activities.Directories{Book: own, Sources: map[string]activities.DirectorySource{"hr": {Port: f.source,
		Rules: directory.Rules{Locale: "en"}, Stop: directory.Stop{Percent: 20, Window: time.Hour, AtLeast: 2}}}}
	f.env.RegisterActivity(f.sync.SyncDirectory)
	f.env.RegisterActivity(f.sync.FailDirectory)
	return f
}

// asks has the directory asked, when it lists these.
func (f *follower) asks(text string, dry bool) activities.DirectoryRun {
	f.t.Helper()
	f.source.text = "id,name,email,department,manager,left\n" + text
	f.runs++
	in := activities.SyncDirectoryInput{Run: fmt.Sprint("run-", f.runs), Source: "hr", DryRun: dry}
	var out activities.DirectoryRun
	answer, err := f.env.ExecuteActivity(f.sync.SyncDirectory, in)
	require.NoError(f.t, err)
	require.NoError(f.t, answer.Get(&out))
	_, err = f.env.ExecuteActivity(f.sync.SyncDirectory, in) // a worker that died after it, before it said so
	require.NoError(f.t, err)
	return out
}

func (f *follower) person(name string) org.Person {
	f.t.Helper()
	f.owner.Forget()
	now, err := f.owner.Snapshot(f.t.Context(), 0)
	require.NoError(f.t, err)
	for _, p := range now.People {
		if p.Name == name {
			return p
		}
	}
	f.t.Fatal("nobody is called " + name)
	return org.Person{}
}

func staff(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,P%d,p%d@x.test,sales,,\n", i, i, i)
	}
	return b.String()
}

// TestADirectoryIsFollowed carries people through joining, changing, leaving and coming
// back, as the database's own role for it: in a dry run nothing, one wrong line holds up
// nobody else, and the audit finds nothing to say.
func TestADirectoryIsFollowed(t *testing.T) {
	f := newFollower(t)
	rows := staff(8) + "a,Ada,ada@x.test,sales,,\nz,Zoe,zoe@x.test,sales,a,\nw,Wrong,w@x.test,moon,,\n"
	require.Equal(t, activities.DirectoryRun{Run: "run-1", State: store.RunShown, Joins: 11}, f.asks(rows, true))
	out := f.asks(rows, false)
	require.Equal(t, activities.DirectoryRun{Run: "run-2", State: store.RunDone, Joins: 11, Refused: 1}, out)
	require.Equal(t, "ada", f.person("Zoe").Manager, "who works here already is that person, and known to who answers to them")
	run, err := f.owner.DirectoryRun(t.Context(), "run-2")
	require.NoError(t, err)
	require.Equal(t, "scim.no_department", run.Differences[9].Fault)
	require.Equal(t, 11, run.Listed)

	rows = strings.Replace(staff(8), "P1,", "Pia,", 1) + "a,Ada,ada@x.test,sales,,\n" // Zoe is not listed any more
	out = f.asks(rows, false)
	require.Equal(t, activities.DirectoryRun{Run: "run-3", State: store.RunDone, Changes: 1, Leaves: 1}, out)
	require.False(t, f.person("Zoe").Active)
	require.True(t, f.person("Pia").Active)
	require.True(t, f.person("adm").Active, "whom the directory never told of stays")
	out = f.asks(rows+"z,Zoe,zoe@x.test,sales,a,\n", false)
	require.Equal(t, 1, out.Changes)
	require.True(t, f.person("Zoe").Active)

	f.source.err = fault.New(fault.Busy, "directory.unavailable", fault.Arg("source", "hr"))
	_, err = f.env.ExecuteActivity(f.sync.SyncDirectory, activities.SyncDirectoryInput{Run: "busy", Source: "hr"})
	require.Error(t, err, "it is asked again")
	_, err = f.env.ExecuteActivity(f.sync.FailDirectory,
		activities.FailDirectoryInput{Run: "busy", Source: "hr", Code: "directory.unavailable"})
	require.NoError(t, err)
	f.source.err = nil
	require.Equal(t, "directory.empty", f.asks("", false).Code, "an empty list takes nobody away")
	require.Equal(t, "directory.unreadable 2 left is neither yes nor no", f.asks("1,P,p@x,sales,,maybe\n", false).Code)
	report, err := f.owner.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
}

// TestTooManyLeaversAreHeld proves that nothing is carried out until an administrator
// agrees, that the word holds for exactly those, that what a run found stays, and that
// one asks at a time.
func TestTooManyLeaversAreHeld(t *testing.T) {
	f := newFollower(t)
	require.Equal(t, store.RunDone, f.asks(staff(10), false).State)
	few := "0,Other,p0@x.test,sales,,\n" + staff(7)[len("0,P0,p0@x.test,sales,,\n"):]
	out := f.asks(few, false)
	require.Equal(t, activities.DirectoryRun{Run: "run-2", State: store.RunHeld, Changes: 1, Leaves: 3}, out)
	require.True(t, f.person("P9").Active)
	require.True(t, f.person("P0").Active, "nothing else of such a listing is believed either")
	for _, by := range []string{"ada", "nobody"} {
		require.ErrorContains(t, f.owner.AgreeToDirectoryRun(t.Context(), "run-2", by), "countersign:", by)
	}
	require.NoError(t, f.owner.AgreeToDirectoryRun(t.Context(), "run-2", "adm"))
	err := f.owner.AgreeToDirectoryRun(t.Context(), "run-2", "adm")
	require.Equal(t, "directory.not_held", fault.CodeOf(err))
	out = f.asks(staff(6), false)
	require.Equal(t, store.RunHeld, out.State, "one more leaves than was agreed on")
	require.Equal(t, store.RunDone, f.asks(few, false).State)
	require.False(t, f.person("P9").Active)
	require.Equal(t, "Other", f.person("Other").Name)

	require.NoError(t, f.owner.BeginDirectoryRun(t.Context(), store.DirectoryRun{ID: "first", Source: "hr"}))
	require.Equal(t, "directory.running", f.asks(few, false).Code)
	require.NoError(t, f.owner.EndDirectoryRun(t.Context(), store.DirectoryRun{ID: "first", State: store.RunFailed}))
	require.Equal(t, store.RunDone, f.asks(few, false).State)
}
