package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/scim"
)

// TestEntraProvisions plays what Entra sends, body by body.
func TestEntraProvisions(t *testing.T) {
	h := newDirectory(t, wide)
	got := h.ask("GET", `/Users?filter=userName+eq+"non-existing-7c1a"`, "").is(200).json()
	require.EqualValues(t, 0, got["totalResults"], "the connection test wants an empty list")
	require.Equal(t, []any{}, got["Resources"])

	boss := h.user("mo@corp.example", "ext-mo", "")
	id := h.user("alice@corp.example", "ext-alice", `,"title":"CPA","phoneNumbers":[{"type":"work","value":"1"}],
		"name":{"givenName":"Alice","familyName":"Wu","formatted":"Alice Wu"},"preferredLanguage":"en-US","roles":[],
		"`+enterpriseURN+`":{"employeeNumber":"E1","department":"Finance & Accounting","manager":{"value":"`+boss+`"}}`)
	alice := h.people().People[id]
	require.Equal(t, org.Person{ID: id, Name: "alice", Email: "alice@corp.example", Locale: "en", Entity: "acme-cn",
		Department: "finance", CostCenter: "CC-FIN", Manager: boss, Active: true, Subject: "ext-alice"}, alice)
	shown := h.ask("GET", "/Users/"+id, "").is(200)
	require.NotContains(t, string(shown.body), "phoneNumbers", "what means nothing here is not kept")
	require.Equal(t, `W/"1"`, shown.json()["meta"].(map[string]any)["version"])

	// The capitals, the text for a truth value, the dotted names, and the bare manager.
	h.patch("/Users/"+id, `{"op":"Replace","value":{"displayName":"Alice Wu-Li","name.givenName":"Alicia",
		"`+enterpriseURN+`:department":"sales"}},{"op":"Add","path":"emails[type eq \"work\"].value","value":"wu@corp.example"},
		{"op":"Add","path":"`+enterpriseURN+`:manager","value":"`+boss+`"}`).is(200)
	alice = h.people().People[id]
	require.Equal(t, []string{"Alice Wu-Li", "wu@corp.example", "sales", "CC-SALES", boss},
		[]string{alice.Name, alice.Email, alice.Department, alice.CostCenter, alice.Manager})
	version := h.people().Version
	h.patch("/Users/"+id, `{"op":"Replace","path":"displayName","value":"Alice Wu-Li"}`).is(200)
	require.Equal(t, version, h.people().Version, "what says nothing new writes nothing")

	h.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"False"}`).is(200)
	require.False(t, h.people().People[id].Active)
	h.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"True"}`).is(200)
	require.True(t, h.people().People[id].Active)

	h.ask("DELETE", "/Users/"+id, "").is(204)
	h.ask("GET", "/Users/"+id, "").refusedAs(404, "")
	h.ask("DELETE", "/Users/"+id, "").refusedAs(404, "")
	require.False(t, h.people().People[id].Active, "history keeps the person")
	require.EqualValues(t, 0, h.ask("GET", `/Users?filter=externalId+eq+"ext-alice"`, "").is(200).json()["totalResults"])
	require.Equal(t, id, h.user("alice2@corp.example", "ext-alice", ""), "the same external id is the same human")
	require.True(t, h.people().People[id].Active)
	h.audited()
}

