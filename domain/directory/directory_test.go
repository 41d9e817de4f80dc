package directory_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

func user(t testing.TB, body string) directory.Resource {
	t.Helper()
	var sent map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	r, err := directory.Read(directory.User, sent)
	require.NoError(t, err)
	r.ID, r.Version = "018f", 1
	r.Created = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	r.Modified = r.Created
	return r
}

const alice = `{"USERNAME":"Alice@ex.com","externalId":"X1","active":"False","password":"secret","roles":[{"value":"admin"}],
	"name":{"givenName":"Alice","familyName":"Wu"},"emails":[{"value":"home@ex.com","type":"home"},{"value":"a@ex.com","type":"work"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Fin","manager":"boss"}}`

func TestFilters(t *testing.T) {
	r := user(t, alice)
	for source, want := range map[string]bool{
		``: true, `userName eq "alice@EX.com"`: true, `username EQ "x"`: false, `externalId eq "x1"`: false,
		`externalId eq "X1" and active eq false`: true, `active eq "False"`: true, `active ne true`: true,
		`emails[type eq "work"].value eq "A@ex.com"`: true, `emails[type eq "home"].value eq "a@ex.com"`: false,
		`emails[type eq "work" and value co "home"]`: false, `emails co "home"`: true, `emails.value ew "ex.com"`: true,
		`name.familyName sw "w" and not (name.givenName eq "Bob")`: true, `displayName pr`: false, `not (displayName pr)`: true,
		`displayName eq null`: true, `displayName ne "x"`: true, `title pr or userName pr`: true,
		`(userName eq "x" or userName sw "ali") and externalId pr`:                           true,
		`userName eq "x" or userName sw "ali" and externalId eq "no"`:                        false,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "fin"`:     true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "boss"`: true,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "alice@ex.com"`:              true,
		`id eq "018f"`: true, `meta.lastModified gt "2026-10-31T23:00:00-01:00"`: false,
		`meta.lastModified ge "2026-10-31T23:00:00-01:00"`: true, `meta.resourceType eq "User"`: true,
		`userName eq "a\"b"`: false, `userName gt 5`: false,
	} {
		f, err := directory.ParseFilter(directory.User, source)
		require.NoError(t, err, source)
		require.Equal(t, want, directory.Holds(f, r), source)
	}
	for _, source := range []string{`userName`, `userName eq`, `userName eq alice`, `userName like "x"`, `shoe eq "1"`, `and`,
		`(userName pr`, `userName pr)`, `userName pr userName pr`, `not userName pr`, `emails[type eq "x"`, `emails[shoe eq "x"]`,
		`userName[value eq "x"]`, `emails[type eq "x"].shoe eq "x"`, `userName eq "x`, `userName eq {"a":1}`, `members pr`,
		`emails[emails[type eq "x"]]`, `userName eq "x" and`} {
		_, err := directory.ParseFilter(directory.User, source)
		require.Equal(t, "scim.bad_filter", fault.CodeOf(err), source)
	}
	for _, source := range []string{strings.Repeat("(", 11) + "id pr" + strings.Repeat(")", 11), strings.Repeat(" ", 2049) + "id pr"} {
		_, err := directory.ParseFilter(directory.User, source)
		require.Equal(t, "scim.filter_too_big", fault.CodeOf(err), source[:10])
	}
}

func TestWhatIsKept(t *testing.T) {
	r := user(t, alice)
	require.False(t, r.Active(), "the text False is false")
	require.Equal(t, "a@ex.com", r.Email(), "the address of work")
	require.Equal(t, "a@ex.com", r.WorkEmail())
	home := user(t, `{"userName":"mallory","emails":[{"type":"home","value":"boss@ex.com"}]}`)
	require.Equal(t, "boss@ex.com", home.Email())
	require.Empty(t, home.WorkEmail(), "anybody may type in a home address")
	text, err := json.Marshal(r.Attributes)
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret")
	require.NotContains(t, string(text), "admin")
}

func TestPatchesOfAUser(t *testing.T) {
	for _, tt := range []struct{ name, operations, path, want string }{
		{"dotted keys without a path", `[{"op":"Replace","value":{"name.givenName":"Ann","shoeSize":4,"id":"x"}}]`, "name.givenName", "Ann"},
		{"a part", `[{"op":"add","path":"name.familyName","value":"Li"}]`, "name.familyName", "Li"},
		{"a part of what is not there", `[{"op":"Add","path":"emails[type eq \"other\"].value","value":"o@ex.com"}]`, "emails.2.value", "o@ex.com"},
		{"one of a list", `[{"op":"Replace","path":"emails[type eq \"WORK\"].value","value":"w@ex.com"}]`, "emails.1.value", "w@ex.com"},
		{"added twice", `[{"op":"add","path":"emails","value":[{"value":"A@ex.com","type":"home"}]}]`, "emails.1.type", "home"},
		{"taken out of a list", `[{"op":"remove","path":"emails[type eq \"home\"]"}]`, "emails.0.value", "a@ex.com"},
		{"the manager as an id", `[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"m2"}]`,
			"urn.manager.value", "m2"},
		{"the manager as an object", `[{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"m3","displayName":"x"}}]`,
			"urn.manager.value", "m3"},
		{"the extension without a path", `[{"op":"Add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"IT"}}}]`,
			"urn.department", "IT"},
		{"what means nothing here", `[{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"1"},{"op":"Add","path":"title","value":"x"}]`,
			"userName", "Alice@ex.com"},
		{"an empty text takes away", `[{"op":"replace","path":"displayName","value":""},{"op":"remove","path":"externalId"}]`, "externalId", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := user(t, alice)
			next, err := before.Patch(operations(t, tt.operations))
			require.NoError(t, err)
			require.Equal(t, user(t, alice).Attributes, before.Attributes, "the resource before is not touched")
			require.Equal(t, tt.want, dig(next.Attributes, tt.path))
		})
	}
}

