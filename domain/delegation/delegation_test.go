package delegation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

var monday = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func day(n int) time.Time { return monday.AddDate(0, 0, n) }

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// rule is one from li to wu, of the first three days.
func rule(change func(r *delegation.Rule)) delegation.Rule {
	r := delegation.Rule{ID: "r1", Person: "li", Delegate: "wu", From: day(0), Until: day(3), MadeBy: "li", MadeAt: day(-1)}
	if change != nil {
		change(&r)
	}
	return r
}

// TestVet holds each reason for which somebody may or may not decide for another.
func TestVet(t *testing.T) {
	capped := func(r *delegation.Rule) { r.Cap = yuan(100_00) }
	typed := func(r *delegation.Rule) { r.Types = []string{"expense", "loan"} }
	revoked := func(r *delegation.Rule) { r.RevokedBy, r.RevokedAt = "li", day(1) }
	for _, tt := range []struct {
		name   string
		change func(r *delegation.Rule)
		at     time.Time
		amount money.Amount
		code   string
	}{
		{"just before it begins", nil, day(0).Add(-1), yuan(1), "delegation.not_begun"},
		{"at its beginning", nil, day(0), yuan(1), ""},
		{"just before its end", nil, day(3).Add(-1), yuan(1), ""},
		{"at its end: the end is outside", nil, day(3), yuan(1), "delegation.ended"},
		{"at the cap", capped, day(1), yuan(100_00), ""},
		{"a cent above the cap", capped, day(1), yuan(100_01), "delegation.over_cap"},
		{"in another currency than the cap", capped, day(1), money.Amount{Minor: 1, Currency: "USD"}, "delegation.over_cap"},
		{"of a type it names", typed, day(1), yuan(1), ""},
		{"of a type it does not name", func(r *delegation.Rule) { r.Types = []string{"loan"} }, day(1), yuan(1),
			"delegation.out_of_scope"},
		{"just before it was taken back", revoked, day(1).Add(-1), yuan(1), ""},
		{"as it was taken back", revoked, day(1), yuan(1), "delegation.revoked"},
		{"long after it was taken back", revoked, day(9), yuan(1), "delegation.revoked"},
		{"somebody else's delegate", func(r *delegation.Rule) { r.Delegate = "zhao" }, day(1), yuan(1), "delegation.none"},
		{"somebody else's tasks", func(r *delegation.Rule) { r.Person = "zhao" }, day(1), yuan(1), "delegation.none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := delegation.Vet([]delegation.Rule{rule(tt.change)}, delegation.Request{
				Person: "li", Delegate: "wu", Now: tt.at, Type: "expense", Amount: tt.amount,
			})
			require.Equal(t, tt.code, fault.CodeOf(err))
			if tt.code == "" {
				require.Equal(t, "r1", got.ID)
			} else {
				require.Equal(t, fault.Forbidden, fault.KindOf(err))
				require.Empty(t, got.ID)
			}
		})
	}
}

// TestOverlappingRules proves which rule applies, and which refusal is told.
func TestOverlappingRules(t *testing.T) {
	older := rule(nil)
	newer := rule(func(r *delegation.Rule) { r.ID, r.MadeAt, r.Cap = "r2", day(0), yuan(50_00) })
	other := rule(func(r *delegation.Rule) { r.ID, r.Delegate = "r3", "zhao" })
	all := []delegation.Rule{older, newer, other}
	ids := func(rules []delegation.Rule) string {
		var of []string
		for _, r := range rules {
			of = append(of, r.ID)
		}
		return strings.Join(of, " ")
	}
	require.Equal(t, "r2 r3", ids(delegation.InForce(all, day(1), "expense", yuan(50_00))), "the newest that covers it")
	require.Equal(t, "r1 r3", ids(delegation.InForce(all, day(1), "expense", yuan(50_01))), "the older is wider")
	require.Empty(t, delegation.InForce(all, day(3), "expense", yuan(1)))

	late := rule(func(r *delegation.Rule) { r.Until, r.From = day(-5), day(-9) })
	_, err := delegation.Vet([]delegation.Rule{late, newer}, delegation.Request{
		Person: "li", Delegate: "wu", Now: day(1), Type: "expense", Amount: yuan(60_00),
	})
	require.Equal(t, "delegation.over_cap", fault.CodeOf(err), "the rule that came nearest says why")
	f, _ := fault.As(err)
	require.Equal(t, map[string]string{"max": "50.00", "currency": "CNY"}, f.Args)
}