// TestOktaProvisions plays Okta: PUT of whole users, PATCH of groups without a path.
func TestOktaProvisions(t *testing.T) {
	h := newDirectory(t, wide)
	id := h.user("bob@corp.example", "00u1", "")
	put := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"` + id + `","userName":"bob@corp.example",
		"externalId":"00u1","name":{"givenName":"伟","familyName":"王"},"emails":[{"value":"bob@corp.example","primary":true}],
		"locale":"zh-CN","groups":[],"meta":{"resourceType":"User"},"active":%s}`
	h.ask("PUT", "/Users/"+id, fmt.Sprintf(put, "true")).is(200)
	require.Equal(t, "王伟", h.people().People[id].Name)
	h.ask("PUT", "/Users/"+id, fmt.Sprintf(put, "false")).is(200)
	require.False(t, h.people().People[id].Active)
	withoutActive := strings.Replace(put, `,"active":%s`, "", 1)
	h.ask("PUT", "/Users/"+id, withoutActive).is(200)
	require.False(t, h.people().People[id].Active, "nobody comes back because a client left it out")
	h.ask("PUT", "/Users/"+id, fmt.Sprintf(put, "true")).is(200)

	group := h.ask("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Berlin",
		"members":[]}`).is(201).text("id")
	h.patch("/Groups/"+group, `{"op":"replace","value":{"id":"`+group+`","displayName":"Berlin"}}`).is(200)
	h.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+id+`","display":"bob"}]}`).is(200)
	require.Equal(t, "acme-de", h.people().People[id].Entity, "the group says where he works")
	list := h.ask("GET", `/Groups?filter=members.value+eq+"`+id+`"+and+displayName+eq+"berlin"`, "").is(200).json()
	require.EqualValues(t, 1, list["totalResults"])
	h.audited()
}

// TestGroupsGrant: what a group means is configuration; coming in grants, leaving
// takes away at once, and a group that means nothing grants nothing.
func TestGroupsGrant(t *testing.T) {
	h := newDirectory(t, wide)
	ann, ben, eve := h.user("ann@corp.example", "a", ""), h.user("ben@corp.example", "b", ""), h.user("eve@corp.example", "e", "")
	group := func(name, external string) string {
		return h.ask("POST", "/Groups", fmt.Sprintf(`{"displayName":%q,"externalId":%q}`, name, external)).is(201).text("id")
	}
	finance, admins := group("Clerks", entraFinance), group("Domain Admins", entraUnmapped)
	clerks := func() []string {
		var ids []string
		for _, p := range h.people().Holders("finance_clerk", "acme-cn") {
			ids = append(ids, p.ID)
		}
		return ids
	}
	before := clerks()
	h.patch("/Groups/"+admins, fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":%q}]}`, eve)).is(200)
	require.Empty(t, h.people().GrantsOf(eve), "an unmapped group is kept and shown, and grants nothing")
	h.patch("/Groups/"+finance, fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":%q},{"value":%q},{"value":%q}]}`,
		ann, ben, eve)).is(200)
	require.ElementsMatch(t, append(before, ann, ben, eve), clerks())
	require.Equal(t, 3, h.count(`SELECT count(*) FROM role_holders WHERE role = 'finance_clerk' AND person = ANY($1)`,
		"{"+ann+","+ben+","+eve+"}"))

	// A list is taken out, not the whole group; then one by a filter.
	h.patch("/Groups/"+finance, fmt.Sprintf(`{"op":"Remove","path":"members","value":[{"value":%q}]}`, ann)).is(200)
	require.ElementsMatch(t, append(before, ben, eve), clerks())
	h.patch("/Groups/"+finance, fmt.Sprintf(`{"op":"Remove","path":"members[value eq \"%s\"]"}`, ben)).is(200)
	require.ElementsMatch(t, append(before, eve), clerks())
	h.patch("/Groups/"+finance, `{"op":"Remove","path":"members","value":[]}`).is(200)
	require.ElementsMatch(t, append(before, eve), clerks(), "a list of nobody takes nobody out")

	require.NotContains(t, h.ask("GET", "/Groups/"+finance+"?excludedAttributes=members", "").is(200).json(), "members")
	require.Len(t, h.ask("GET", "/Groups/"+finance, "").is(200).json()["members"], 1)
	h.patch("/Users/"+eve, `{"op":"replace","path":"active","value":false}`).is(200)
	require.ElementsMatch(t, before, clerks())
	require.Empty(t, h.people().GrantsOf(eve), "who left has no grant by a group")
	h.patch("/Users/"+eve, `{"op":"replace","path":"active","value":true}`).is(200)
	h.ask("DELETE", "/Groups/"+finance, "").is(204)
	require.ElementsMatch(t, before, clerks())

	// The file gives wang the role: the group does not take away what is the file's.
	wang := h.user("wang@example.com", "w", "")
	require.Equal(t, "wang", wang, "whom the house knows by the address is taken over, not doubled")
	require.Equal(t, "wang", h.people().People["wang"].Name, "with what the directory says")
	require.Equal(t, "liu", h.people().People["wang"].Manager, "and what it does not say stays")
	require.Empty(t, h.people().People["wang"].Subject, "a directory gives nobody else's account a sign-in")
	h.audited()
}