func operations(t testing.TB, text string) []directory.Operation {
	t.Helper()
	var sent []map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &sent))
	var all []directory.Operation
	for _, o := range sent {
		op, _ := o["op"].(string)
		path, _ := o["path"].(string)
		value, has := o["value"]
		all = append(all, directory.Operation{Op: op, Path: path, Value: value, HasValue: has})
	}
	return all
}

func dig(v any, path string) string {
	for step := range strings.SplitSeq(path, ".") {
		if step == "urn" {
			step = directory.Enterprise
		}
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			v = at[step[0]-'0']
		}
	}
	text, _ := v.(string)
	return text
}

// TestRemovingAListNeverEmptiesAGroup: elsewhere a remove with a list was read as the
// removal of everybody.
func TestRemovingAListNeverEmptiesAGroup(t *testing.T) {
	group := directory.Resource{Kind: directory.Group, Attributes: map[string]any{"displayName": "g"}, Members: []string{"a", "b", "c"}}
	for text, want := range map[string][]string{
		`[{"op":"Remove","path":"members","value":[{"value":"b"}]}]`:                                            {"a", "c"},
		`[{"op":"remove","path":"members","value":{"value":"b"}}]`:                                              {"a", "c"},
		`[{"op":"remove","path":"members","value":[]}]`:                                                         {"a", "b", "c"},
		`[{"op":"remove","path":"members","value":null}]`:                                                       {"a", "b", "c"},
		`[{"op":"remove","path":"members[value eq \"a\" or value eq \"c\"]"}]`:                                  {"b"},
		`[{"op":"remove","path":"members"}]`:                                                                    nil,
		`[{"op":"add","path":"members","value":[{"value":"d"},{"value":"a"}]}]`:                                 {"a", "b", "c", "d"},
		`[{"op":"replace","value":{"members":[{"value":"z"},{"value":"z"}]}}]`:                                  {"z"},
		`[{"op":"replace","path":"members","value":[{"value":"y"}]},{"op":"add","path":"members","value":"x"}]`: {"x", "y"},
	} {
		next, err := group.Patch(operations(t, text))
		require.NoError(t, err, text)
		require.ElementsMatch(t, want, next.Members, text)
		require.Equal(t, []string{"a", "b", "c"}, group.Members)
	}
}

