package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/org"
)

func TestTheDemoCompanyIsWhole(t *testing.T) {
	s, err := DemoCompany()
	require.NoError(t, err)
	require.Equal(t, int64(1), s.Version)
	require.Len(t, s.People, 10)
	require.Len(t, s.Entities, 2)
	require.Equal(t, "zhao", s.People["lin"].Manager)
	require.Equal(t, "CC-SALES", s.People["lin"].CostCenter)
	require.True(t, s.People["lin"].Active)
	require.Equal(t, "云杉科技（上海）有限公司", s.Entities["acme-cn"].Name["zh-CN"])
	require.Equal(t, "related_party", s.Suppliers["SUP003"].Kind)
	require.Contains(t, s.Grants, org.Grant{Person: "liu", Role: "finance_head"})
}

func TestTheDemoCompanyUsesShippedCalendars(t *testing.T) {
	s, err := DemoCompany()
	require.NoError(t, err)
	calendars, err := calendar.Shipped()
	require.NoError(t, err)
	zones := map[string]string{}
	for _, c := range calendars {
		zones[c.ID] = c.Zone
	}
	for _, e := range s.Entities {
		require.Equal(t, e.Zone, zones[e.Calendar], e.ID)
	}
}

func TestACompanyFileIsReadStrictly(t *testing.T) {
	const entity = "entities: [{id: e, name: {en: E}, currency: EUR, zone: UTC, calendar: always}]\n"
	const department = "departments: [{id: d, name: {en: D}, entity: e, head: a}]\n"
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown key", "entties: []", "unknown field"},
		{"an unknown key of a person", "people: [{id: a, nmae: A}]", "unknown field"},
		{"an id twice", "suppliers: [{id: s}, {id: s}]", "comes twice"},
		{"no id", "suppliers: [{name: s}]", "empty"},
		{"a manager nobody is", entity + department +
			"people: [{id: a, email: a@b, entity: e, department: d, manager: z}]", `manager of a is "z"`},
		{"managers in a circle", entity + department +
			"people: [{id: a, email: a@b, entity: e, department: d, manager: b}, " +
			"{id: b, email: b@b, entity: e, department: d, manager: a}]", "manager of a"},
		{"a zone nobody has", strings.Replace(entity, "zone: UTC", "zone: Asia/Beijing", 1), `zone of e is "Asia/Beijing"`},
		{"a grant to nobody", "grants: [{person: q, role: admin}]", `"q"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadCompany([]byte(tt.text))
			require.ErrorContains(t, err, tt.want)
		})
	}
}
