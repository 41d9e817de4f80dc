package org_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// staffed is company where everybody has a name, an address and a place.
func staffed() *org.Snapshot {
	s := company()
	for id, p := range s.People {
		p.ID, p.Name, p.Email, p.Entity = id, strings.ToUpper(id), id+"@example.com", "e1"
		if p.Department == "" {
			p.Department = "dev"
		}
		s.People[id] = p
	}
	for id, d := range s.Departments {
		d.Name, d.CostCenter = map[string]string{"en": id}, "CC-"+id
		s.Departments[id] = d
	}
	return s
}

func TestATableIsReadIntoTheOrganisation(t *testing.T) {
	before := staffed()
	read := org.ReadTable([]byte("\xef\xbb\xbfID,name,email,department,manager,left\n"+
		"new,新人,new@example.com,dev,li,\nwu,'=Wu,wu@example.com,dev,li,yes\n"), before)
	require.NoError(t, read.Err())
	require.Equal(t, org.Person{ID: "new", Name: "新人", Email: "new@example.com", Entity: "e1", Department: "dev",
		CostCenter: "CC-dev", Manager: "li", Active: true}, read.Next.People["new"])
	require.False(t, read.Next.Active("wu"))
	require.Equal(t, "=Wu", read.Next.People["wu"].Name, "the mark against formulas is none of a name")
	require.Equal(t, before.People["li"], read.Next.People["li"])
	require.True(t, before.Active("wu"), "the organisation before is not touched")
	var told []string
	for _, d := range org.Differences(before, &read.Next) {
		told = append(told, d.What+" "+d.Person)
	}
	require.Equal(t, []string{"joins new", "leaves wu"}, told)
}

func TestWhatWasWrongBeforeHoldsUpNobody(t *testing.T) {
	ring := staffed()
	ring.People = maps.Clone(ring.People)
	ceo := ring.People["ceo"]
	ceo.Manager = "li"
	ring.People["ceo"] = ceo
	require.NoError(t, org.ReadTable([]byte("id,grade\nli,4\n"), ring).Err())
	require.ErrorContains(t, org.ReadTable([]byte("id,manager\nboss,wu\nwu,boss\n"), staffed()).Err(), "org.manager_cycle")
}

// TestARefusedRowIsToldWithItsPlace: everything that is wrong at once, with line and column.
func TestARefusedRowIsToldWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "0  org.table_empty",
		"id\n":                          "0  org.table_empty",
		"\xff":                          "0  org.table_not_utf8",
		"name\nx\n":                     "0  org.table_no_id",
		"id,shoe\nx,4\n":                "0  org.table_column",
		"id,name\nli\n":                 "0  org.table_broken",
		"id\nli\nli\n":                  "3 id org.table_twice",
		"id,grade\n,4\n":                "2 id org.table_nobody",
		"id,grade\nli,high\n":           "2 grade org.table_number",
		"id,grade\nli,10000\n":          "2 grade org.bad_grade",
		"id,left\nli,perhaps\n":         "2 left org.table_yes_no",
		"id,manager\nli,nobody\n":       "2 manager org.unknown_person",
		"id,manager\nwu,old\n":          "2 manager org.manager_left",
		"id,department\nwu,moon\n":      "2 department org.unknown_department",
		"id,department\nwu,\n":          "2 department org.no_department",
		"id,entity\nwu,moon\n":          "2 entity org.unknown_entity",
		"id,email\nwu,LI@example.com\n": "2 email org.email_taken",
		"id,email\nwu,wu\n":             "2 email org.bad_email",
		"id,name\nwu,\n":                "2 name org.no_name",
		"id,locale\nwu,fr\n":            "2 locale org.bad_locale",
		"id,name,email,department\na|b,A,a@b,dev\n":                             "2 id org.bad_id",
		"id,name,email,department\n" + strings.Repeat("李", 65) + ",A,a@b,dev\n": "2 id org.bad_id",
		"id,cost_center\nwu," + strings.Repeat("中", 65) + "\n":                  "2 cost_center org.bad_center",
		"id,cost_center\nwu,a|b\n":                                              "2 cost_center org.bad_center",
		"id,email,grade\nwu,wu,1\n\nli,li@b,x\n":                                "2 email org.bad_email; 4 grade org.table_number",
	} {
		read := org.ReadTable([]byte(text), staffed())
		var got []string
		for _, r := range read.Refused {
			got = append(got, strconv.Itoa(r.Line)+" "+r.Column+" "+r.Fault.Code)
			_, registered := fault.Lookup(r.Fault.Code)
			require.True(t, registered, r.Fault.Code)
		}
		require.Equal(t, want, strings.Join(got, "; "), text)
		require.Error(t, read.Err())
	}
}

