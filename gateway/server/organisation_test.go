package server_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestATableIsAppliedAsItWasShown: a dry run says everything and changes nothing; exactly
// that is applied, unless the organisation moved meanwhile; and what comes out can go in.
func TestATableIsAppliedAsItWasShown(t *testing.T) {
	h := newDirectory(t, wide)
	urls, err := store.MigrateRoles(t.Context(), storetest.URL(t), store.RolesInput{})
	require.NoError(t, err)
	h.desk.Organisation, err = store.Open(t.Context(), store.Options{URL: urls[store.RoleDirectory], MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.desk.Organisation.Close() })
	kept := h.user("kept@example.com", "x-1", "")
	send := func(as, table string, version float64) answer {
		path := "/organisation/people"
		if version > 0 {
			path += "?version=" + strconv.FormatInt(int64(version), 10)
		}
		return h.do(call{as: as, method: "POST", path: path, body: strings.NewReader(table), media: "text/csv"})
	}
	send("lin", "id\nlin\n", 0).refused(403, "access.denied")
	send("audit", "id\nlin\n", 0).refused(403, "access.denied")

	table := "id,name,email,department,manager,left\nnew,新人,new@example.com,finance,liu,\nlin,林晓,lin@example.com,sales,max,\n" +
		"wang,王芳,wang@example.com,finance,liu,yes\n" + kept + ",Other,kept@example.com,finance,liu,yes\n"
	plan := send("admin", table, 0).is(200).json()
	require.Len(t, plan["changes"], 3)
	require.Len(t, plan["kept"], 1, "a directory keeps them")
	require.Empty(t, plan["refused"])
	require.NotContains(t, h.people().People, "new", "a dry run changes nothing")

	shown := plan["version"].(float64)
	h.do(call{as: "max", method: "PUT", path: "/organisation/departments/sales", body: map[string]any{
		"name": map[string]string{"zh-CN": "销售部", "en": "Sales"}, "entity": "acme-cn", "parent": "management", "head": "zhao",
		"cost_center": "CC-9"}}).is(200)
	send("admin", table, shown).refused(409, "organisation.moved")
	applied := send("admin", table, shown+1).is(200).json()
	require.Equal(t, true, applied["applied"])
	now := h.people()
	require.True(t, now.Active("new"))
	require.False(t, now.Active("wang"))
	require.True(t, now.Active(kept))
	require.Equal(t, "max CC-9", now.People["lin"].Manager+" "+now.Departments["sales"].CostCenter)
	require.Equal(t, 1, h.count(`SELECT count(*) FROM events WHERE kind = 'organisation.edited' AND actor = 'admin'`))

	require.Equal(t, 1, h.count(`SELECT count(*) FROM notices WHERE kind = 'organisation.edited' AND person = 'max'
		AND data ->> 'by' = 'admin' AND data ->> 'n' = '3' AND data ->> 'names' LIKE '%新人%'`), "the other administrators are told")
	require.Zero(t, h.count(`SELECT count(*) FROM notices WHERE kind = 'organisation.edited' AND person = data ->> 'by'`))

	everybody := string(h.do(call{as: "audit", method: "GET", path: "/organisation/people"}).is(200).body)
	plan = send("admin", everybody, 0).is(200).json()
	require.Empty(t, plan["changes"], "what came out says nothing new")
	require.Empty(t, plan["refused"])

	plan = send("admin", "id,manager\nadmin,max\nlin,admin\nsun,lin\n", 0).is(200).json()
	var refused []string
	for _, one := range plan["refused"].([]any) {
		row := one.(map[string]any)
		refused = append(refused, strconv.Itoa(int(row["line"].(float64)))+" "+row["code"].(string))
	}
	require.Equal(t, []string{"2 org.manager_cycle", "2 organisation.own_row", "3 org.manager_cycle", "3 organisation.own_team", "4 org.manager_cycle"}, refused)
	send("admin", "id,manager\nlin,nobody\n", shown+2).refused(422, "org.unknown_person")
	h.audited()
}

// TestOnePersonIsChangedByAnother: through the API as on the pages, in the words of the fields.
func TestOnePersonIsChangedByAnother(t *testing.T) {
	h := newHouse(t)
	put := func(as, id string, more map[string]any) answer {
		row := map[string]any{"name": "林晓", "email": "lin@example.com", "locale": "zh-CN", "entity": "acme-cn",
			"department": "sales", "cost_center": "CC-SALES", "manager": "zhao", "grade": 3}
		for name, value := range more {
			row[name] = value
		}
		return h.do(call{as: as, method: "PUT", path: "/organisation/people/" + id, body: row})
	}
	put("admin", "lin", map[string]any{"name": "林小"}).is(200)
	put("admin", "lin", map[string]any{"name": "林小"}).is(200)
	put("zhao", "lin", nil).refused(403, "access.denied")
	put("admin", "admin", nil).refused(403, "organisation.own_row")
	put("admin", "lin", map[string]any{"email": "WANG@example.com"}).refused(422, "org.email_taken")
	put("admin", "lin", map[string]any{"department": "moon"}).refused(422, "org.unknown_department")
	put("admin", "lin", map[string]any{"entity": "moon"}).refused(422, "org.unknown_entity")
	put("admin", "-wu", map[string]any{"email": "wu@example.com"}).refused(422, "org.bad_id")
	put("admin", "吴迪", map[string]any{"name": "吴迪", "email": "wu@example.com"}).is(200)
	snapshot, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, "林小 吴迪", snapshot.People["lin"].Name+" "+snapshot.People["吴迪"].Name)
	h.desk.Organisation = nil
	put("admin", "lin", nil).refused(403, "organisation.closed")
}
