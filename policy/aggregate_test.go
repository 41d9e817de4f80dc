package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

// counted is a document in a plain list of them, which counts them one by one.
type counted struct {
	id      string
	at      time.Time
	content document.Content
	ended   bool // without an approval
}

// ledger is the record of the store in memory, as simple as can be.
type ledger []counted

// beside tells what counts with the document at an index; -1 for one that is not
// submitted yet.
func (l ledger) beside(mine int, at time.Time) func(approval.CountKey) (approval.Beside, error) {
	return func(key approval.CountKey) (approval.Beside, error) {
		var found approval.Beside
		for i, other := range l {
			days := int(other.at.Truncate(24*time.Hour).Sub(at.Truncate(24*time.Hour)).Hours()) / 24
			c := other.content
			if i == mine || other.ended || days <= -key.Days || days >= key.Days || c.Entity != key.Entity || c.Type != key.Type ||
				len(key.Payees) > 0 && (!slices.Contains(key.Payees, c.Payee.ID) || string(c.Payee.Kind) != key.PayeeKind) ||
				len(key.Requesters) > 0 && !slices.Contains(key.Requesters, c.Requester) ||
				len(key.Submitters) > 0 && !slices.Contains(key.Submitters, c.Submitter) {
				continue
			}
			one := approval.BesideDocument{CountedDocument: approval.CountedDocument{Document: other.id}, Amount: c.Total, Base: c.BaseTotal}
			if slices.Contains(key.By, approval.CountCategory) {
				one.Amount = yuan(0)
				shares := false
				for _, line := range c.Lines {
					if slices.Contains(key.Categories, line.Category) {
						one.Amount.Minor += line.Amount.Minor
						shares = true
					}
				}
				if one.Base = one.Amount; !shares {
					continue
				}
			}
			found.Documents = append(found.Documents, one)
		}
		return found, nil
	}
}

// aggregating is the policy `good` in bands, with what it adds up.
func aggregating(t testing.TB, aggregate string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte(strings.Replace(banded, "base: CNY\n", "base: CNY\n"+aggregate+"\n", 1)))
	require.NoError(t, err)
	return p
}

const banded = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
matrices:
  heads: { rows: [{ below: "8000.00", approvers: [{ role: finance_head }] }, { from: "8000.00", approvers: [{ role: finance_head }, { person: root }] }] }
steps:
  - id: boss
    title: { en: Boss, zh-CN: 主管 }
    when: amount >= money("1000.00")
    otherwise: auto_approve
    approvers: [{ manager: 1 }]
  - id: matrix
    title: { en: Matrix, zh-CN: 权限表 }
    when: amount >= money("3000.00")
    otherwise: skip
    approvers: [{ matrix: heads }]
    mode: all_of
  - id: chief
    title: { en: Chief, zh-CN: 总经理 }
    when: amount >= money("20000.00")
    otherwise: skip
    approvers: [{ top_manager: true }]