// TestManagersInACircleAreTolerated: the directory may say so; routing walks it once.
func TestManagersInACircleAreTolerated(t *testing.T) {
	house := directory.House{Departments: map[string]org.Department{"it": {ID: "it", Entity: "e1"}}}
	rules := directory.Rules{Department: "it"}
	people := map[string]org.Person{}
	for id, manager := range map[string]string{"a": "b", "b": "a", "c": "c"} {
		u := user(t, `{"userName":"`+id+`@ex.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"`+manager+`"}}}`)
		u.ID = id
		p, err := rules.Person(u, directory.Known{}, house)
		require.NoError(t, err)
		people[id] = p
	}
	s := &org.Snapshot{People: people}
	require.Equal(t, []org.Person{people["b"]}, s.Chain("a"))
	require.Empty(t, s.Chain("c"), "nobody is their own manager")
}

func TestTheStop(t *testing.T) {
	stop := directory.Stop{Percent: 10, AtLeast: 5}
	for _, tt := range []struct {
		leaving, active int
		want            bool
	}{{4, 10, false}, {5, 10, true}, {5, 50, false}, {6, 50, true}, {1000, 10_000, false}, {1001, 10_000, true}} {
		require.Equal(t, tt.want, stop.Exceeded(tt.leaving, tt.active), "%d of %d", tt.leaving, tt.active)
	}
}

// FuzzFilter: whatever is sent, it is read within its limits or refused, and asking
// twice gives the same answer; a conjunction is never looked up too narrowly.
func FuzzFilter(f *testing.F) {
	f.Add(`userName eq "alice@ex.com" and not (emails[type eq "work" and primary eq true].value pr) or id gt "1"`)
	f.Add(`meta.created ge "2026-01-01T00:00:00Z"`)
	f.Add(`((((((((((a`)
	r := user(f, alice)
	f.Fuzz(func(t *testing.T, source string) {
		got, err := directory.ParseFilter(directory.User, source)
		if err != nil {
			code := fault.CodeOf(err)
			require.True(t, code == "scim.bad_filter" || code == "scim.filter_too_big", code)
			return
		}
		holds := directory.Holds(got, r)
		require.Equal(t, holds, directory.Holds(got, r))
		narrow := directory.NarrowOf(directory.User, got)
		if holds {
			require.True(t, narrow.ID == "" || narrow.ID == r.ID)
			require.True(t, narrow.Name == "" || strings.EqualFold(narrow.Name, r.Name()), source)
			require.True(t, narrow.External == "" || narrow.External == r.External())
			require.Empty(t, narrow.Member)
		}
	})
}

// FuzzPatch: a PATCH is refused whole or leaves a resource that is whole, and never
// changes the one it began with.
func FuzzPatch(f *testing.F) {
	f.Add("Replace", `emails[type eq "work"].value`, `"x@ex.com"`)
	f.Add("add", "", `{"name.givenName":"x","active":"True"}`)
	f.Add("remove", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager`, `null`)
	f.Fuzz(func(t *testing.T, op, path, value string) {
		var v any
		_ = json.Unmarshal([]byte(value), &v)
		for _, before := range []directory.Resource{user(t, alice), {Kind: directory.Group, Members: []string{"a", "b"},
			Attributes: map[string]any{"displayName": "g"}}} {
			members := append([]string{}, before.Members...)
			text, err := json.Marshal(before.Attributes)
			require.NoError(t, err)
			next, err := before.Patch([]directory.Operation{{Op: op, Path: path, Value: v, HasValue: value != ""}})
			after, marshalled := json.Marshal(before.Attributes)
			require.NoError(t, marshalled)
			require.Equal(t, string(text), string(after))
			require.Equal(t, members, append([]string{}, before.Members...))
			if err != nil {
				require.True(t, strings.HasPrefix(fault.CodeOf(err), "scim."), err)
				require.True(t, reflect.DeepEqual(before, next), "a refused patch changes nothing")
				continue
			}
			require.NoError(t, next.Check())
			_, err = json.Marshal(next.Attributes)
			require.NoError(t, err)
		}
	})
}
