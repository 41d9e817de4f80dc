package desk

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
)

// TestACommonNameMeansTheSamePeopleEachTime, or pages of a list would not go together.
func TestACommonNameMeansTheSamePeopleEachTime(t *testing.T) {
	people := map[string]org.Person{"zoe": {Name: "Zoe"}}
	for i := range 2 * namedMost {
		people[fmt.Sprintf("p%03d", i)] = org.Person{Name: "Li Na"}
	}
	first := meantBy(people, "li")
	require.Len(t, first, namedMost)
	require.Equal(t, "p000", first[0])
	for range 5 {
		require.Equal(t, first, meantBy(people, "li"))
	}
	require.Equal(t, []string{"zoe"}, meantBy(people, "zoe"))
}