// TestCheck holds each reason for which a rule cannot be made.
func TestCheck(t *testing.T) {
	many := make([]delegation.Rule, delegation.RulesMax)
	for i := range many {
		many[i] = rule(func(r *delegation.Rule) { r.Delegate = "p" + string(rune('a'+i)) })
	}
	for _, tt := range []struct {
		name   string
		change func(r *delegation.Rule)
		live   []delegation.Rule
		code   string
	}{
		{"a plain one", nil, nil, ""},
		{"begun in the past", func(r *delegation.Rule) { r.From = day(-30) }, nil, ""},
		{"to oneself", func(r *delegation.Rule) { r.Delegate = "li" }, nil, "delegation.self"},
		{"to nobody", func(r *delegation.Rule) { r.Delegate = "" }, nil, "delegation.unknown_person"},
		{"of no time", func(r *delegation.Rule) { r.Until = r.From }, nil, "delegation.bad_period"},
		{"all past", func(r *delegation.Rule) { r.From, r.Until = day(-9), day(-1) }, nil, "delegation.bad_period"},
		{"a year and a day", func(r *delegation.Rule) { r.Until = r.From.Add(delegation.PeriodMax) }, nil, ""},
		{"longer", func(r *delegation.Rule) { r.Until = r.From.Add(delegation.PeriodMax + 1) }, nil, "delegation.too_long"},
		{"a cap of nothing", func(r *delegation.Rule) { r.Cap = yuan(0) }, nil, "delegation.bad_cap"},
		{"too many types", func(r *delegation.Rule) { r.Types = make([]string, delegation.TypesMax+1) }, nil,
			"delegation.too_many_types"},
		{"a long reason", func(r *delegation.Rule) { r.Reason = strings.Repeat("假", delegation.ReasonMax+1) }, nil,
			"delegation.bad_reason"},
		{"a reason with a NUL", func(r *delegation.Rule) { r.Reason = "a\x00" }, nil, "delegation.bad_reason"},
		{"by an admin without a reason", func(r *delegation.Rule) { r.MadeBy = "adm" }, nil, "delegation.reason_required"},
		{"by an admin to themselves", func(r *delegation.Rule) { r.MadeBy, r.Reason = r.Delegate, "ill" }, nil, "delegation.to_maker"},
		{"by an admin with one", func(r *delegation.Rule) { r.MadeBy, r.Reason = "adm", "ill" }, nil, ""},
		{"too many", nil, many, "delegation.too_many"},
		{"back at once", nil, []delegation.Rule{rule(swap)}, "delegation.cycle"},
		{"back once the other is over", func(r *delegation.Rule) { r.From, r.Until = day(3), day(6) },
			[]delegation.Rule{rule(swap)}, ""},
		{"back, but that was taken back", nil, []delegation.Rule{rule(func(r *delegation.Rule) {
			swap(r)
			r.RevokedAt = day(-1)
		})}, ""},
		{"round three, where the others meet later", nil, []delegation.Rule{
			rule(func(r *delegation.Rule) { r.Person, r.Delegate, r.From = "wu", "zhao", day(1) }),
			rule(func(r *delegation.Rule) { r.Person, r.Delegate, r.From = "zhao", "li", day(2) }),
		}, "delegation.cycle"},
		{"round three, where the others never meet", nil, []delegation.Rule{
			rule(func(r *delegation.Rule) { r.Person, r.Delegate, r.Until = "wu", "zhao", day(1) }),
			rule(func(r *delegation.Rule) { r.Person, r.Delegate, r.From = "zhao", "li", day(1) }),
		}, ""},
		{"to where another's chain goes on: the chain is cut", nil, []delegation.Rule{
			rule(func(r *delegation.Rule) { r.Person, r.Delegate = "wu", "zhao" }),
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.code, fault.CodeOf(delegation.Check(rule(tt.change), tt.live, day(0))))
		})
	}
}

func swap(r *delegation.Rule) { r.Person, r.Delegate = r.Delegate, r.Person }

// TestCheckRevocation holds who may take a rule back, and until when.
func TestCheckRevocation(t *testing.T) {
	r := rule(nil)
	require.NoError(t, delegation.CheckRevocation(r, "li", "", day(-1)), "before it begins")
	require.NoError(t, delegation.CheckRevocation(r, "li", "", day(3).Add(-1)))
	require.Equal(t, "delegation.over", fault.CodeOf(delegation.CheckRevocation(r, "li", "", day(3))))
	require.Equal(t, "delegation.reason_required", fault.CodeOf(delegation.CheckRevocation(r, "adm", "", day(1))))
	require.NoError(t, delegation.CheckRevocation(r, "adm", "left", day(1)))
	long := strings.Repeat("x", delegation.ReasonMax+1)
	require.Equal(t, "delegation.bad_reason", fault.CodeOf(delegation.CheckRevocation(r, "li", long, day(1))))
}
