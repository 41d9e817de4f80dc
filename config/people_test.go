package config

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATableOfPeople(t *testing.T) {
	company, err := DemoCompany()
	require.NoError(t, err)
	next, err := ReadPeople([]byte("\xef\xbb\xbfID,name,email,department,manager,left\n"+
		"new,新人,new@example.com,finance,liu,\nemma,Emma Brown,emma@example.com,sales-de,max,yes\n"), company)
	require.NoError(t, err)
	require.Equal(t, "CC-FIN acme-cn true", next.People["new"].CostCenter+" "+next.People["new"].Entity+" true")
	require.True(t, next.People["new"].Active)
	require.False(t, next.People["emma"].Active)
	require.Equal(t, company.People["emma"].Grade, next.People["emma"].Grade, "a column that is not there leaves what was")
	require.Equal(t, company.People["lin"], next.People["lin"])
	require.True(t, company.People["emma"].Active, "the organisation before is not touched")

	ring := company
	ring.People = maps.Clone(company.People)
	sun := ring.People["sun"]
	sun.Manager = "lin"
	ring.People["sun"] = sun
	_, err = ReadPeople([]byte("id,grade\nlin,4\n"), ring)
	require.NoError(t, err, "a circle that was there holds up nobody")

	for text, want := range map[string]string{
		"name\nx\n":                                 "no column id",
		"id,shoe\nx,4\n":                            `"shoe" is unknown`,
		"id\nlin\nlin\n":                            "line 3",
		"id,grade\nlin,high\n":                      "line 2",
		"id,left\nlin,perhaps\n":                    "neither yes nor no",
		"id,manager\nlin,nobody\n":                  "nobody and nothing is",
		"id,name,email,department\nx,X,x,finance\n": "email of x",
	} {
		_, err := ReadPeople([]byte(text), company)
		require.ErrorContains(t, err, want, text)
	}
}