// TestRefusalsOfADirectory holds each refusal, and that it leaves nothing.
func TestRefusalsOfADirectory(t *testing.T) {
	h := newDirectory(t, wide)
	id := h.user("ann@corp.example", "a", "")
	group := h.ask("POST", "/Groups", `{"displayName":"Clerks","externalId":"`+entraFinance+`"}`).is(201).text("id")
	version, entries := h.people().Version, h.count(`SELECT sum(version) FROM directory_entries`)
	deep := strings.Repeat("(", 12) + `userName eq "x"` + strings.Repeat(")", 12)
	for _, tt := range []struct {
		method, path, body string
		status             int
		word               string
	}{
		{"POST", "/Users", `{"userName":"ANN@corp.example"}`, 409, "uniqueness"},
		{"POST", "/Users", `{"userName":"new@corp.example","externalId":"a"}`, 409, "uniqueness"},
		{"POST", "/Users", `{"displayName":"nobody"}`, 400, "invalidValue"},
		{"POST", "/Users", `{"userName":["a","b"]}`, 400, "invalidValue"},
		{"POST", "/Users", `[]`, 400, "invalidSyntax"},
		{"POST", "/Users", `{"userName":"m@corp.example","` + enterpriseURN + `":{"manager":{"value":"nobody"}}}`, 400, "invalidValue"},
		{"POST", "/Groups", `{"displayName":"clerks"}`, 409, "uniqueness"},
		{"POST", "/Groups", `{"displayName":"x","members":[{"value":"nobody"}]}`, 400, "invalidValue"},
		{"GET", "/Users?filter=userName+is+1", "", 400, "invalidFilter"},
		{"GET", "/Users?filter=shoeSize+eq+1", "", 400, "invalidFilter"},
		{"GET", "/Users?filter=" + strings.ReplaceAll(deep, " ", "+"), "", 400, "invalidFilter"},
		{"GET", "/Users?filter=" + strings.Repeat("a", 2100), "", 400, "invalidFilter"},
		{"GET", "/Users?count=many", "", 400, "invalidValue"},
		{"GET", "/Users/nobody", "", 404, ""},
		{"GET", "/Devices", "", 404, ""},
		{"PUT", "/Users", `{}`, 405, ""},
		{"POST", "/Bulk", `{}`, 501, ""},
		{"PATCH", "/Users/" + id, `{"Operations":[]}`, 400, "invalidSyntax"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"rename","path":"userName","value":"x"}]}`, 400, "invalidSyntax"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"remove"}]}`, 400, "noTarget"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"remove","path":"userName"}]}`, 400, "invalidValue"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"remove","path":"active"}]}`, 400, "invalidValue"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":"id","value":"x"}]}`, 400, "mutability"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":"shoeSize","value":"x"}]}`, 400, "invalidPath"},
		{"PATCH", "/Users/" + id, `{"Operations":[{"op":"replace","path":"active","value":"maybe"}]}`, 400, "invalidValue"},
		{"PATCH", "/Groups/" + group, `{"Operations":[{"op":"add","path":"members","value":[{"value":"nobody"}]}]}`, 400, "invalidValue"},
	} {
		h.ask(tt.method, tt.path, tt.body).refusedAs(tt.status, tt.word)
	}
	require.Equal(t, version, h.people().Version, "a refusal leaves nothing")
	require.Equal(t, entries, h.count(`SELECT sum(version) FROM directory_entries`))
}

// TestWhoMayProvision: on every route of a directory a token of this scope, and of an
// administrator, whatever the object; nobody else learns or changes anything there, whichever
// role they have and whoever's token they bring. And
// that token opens nothing else.
func TestWhoMayProvision(t *testing.T) {
	h := newDirectory(t, wide)
	made := h.ask("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"mei@example.com",
		"externalId":"x1","displayName":"Mei Secret","active":true,"emails":[{"value":"mei@example.com","primary":true}]}`).is(201)
	id := made.text("id")
	wrong := map[string]int{"": 401, "cs_wrong": 401,
		h.tokenFor("admin", "other", "organisation:write", "people:read", "organisation:*", "grant:decide"): 403}
	roles := map[string]bool{}
	company := h.people()
	for id := range company.People { // of every role that administers not every company, and of none
		if slices.ContainsFunc(company.GrantsOf(id), func(g org.Grant) bool { return g.Role == access.Admin && g.Entity == "" }) {
			continue
		}
		for _, g := range company.GrantsOf(id) {
			roles[g.Role] = true
		}
		if company.People[id].Active {
			wrong[h.tokenFor(id, "entra", "scim:provision")] = 403
		}
	}
	require.Subset(t, slices.Collect(maps.Keys(roles)), []string{"finance_clerk", "finance_head", "cashier", "auditor"})
	routes := scim.Routes()
	require.Len(t, routes, 17)
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		for token, status := range wrong {
			request, err := http.NewRequestWithContext(t.Context(), method, h.url+strings.Replace(path, "{id}", id, 1),
				strings.NewReader(`{"schemas":["`+patchURN+`"],"Operations":[{"op":"replace","path":"active","value":false}]}`))
			require.NoError(t, err)
			request.Header.Set("Content-Type", scimType)
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			got := send(t, request)
			require.Equal(t, status, got.status, route)
			require.NotContains(t, string(got.body), "Secret", route)
		}
	}
	require.Equal(t, true, h.ask("GET", "/Users/"+id, "").is(200).json()["active"], "nobody changed her")
	for _, path := range []string{"/me", "/people", "/documents", "/tasks", "/organisation", "/tokens", "/policies"} {
		status, _, _ := h.raw("GET", "/api/v1"+path, nil, http.Header{"Authorization": {"Bearer " + h.token}})
		require.Contains(t, []int{403, 404}, status, path)
	}
	status, _, _ := h.raw("GET", "/documents", nil, http.Header{"Authorization": {"Bearer " + h.token}})
	require.Equal(t, 403, status)
}

