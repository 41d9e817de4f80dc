package directory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/directory"
)

func listed(t *testing.T, kind directory.Kind, body map[string]any) directory.Resource {
	t.Helper()
	r, err := directory.Read(kind, body)
	require.NoError(t, err)
	return r
}

func human(t *testing.T, key, name, manager string, active any) directory.Resource {
	t.Helper()
	return listed(t, directory.User, map[string]any{"userName": key + "@x", "externalId": key, "displayName": name, "active": active,
		directory.Enterprise: map[string]any{"department": "sales", "manager": manager}})
}

func kept(r directory.Resource, id, manager string) directory.Resource {
	r.ID = id
	inner := map[string]any{"department": "sales"}
	if manager != "" {
		inner["manager"] = map[string]any{"value": manager}
	}
	r.Attributes[directory.Enterprise] = inner
	return r
}

// TestAListingIsComparedByItsKeys proves who joins, changes, leaves and stays; that
// nothing is deleted; and that managers and members are named by our ids.
func TestAListingIsComparedByItsKeys(t *testing.T) {
	group := func(members ...any) directory.Resource {
		return listed(t, directory.Group, map[string]any{"displayName": "clerks", "externalId": "g1", "members": members})
	}
	known := []directory.Resource{
		kept(human(t, "1", "Li", "", true), "li", ""), kept(human(t, "2", "Wu", "", true), "wu", "li"),
		kept(human(t, "3", "Chen", "", true), "chen", ""), kept(human(t, "4", "Gone", "", false), "gone", ""),
	}
	members := group()
	members.ID, members.Members = "g", []string{"wu"}
	known = append(known, members)
	l := directory.Listing{Users: []directory.Resource{
		human(t, "9", "Zhao", "1", true), human(t, "2", "Wu Min", "1", nil), human(t, "1", "Li", "", true),
		human(t, "8", "Never", "", false),
	}, Groups: []directory.Resource{group(map[string]any{"value": "1"}, map[string]any{"value": "9"})}}
	require.NoError(t, l.Check())
	var got []string
	for _, d := range directory.Compare(l, known) {
		got = append(got, fmt.Sprint(d.What, " ", d.Key, " ", d.ID, " ", d.Name, " ", d.Fields, " ",
			d.Next.Text(directory.Enterprise, "manager", "value"), " ", d.Next.Members, " ", d.Next.Active()))
	}
	require.Equal(t, []string{
		"changes 2 wu Wu Min [displayName] li [] true",
		"joins 9  Zhao [] li [] true",
		"changes g1 g clerks [members]  [li] true",
		"leaves 3 chen Chen [active]  [] false",
	}, got)
	joins, changes, leaves := directory.Counts(directory.Compare(l, known))
	require.Equal(t, []int{1, 2, 1}, []int{joins, changes, leaves})
	require.Equal(t, []string{"3"}, directory.Leavers(directory.Compare(l, known)))

	l.Groups = nil
	all := directory.Compare(l, known)
	require.Equal(t, []string{"g1", "3"}, []string{all[len(all)-2].Key, all[len(all)-1].Key}, "a group that is listed no more is empty")
	require.Empty(t, all[len(all)-2].Next.Members)
	back := human(t, "4", "Gone", "", nil)
	all = directory.Compare(directory.Listing{Users: []directory.Resource{back}}, known[3:4])
	require.Len(t, all, 1)
	require.True(t, all[0].Next.Active(), "who is listed again works here again")
}

// TestAListingMustBeWhole proves what is refused before anything is compared.
func TestAListingMustBeWhole(t *testing.T) {
	require.Error(t, directory.Listing{}.Check())
	twice := []directory.Resource{human(t, "1", "Li", "", true), human(t, "1", "Wu", "", true)}
	require.Error(t, directory.Listing{Users: twice}.Check())
}
