package org_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
)

// TestIndexedAnswersTheSame holds the quick answers to the slow ones, over
// organisations whose accounts are tied at random, to nobody too.
func TestIndexedAnswersTheSame(t *testing.T) {
	several := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := &org.Snapshot{People: map[string]org.Person{}}
		for i := range 15 {
			p := org.Person{ID: fmt.Sprint("p", i)}
			for random.IntN(4) == 0 {
				p.Aliases = append(p.Aliases, fmt.Sprint("p", random.IntN(17)))
			}
			s.People[p.ID] = p
		}
		indexed := s.Indexed()
		for i := range 18 {
			id := fmt.Sprint("p", i)
			require.Equal(t, s.Aliases(id), indexed.Aliases(id), "seed %d %s", seed, id)
		}
		require.Equal(t, s.Humans(), indexed.Humans(), "seed %d", seed)
		for _, accounts := range s.Humans() {
			require.Greater(t, len(accounts), 1)
			require.Equal(t, s.Aliases(accounts[0]), accounts, "seed %d", seed)
			several++
		}
	}
	require.Positive(t, several)
}
