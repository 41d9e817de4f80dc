package desk

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// TestWhatAMappingLacksIsToldInTheTypesWords: at the line of the type that causes it, and
// naming the mapping, whatever line of the mapping the check itself named.
func TestWhatAMappingLacksIsToldInTheTypesWords(t *testing.T) {
	shipped := func(name, from, to string) []byte {
		text, err := config.Shipped.ReadFile(name)
		require.NoError(t, err)
		require.Contains(t, string(text), from)
		return []byte(strings.Replace(string(text), from, to, 1))
	}
	const typeFile, mappingFile, travel = "types/expense.yaml", "mappings/expense.yaml", "  - { id: travel, "
	same := [2]string{"type: expense", "type: expense"}
	for _, tt := range []struct {
		kind, mapping [2]string // what stands there, and what is put in its place
		code, at      string    // and the beginning of the line that it names
	}{
		{[2]string{travel, "  - { id: tolls, title: { en: Tolls, zh-CN: 过路费 } }\n" + travel}, same,
			"proposal.unbooked", "  - { id: tolls"},
		{same, [2]string{"  other: ", "  gifts: \"6602\"\n  other: "}, "proposal.booked_still", travel},
		{same, [2]string{`advance: "1221"`, ""}, "proposal.settles_nowhere", "offsets:"},
		{same, [2]string{"type: expense", "type: loan"}, "proposal.books_another", "mapping:"},
	} {
		text := shipped(typeFile, tt.kind[0], tt.kind[1])
		kind, err := doctype.Parse(typeFile, text)
		require.NoError(t, err)
		places, err := doctype.Places(typeFile, text)
		require.NoError(t, err)
		mapping, err := booking.Parse(mappingFile, shipped(mappingFile, tt.mapping[0], tt.mapping[1]))
		require.NoError(t, err, tt.code)
		found := booking.Check(mapping, kind)
		require.NotEmpty(t, found, tt.code)
		told := inTypesWords(found[0], kind, places)
		require.Equal(t, tt.code, told.Code)
		require.Equal(t, typeFile, told.Args["file"])
		require.Equal(t, "expense", told.Args["id"])
		at := 1 + strings.Count(strings.Split("\n"+string(text), "\n"+tt.at)[0], "\n")
		require.Equal(t, strconv.Itoa(at), told.Args["line"], tt.code)
	}
}