// TestADirectoryThatTakesTooManyStops: more than a tenth within the window waits for
// an operator; everything but leaving goes on.
func TestADirectoryThatTakesTooManyStops(t *testing.T) {
	h := newDirectory(t, directory.Stop{Percent: 10, Window: time.Hour, AtLeast: 1})
	var ids []string
	for i := range 9 { // 20 active people with those of the file
		ids = append(ids, h.user(fmt.Sprintf("u%d@corp.example", i), fmt.Sprint("x", i), ""))
	}
	off := `{"op":"replace","path":"active","value":false}`
	active := h.count(`SELECT count(*) FROM org_rows WHERE kind = 'person' AND to_version IS NULL AND (body::jsonb->>'active')::boolean`)
	require.Equal(t, 20, active)
	h.patch("/Users/"+ids[0], off).is(200)
	h.ask("DELETE", "/Users/"+ids[1], "").is(204)
	stopped := h.patch("/Users/"+ids[2], off).refusedAs(429, "")
	require.Equal(t, "3600", stopped.header.Get("Retry-After"))
	h.ask("DELETE", "/Users/"+ids[3], "").refusedAs(429, "")
	require.True(t, h.people().People[ids[2]].Active)
	require.Equal(t, 1, h.count(`SELECT count(*) FROM events WHERE kind = 'directory.stopped' AND actor = 'scim:entra'`))
	require.Equal(t, h.count(`SELECT count(DISTINCT person) FROM role_holders WHERE role = 'admin'`),
		h.count(`SELECT count(*) FROM notices WHERE kind = 'directory.stopped'`))
	h.patch("/Users/"+ids[3], `{"op":"replace","path":"displayName","value":"Still here"}`).is(200)
	h.user("new@corp.example", "new", "")

	require.NoError(t, h.store.ReleaseDirectory(t.Context(), "system:operator", "an office closed", 3))
	for _, id := range ids[2:5] {
		h.patch("/Users/"+id, off).is(200)
	}
	h.patch("/Users/"+ids[5], off).refusedAs(429, "")
	h.audited()
}

