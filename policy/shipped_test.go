package policy_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// shippedTexts reads all that is in one folder of what ships.
func shippedTexts[T any](t *testing.T, folder string, parse func(string, []byte) (T, error)) map[string]T {
	t.Helper()
	names, err := fs.Glob(config.Shipped, folder+"/*.yaml")
	require.NoError(t, err)
	all := map[string]T{}
	for _, name := range names {
		text, err := config.Shipped.ReadFile(name)
		require.NoError(t, err)
		parsed, err := parse(name, text)
		require.NoError(t, err)
		all[strings.TrimSuffix(strings.TrimPrefix(name, folder+"/"), ".yaml")] = parsed
	}
	return all
}

// TestWhatShipsFitsTogether proves that every shipped type has its policy, that
// every policy may be published in the demo company, and that exactly what is
// booked has a mapping, which lacks nothing.
func TestWhatShipsFitsTogether(t *testing.T) {
	company, err := config.DemoCompany()
	require.NoError(t, err)
	kinds := policy.Types(shippedTexts(t, "types", doctype.Parse))
	policies, mappings := shippedTexts(t, "policies", policy.Parse), shippedTexts(t, "mappings", booking.Parse)
	require.Len(t, kinds, 7)
	prefixes := map[string]bool{}
	for id, kind := range kinds {
		require.Equal(t, id, kind.ID)
		prefixes[kind.NumberPrefix] = true
		rules := policies[kind.Policy]
		require.NotNil(t, rules, id)
		found := policy.Check(rules, kinds, &company)
		require.True(t, policy.Publishable(found), "%s: %v", id, found)
		books := slices.Contains(rules.Then, approval.ThenAccrue)
		require.Equal(t, books, kind.Mapping != "", id)
		if books {
			require.NotNil(t, mappings[kind.Mapping], id)
			require.Empty(t, booking.Check(mappings[kind.Mapping], kind), id)
		}
		if kind.Offsets != "" {
			require.NotNil(t, kinds[kind.Offsets], id)
		}
		for _, f := range kind.Fields {
			for _, of := range f.Of {
				require.NotNil(t, kinds[of], "%s.%s", id, f.Name)
			}
		}
	}
	require.Len(t, prefixes, len(kinds), "a number says which type it is of")
}

// TestConditionsReadFieldsAndStandards proves that a type's own fields and what
// its standards found decide who is asked.
func TestConditionsReadFieldsAndStandards(t *testing.T) {
	company, err := config.DemoCompany()
	require.NoError(t, err)
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	content := document.Content{Type: "travel_request", Entity: "acme-cn", Department: "sales", Submitter: "lin", Requester: "lin",
		Currency: "CNY", Urgency: document.Normal, Total: yuan(100), BaseTotal: yuan(100),
		Fields: map[string]string{"destination": "Berlin", "offers": "2"},
		Lines: []document.Line{{Category: "lodging", City: "berlin", Units: 3, Amount: yuan(100), Tax: yuan(0),
			Standard: &document.Standard{Limit: yuan(90), Over: yuan(10)}}}}
	for when, want := range map[string]bool{
		`fields.destination == "Berlin"`:                                          true,
		`fields.destination == "Paris"`:                                           false,
		`int(fields.offers) < 3`:                                                  true,
		`lines.exists(l, l.over_standard)`:                                        true,
		`lines.exists(l, l.over_standard && l.city != "berlin")`:                  false,
		`lines.exists(l, l.units > 2)`:                                            true,
		`money(fields.offers) >= money("2.00") && fields.offers.matches("[0-9]")`: true,
	} {
		text := "policy: p\ntitle: { en: P, zh-CN: 规 }\nbase: CNY\nsteps:\n  - id: one\n    title: { en: O, zh-CN: 一 }\n    when: '" +
			when + "'\n    otherwise: skip\n    approvers: [{ manager: 1 }]\nthen: [archive]\n"
		p, err := policy.Parse("p.yaml", []byte(text))
		require.NoError(t, err, when)
		plan, err := policy.Route(policy.RouteInput{Policy: p, Version: 1, Content: content, Org: &company, Round: 1, Document: "d"})
		require.NoError(t, err, when)
		require.Equal(t, want, plan.Steps[0].Need == approval.NeedsPeople, when)
	}
	kinds := policy.Types{"booked": {ID: "booked", Policy: "p"}}
	p, err := policy.Parse("p.yaml", []byte("policy: p\ntitle: { en: P, zh-CN: 规 }\nbase: CNY\nsteps:\n"+
		"  - { id: one, title: { en: O, zh-CN: 一 }, approvers: [{ manager: 1 }] }\nthen: [accrue]\n"))
	require.NoError(t, err)
	found := policy.Check(p, kinds, &company)
	require.False(t, policy.Publishable(found))
	require.Contains(t, findings(found), "error 6:7 policy.no_mapping")
}