then: [archive]
`

// with is a document of some lines, by category.
func with(lines ...document.Line) document.Content {
	c := expense("lin", 0)
	c.Lines = lines
	for i := range c.Lines {
		c.Lines[i].No, c.Lines[i].Tax = i+1, yuan(0)
		c.Total.Minor += c.Lines[i].Amount.Minor
	}
	c.BaseTotal = c.Total
	return c
}

func spend(category string, minor int64) document.Line {
	return document.Line{Category: category, Amount: yuan(minor)}
}

func humansOf(plan approval.Plan) int {
	people := map[string]bool{}
	for _, s := range plan.Steps {
		for _, a := range s.Approvers {
			if s.Need == approval.NeedsPeople {
				people[a.Person] = true
			}
		}
	}
	return len(people)
}

// TestSplittingGainsNothing: whatever else was asked for, whoever splits an amount
// into parts within the window gets for the last part no fewer humans than for the
// whole; and no document is ever judged by less than its own amount.
func TestSplittingGainsNothing(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	keys := []string{"[payee]", "[payee, category]", "[requester]", "[submitter, payee]", "[requester, category]"}
	policies := map[string]*policy.Policy{}
	for _, key := range keys {
		policies[key] = aggregating(t, "aggregate: { by: "+key+", within: 30 days }")
	}
	org := company()
	rapid.Check(t, func(rt *rapid.T) {
		p := policies[rapid.SampledFrom(keys).Draw(rt, "key")]
		var all ledger
		for range rapid.IntRange(0, 6).Draw(rt, "others") { // noise: of others, ended, long ago
			other := expense(rapid.SampledFrom([]string{"lin", "wu"}).Draw(rt, "by"), rapid.Int64Range(1, 900000).Draw(rt, "minor"))
			all = append(all, counted{id: "other", content: other, ended: rapid.Bool().Draw(rt, "ended"),
				at: start.AddDate(0, 0, rapid.IntRange(-60, 60).Draw(rt, "day"))})
		}
		travel, meals := rapid.Int64Range(1, 3000000).Draw(rt, "travel"), rapid.Int64Range(1, 3000000).Draw(rt, "meals")
		route := func(mine int, at time.Time, c document.Content) approval.Plan {
			plan, err := policy.Route(policy.RouteInput{Policy: p, Version: 1, Content: c, Org: org, Round: 1, Document: "d",
				Beside: all.beside(mine, at)})
			require.NoError(rt, err)
			require.GreaterOrEqual(rt, plan.Counted.Sum.Minor, c.BaseTotal.Minor)
			return plan
		}
		whole, err := policy.Route(policy.RouteInput{Policy: p, Version: 1, Content: with(spend("travel", travel), spend("meals", meals)),
			Org: org, Round: 1, Document: "d"})
		require.NoError(rt, err)
		parts := rapid.IntRange(2, 6).Draw(rt, "parts")
		var last approval.Plan
		for n := range parts {
			share := func(minor int64) int64 {
				if n == parts-1 {
					return minor
				}
				return rapid.Int64Range(0, minor-1).Draw(rt, "share")
			}
			a, b := share(travel), share(meals)
			travel, meals = travel-a, meals-b
			one := counted{id: "part", content: with(spend("travel", a), spend("meals", b)), at: start.AddDate(0, 0, n*29/parts)}
			all = append(all, one)
			last = route(len(all)-1, one.at, one.content)
		}
		require.GreaterOrEqual(rt, humansOf(last), humansOf(whole))
	})
}

// TestAmountIsTheSumAndOwnAmountIsNot: bands, matrices and what is required of humans
// go by the sum; own_amount, total and lines.total by the document alone.
func TestAmountIsTheSumAndOwnAmountIsNot(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	all := ledger{{id: "a", at: at, content: with(spend("travel", 790000))}}
	text := strings.Replace(banded, "base: CNY\n", "base: CNY\naggregate: { by: [payee], within: 1 day }\n"+
		"require: [{ from: \"8000.00\", humans: 2 }]\n", 1)
	text = strings.Replace(text, `amount >= money("20000.00")`,
		`own_amount == money("100.00") && total == money("100.00") && lines.total("travel") == money("100.00") && amount > own_amount`, 1)
	p, err := policy.Parse("p.yaml", []byte(text))
	require.NoError(t, err)
	in := policy.RouteInput{Policy: p, Version: 1, Content: with(spend("travel", 10000)), Org: company(), Round: 1, Document: "d",
		Beside: all.beside(-1, at)}
	plan, err := policy.Route(in)
	require.NoError(t, err)
	require.Equal(t, yuan(800000), plan.Counted.Sum)
	require.Equal(t, 2, plan.Humans)
	require.Len(t, plan.Steps[1].Approvers, 2, "the row from 8000.00 on")
	require.Equal(t, approval.NeedsPeople, plan.Steps[2].Need)
	require.Equal(t, `amount >= money("1000.00") is true: amount = 8000.00 CNY`, plan.Steps[0].Reason)
	require.Contains(t, policy.Explain(plan, nil, "en"),
		"Amount: 100.00 CNY + 1 other document of the same payee within 1 day, 7900.00 CNY = 8000.00 CNY\n")
	require.Contains(t, policy.Explain(plan, nil, "zh-CN"), "金额：100.00 CNY + 1 天内收款方相同的其他单据 1 张 7900.00 CNY = 8000.00 CNY\n")

	// A step that is found later goes by what the plan counted, whoever counts beside it by then.
	in.Beside, in.Counted = nil, plan.Counted
	found, err := policy.Staff(in, "matrix")
	require.NoError(t, err)
	require.Len(t, found, 2)

	in.Counted, in.Beside = nil, func(approval.CountKey) (approval.Beside, error) {
		return approval.Beside{}, fault.New(fault.Busy, "store.busy")
	}
	_, err = policy.Route(in)
	require.Equal(t, fault.Busy, fault.KindOf(err), "not knowing is no plan")
	in.Beside = func(approval.CountKey) (approval.Beside, error) {
		return approval.Beside{Documents: make([]approval.BesideDocument, 5001)}, nil
	}
	_, err = policy.Route(in)
	require.Equal(t, "policy.too_many_counted", fault.CodeOf(err))
}

// TestOneHumansAccountsCountTogether: a second account is no second person.
func TestOneHumansAccountsCountTogether(t *testing.T) {
	org := company()
	p := org.People["lin"]
	p.Aliases = []string{"wu"}
	org.People["lin"] = p
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	all := ledger{{id: "a", at: at, content: expense("wu", 60000)}}
	for _, by := range []string{"payee", "requester", "submitter"} {
		plan, err := policy.Route(policy.RouteInput{Policy: aggregating(t, "aggregate: { by: ["+by+"], within: 30 days }"), Version: 1,
			Content: expense("lin", 60000), Org: org, Round: 1, Document: "d", Beside: all.beside(-1, at)})
		require.NoError(t, err)
		require.EqualValues(t, 120000, plan.Counted.Sum.Minor, by)
	}
}

// TestAnEntityWithoutAZoneCountsByUTC: as its document numbers do; the database knows no zone of no name.
func TestAnEntityWithoutAZoneCountsByUTC(t *testing.T) {
	org := company()
	content := expense("lin", 60000)
	entity := org.Entities[content.Entity]
	entity.Zone = ""
	org.Entities[content.Entity] = entity
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	all := ledger{{id: "a", at: at, content: content}}
	plan, err := policy.Route(policy.RouteInput{Policy: aggregating(t, "aggregate: { by: [payee], within: 30 days }"), Version: 1,
		Content: content, Org: org, Round: 1, Document: "d", Beside: all.beside(-1, at)})
	require.NoError(t, err)
	require.Equal(t, "UTC", plan.Counted.Zone)
}

// TestAggregateIsReadStrictly: each mistake is named with its place.
func TestAggregateIsReadStrictly(t *testing.T) {
	for _, tt := range []struct{ text, code, field, nearest string }{
		{`{ by: [payees], within: 30 days }`, "policy.bad_value", "aggregate.by[0]", "payee"},
		{`{ by: [payee, payee], within: 30 days }`, "policy.duplicate_value", "aggregate.by[1]", ""},
		{`{ by: [], within: 30 days }`, "policy.empty", "aggregate.by", ""},
		{`{ by: [category], within: 30 days }`, "policy.aggregate_category_alone", "aggregate.by", ""},
		{`{ by: [payee], within: 30 workdays }`, "policy.bad_days", "aggregate.within", ""},
		{`{ by: [payee], within: 0 days }`, "policy.bad_days", "aggregate.within", ""},
		{`{ by: [payee], within: 367 days }`, "policy.bad_days", "aggregate.within", ""},
		{`{ by: [payee] }`, "yaml.missing_key", "aggregate.within", ""},
		{`{ by: [payee], withn: 30 days, within: 30 days }`, "yaml.unknown_key", "aggregate.withn", "within"},
		{`yes`, "yaml.wrong_type", "aggregate", ""},
	} {
		_, err := policy.Parse("p.yaml", []byte(strings.Replace(banded, "base: CNY\n", "base: CNY\naggregate: "+tt.text+"\n", 1)))
		f, ok := fault.As(err)
		require.True(t, ok, tt.text)
		require.Equal(t, tt.code, f.Code, tt.text)
		require.Equal(t, tt.field, f.Field, tt.text)
		require.Equal(t, tt.nearest, f.Args["nearest"], tt.text)
		require.Equal(t, "4", f.Args["line"], tt.text)
	}
	require.Equal(t, aggregating(t, "aggregate: { by: [category, payee], within: 30 days }").Hash(),
		aggregating(t, "aggregate: { within: 30 days, by: [payee, category] }").Hash())
	require.NotEqual(t, aggregating(t, "").Hash(), aggregating(t, "aggregate: { by: [payee], within: 30 days }").Hash())
}

// TestAggregateIsChecked against the types, and against what the policy says.
func TestAggregateIsChecked(t *testing.T) {
	kinds := shippedTypes(t)
	codes := func(name, aggregate string) []string {
		p := altered(t, name, "base: CNY\n", "base: CNY\n"+aggregate+"\n")
		var found []string
		for _, f := range policy.Check(p, kinds, company()) {
			if strings.HasPrefix(f.Fault.Code, "policy.a") {
				found = append(found, f.Fault.Code)
			}
		}
		return found
	}
	require.Equal(t, "none", kinds["travel_request"].Payee)
	require.Equal(t, []string{"policy.aggregate_no_payee"}, codes("travel_request", "aggregate: { by: [payee], within: 30 days }"))
	require.Empty(t, codes("expense", "aggregate: { by: [payee, category], within: 30 days }"))
	bare := *kinds["travel_request"]
	bare.Categories = nil
	kinds["travel_request"] = &bare
	require.Equal(t, []string{"policy.aggregate_no_categories"},
		codes("travel_request", "aggregate: { by: [requester, category], within: 30 days }"))
}

// TestNothingHangsOnTheAmount is said of a policy that adds amounts up for nothing; and
// nobody amends a category that decides what is counted.
func TestNothingHangsOnTheAmount(t *testing.T) {
	text := strings.Replace(good, "base: CNY\n", "base: CNY\naggregate: { by: [payee, category], within: 30 days }\n", 1)
	codes := func(text string) (found []string) {
		p, err := policy.Parse("p.yaml", []byte(text))
		require.NoError(t, err)
		for _, f := range policy.Check(p, types(t), company()) {
			found = append(found, f.Fault.Code)
		}
		return found
	}
	require.NotContains(t, codes(text), "policy.aggregate_unused")
	require.Contains(t, codes(strings.Replace(text, `amount >= money("1000.00")`, `own_amount >= money("1000.00")`, 1)), "policy.aggregate_unused")
	require.Contains(t, codes(strings.Replace(text, "    mode: all_of\n", "    mode: all_of\n    allow: [amend]\n    amend: [lines.category]\n", 1)),
		"policy.amends_route")
}
