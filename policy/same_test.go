package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// TestAPlanKnowsWhoIsOneHuman: also of people whom it does not ask. A task may be
// handed to them, or they may decide for somebody who is asked.
func TestAPlanKnowsWhoIsOneHuman(t *testing.T) {
	p := shipped(t, "expense")
	require.Nil(t, route(t, p, company(), expense("lin", 100000)).Same)

	s := company()
	edit(s, "clerk2", func(p *org.Person) { p.Aliases = []string{"root"} }) // a clerk is the admin
	s.People["chief2"] = org.Person{ID: "chief2", Active: true, Aliases: []string{"chief"}}
	s.People["far"] = org.Person{ID: "far", Active: true, Aliases: []string{"wu"}}
	require.Equal(t, [][]string{{"chief", "chief2"}, {"clerk2", "root"}, {"far", "wu"}},
		route(t, p, s, expense("lin", 100000)).Same)
}

// TestAPlanCarriesHowManyHumansItNeeds: from the limit on, and not below it.
func TestAPlanCarriesHowManyHumansItNeeds(t *testing.T) {
	p := shipped(t, "expense")
	p.Require = []policy.Require{{From: money.Amount{Minor: 100000, Currency: "CNY"}, Humans: 2}}
	require.Zero(t, route(t, p, company(), expense("lin", 99999)).Humans)
	require.Equal(t, 2, route(t, p, company(), expense("lin", 100000)).Humans)
}