func TestATableOfEverybodyComesBackAsItWent(t *testing.T) {
	before := staffed()
	wu := before.People["wu"]
	wu.Name, wu.CostCenter, wu.Subject, wu.Aliases = "=HYPERLINK(1)", "-1", "sub", []string{"li"}
	before.People["wu"] = wu
	var people []org.Person
	for _, p := range before.People {
		people = append(people, p)
	}
	var b strings.Builder
	require.NoError(t, org.WriteTable(&b, people))
	require.NotContains(t, b.String(), ",=HYPERLINK")
	read := org.ReadTable([]byte(b.String()), before)
	require.NoError(t, read.Err())
	require.Equal(t, before.People, read.Next.People)
}

// TestTenThousandPeopleAreReadAtOnce: a table of a big company is judged while somebody waits.
func TestTenThousandPeopleAreReadAtOnce(t *testing.T) {
	before := staffed()
	var b strings.Builder
	b.WriteString("id,name,email,department,manager\n")
	for i := range 10_000 {
		n := strconv.Itoa(i)
		b.WriteString("p" + n + ",Name " + n + ",p" + n + "@example.com,dev,li\n")
	}
	read := org.ReadTable([]byte(b.String()), before)
	require.NoError(t, read.Err())
	require.Len(t, org.Differences(before, &read.Next), 10_000)
}

// TestCodesHaveSixtyFourCharacters: characters, not bytes.
func TestCodesHaveSixtyFourCharacters(t *testing.T) {
	id, center := strings.Repeat("李", 64), strings.Repeat("中", 64)
	read := org.ReadTable([]byte("id,name,email,department,cost_center\n"+id+",A,a@b,dev,"+center+"\n"), staffed())
	require.NoError(t, read.Err())
	require.Equal(t, center, read.Next.People[id].CostCenter)
}

func TestADepartmentIsJudgedByItsFields(t *testing.T) {
	for name, tt := range map[string]struct {
		d    org.Department
		want string
	}{
		"above itself":      {org.Department{ID: "all", Entity: "e1", Parent: "lab", Head: "ceo"}, "departments[all].parent org.department_cycle"},
		"under nothing":     {org.Department{ID: "lab", Entity: "e1", Parent: "moon", Head: "li"}, "departments[lab].parent org.unknown_department"},
		"headed by nobody":  {org.Department{ID: "dev", Entity: "e1", Parent: "all"}, "departments[dev].head org.no_head"},
		"headed by a ghost": {org.Department{ID: "dev", Entity: "e1", Parent: "all", Head: "x"}, "departments[dev].head org.unknown_person"},
		"headed by who left": {org.Department{ID: "dev", Entity: "e1", Parent: "all", Head: "old"},
			"departments[dev].head org.head_left"},
		"nowhere": {org.Department{ID: "dev", Entity: "e9", Parent: "all", Head: "boss"}, "departments[dev].entity org.unknown_entity"},
		"new|":    {org.Department{ID: "new|", Entity: "e1", Head: "li"}, "departments[new|].id org.bad_id"},
	} {
		before, after := staffed(), staffed()
		tt.d.Name = map[string]string{"en": "x"}
		after.Departments[tt.d.ID] = tt.d
		var got []string
		for _, f := range after.FaultsSince(before) {
			got = append(got, f.Field+" "+f.Code)
		}
		require.Equal(t, []string{tt.want}, got, name)
	}
}