// TestTwoDirectoriesAtOnce: requests that meet take turns, and nothing is lost.
func TestTwoDirectoriesAtOnce(t *testing.T) {
	h := newDirectory(t, wide)
	group := h.ask("POST", "/Groups", `{"displayName":"Clerks","externalId":"`+entraFinance+`"}`).is(201).text("id")
	var ids [12]string
	for i := range ids {
		ids[i] = h.user(fmt.Sprintf("r%d@corp.example", i), fmt.Sprint("r", i), "")
	}
	before := h.people().Version
	var all sync.WaitGroup
	statuses := make([]int, len(ids)+8)
	for i, id := range ids {
		all.Go(func() {
			statuses[i] = h.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`).status
		})
	}
	for i := range 8 {
		all.Go(func() {
			statuses[len(ids)+i] = h.ask("POST", "/Users", `{"userName":"same@corp.example","externalId":"same"}`).status
		})
	}
	all.Wait()
	made := 0
	for i, status := range statuses {
		if i < len(ids) {
			require.Equal(t, 200, status)
		} else if status == 201 {
			made++
		} else {
			require.Equal(t, 409, status)
		}
	}
	require.Equal(t, 1, made, "the same user is made once")
	require.Equal(t, before+int64(len(ids))+1, h.people().Version)
	require.Len(t, h.ask("GET", "/Groups/"+group, "").json()["members"], len(ids))
	h.audited()
}

// TestPagesOfADirectory: from 1, cut to the most, and told how many there are.
func TestPagesOfADirectory(t *testing.T) {
	h := newDirectory(t, wide)
	for i := range 5 {
		h.user(fmt.Sprintf("p%d@corp.example", i), fmt.Sprint("p", i), "")
	}
	var seen []string
	for start := 1; start <= 5; start += 2 {
		got := h.ask("GET", fmt.Sprintf("/Users?startIndex=%d&count=2&attributes=userName", start), "").is(200).json()
		require.EqualValues(t, 5, got["totalResults"])
		require.EqualValues(t, start, got["startIndex"])
		for _, r := range got["Resources"].([]any) {
			require.Len(t, r.(map[string]any), 3, "id, schemas and what was asked for")
			seen = append(seen, r.(map[string]any)["userName"].(string))
		}
	}
	require.Len(t, seen, 5)
	got := h.ask("GET", `/Users?startIndex=0&count=0`, "").is(200).json()
	require.EqualValues(t, 5, got["totalResults"])
	require.Empty(t, got["Resources"])
	some := h.ask("GET", `/Users?filter=emails[type+eq+"work"].value+sw+"p"+and+not+(userName+ew+"0@corp.example")&count=1`, "")
	require.EqualValues(t, 4, some.is(200).json()["totalResults"])
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas",
		"/Schemas/" + enterpriseURN} {
		var v map[string]any
		require.NoError(t, json.NewDecoder(bytes.NewReader(h.ask("GET", path, "").is(200).body)).Decode(&v))
	}
}
