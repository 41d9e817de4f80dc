package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// crowd draws an organisation with everything that can go wrong in one: circles,
// empty chairs, people who left, second accounts.
func crowd(t *rapid.T) (*org.Snapshot, []string) {
	n := rapid.IntRange(2, 9).Draw(t, "people")
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("p%d", i))
	}
	anybody := rapid.SampledFrom(append(slices.Clone(ids), "", "nobody"))
	somebody := rapid.SampledFrom(ids)
	unit := rapid.SampledFrom([]string{"", "d0", "d1", "d2"})
	center := rapid.SampledFrom([]string{"C0", "C1"})
	s := &org.Snapshot{People: map[string]org.Person{}, Departments: map[string]org.Department{},
		Entities: map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY"}}, Grades: map[string]org.Grade{"M": {ID: "M", Rank: 3}}}
	for _, id := range ids {
		p := org.Person{ID: id, Manager: anybody.Draw(t, "manager"), Active: rapid.IntRange(0, 3).Draw(t, "active") > 0,
			Entity: "cn", Department: unit.Draw(t, "department"), Grade: rapid.IntRange(0, 5).Draw(t, "grade")}
		if rapid.IntRange(0, 3).Draw(t, "several") == 0 {
			p.Aliases = []string{somebody.Draw(t, "alias")}
		}
		s.People[id] = p
	}
	for _, id := range []string{"d0", "d1", "d2"} {
		s.Departments[id] = org.Department{ID: id, Parent: unit.Draw(t, "parent"), Head: anybody.Draw(t, "head"), CostCenter: center.Draw(t, "of")}
	}
	for range rapid.IntRange(0, 5).Draw(t, "grants") {
		s.Grants = append(s.Grants, org.Grant{Person: anybody.Draw(t, "holder"), Role: rapid.SampledFrom([]string{"r", "admin"}).Draw(t, "role"),
			Entity: rapid.SampledFrom([]string{"", "cn"}).Draw(t, "where")})
		s.Posts = append(s.Posts, org.Post{Person: anybody.Draw(t, "posted"), Role: "r", Department: unit.Draw(t, "in")},
			org.Post{Person: anybody.Draw(t, "owner"), Role: "r", CostCenter: center.Draw(t, "center")})
		s.Authorities = append(s.Authorities, org.Authority{Person: anybody.Draw(t, "limited"), Below: "50.00", Currency: "CNY"},
			org.Authority{Grade: "M", Unlimited: rapid.Bool().Draw(t, "unlimited"), Below: "70.00", Currency: "CNY"})
	}
	return s, ids
}

var sources = []string{"{ role: r }", "{ role: r, of: group }", "{ role: r, of: department }",
	"{ manager: 1 }", "{ manager: 2 }", "{ top_manager: true }", "{ manager: { up_to_grade: M } }", "{ manager: { authority: amount } }",
	"{ department_head: true }", "{ department_head: { level: 2 } }", "{ person: p0 }", "{ field: who }",
	"{ choice: submitter, field: who, among: { role: r } }", "{ choice: submitter, field: who, among: { department: document } }"}

// each need a mode that asks everybody, or one of each group.
var each = []string{"{ role: r, of: cost_center }", "{ department_head: { of: cost_centers } }", "{ matrix: m }"}

var climbs = []string{"{ manager: { up_to_grade: M, every: true } }", "{ manager: { level: 2, every: true } }",
	"{ manager: { authority: amount, every: true } }", "{ department_head: { every: true } }"}

// flow draws a policy of three steps, each of which needs another human than some
// of those before it.
func flow(t *rapid.T) *policy.Policy {
	var b strings.Builder
	row := func() string { return rapid.SampledFrom(sources).Draw(t, "row") }
	fmt.Fprintf(&b, "policy: p\ntitle: { en: P, zh-CN: 甲 }\nbase: CNY\nmatrices:\n  m:\n    rows:\n"+
		"      - { department: [d1], category: [a], approvers: [%s] }\n      - { below: \"60.00\", approvers: [%s, %s] }\n"+
		"      - { from: \"60.00\", approvers: [%s] }\nsteps:\n", row(), row(), row(), row())
	for i := range 3 {
		mode := rapid.SampledFrom([]string{"any_of", "all_of", "in_order", "{ quorum: 2 }", "{ ratio: 2/3 }", "per_group"}).Draw(t, "mode")
		known := slices.Clone(sources)
		if mode == "all_of" || mode == "in_order" {
			known = append(known, climbs...)
		}
		if mode == "all_of" || mode == "in_order" || mode == "per_group" {
			known = append(known, each...)
		}
		var from []string
		for range rapid.IntRange(1, 3).Draw(t, "sources") {
			from = append(from, rapid.SampledFrom(known).Draw(t, "source"))
		}
		fmt.Fprintf(&b, "  - id: s%d\n    title: { en: S, zh-CN: 步 }\n    mode: %s\n    approvers: [%s]\n", i, mode, strings.Join(from, ", "))
		if i > 0 && rapid.Bool().Draw(t, "distinct") {
			fmt.Fprintf(&b, "    distinct_from: [s%d]\n", rapid.IntRange(0, i-1).Draw(t, "other"))
		}
	}
	p, err := policy.Parse("p.yaml", []byte(b.String()+"then: [archive]\n"))
	require.NoError(t, err, b.String())
	return p
}

// sameHuman is worked out the slow way, apart from the code under test.
func sameHuman(s *org.Snapshot, a, b string) bool {
	seen, next := map[string]bool{}, []string{a}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		for id, p := range s.People {
			if id == at {
				next = append(next, p.Aliases...)
			} else if slices.Contains(p.Aliases, at) {
				next = append(next, id)
			}
		}
	}
	return seen[b]
}

// TestNoInterestedPersonIsEverAsked draws organisations, policies and documents:
// whoever is asked is active, has no interest in it, and sits in one place only;
// every step asks somebody; a quorum has its places; what cannot be routed is
// refused by name; and the core can follow what is routed.
func TestNoInterestedPersonIsEverAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, ids := crowd(t)
		somebody := rapid.SampledFrom(ids)
		amount := money.Amount{Minor: rapid.Int64Range(-10, 9000).Draw(t, "amount"), Currency: "CNY"}
		c := document.Content{Entity: "cn", Department: rapid.SampledFrom([]string{"", "d0", "d1", "d2"}).Draw(t, "department"),
			Submitter: somebody.Draw(t, "submitter"), Requester: somebody.Draw(t, "requester"), Total: amount, BaseTotal: amount,
			Payee:  document.Payee{Kind: document.PayeeEmployee, ID: somebody.Draw(t, "payee")},
			Fields: map[string]string{"who": rapid.SampledFrom(append(ids, "")).Draw(t, "who")}}
		for range rapid.IntRange(0, 3).Draw(t, "lines") {
			c.Lines = append(c.Lines, document.Line{Category: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "category"),
				CostCenter: rapid.SampledFrom([]string{"", "C0", "C1", "C9"}).Draw(t, "cost center")})
		}
		p := flow(t)
		plan, err := policy.Route(policy.RouteInput{Policy: p, Content: c, Org: s, Round: 1})
		if err != nil {
			require.Equal(t, "policy.not_distinct", fault.CodeOf(err), "%v", err)
			require.Empty(t, plan)
			return
		}
		file := approval.State{Document: "d", Status: approval.Submitted, Round: 1, Submitter: c.Submitter, Requester: c.Requester}
		drafts, err := file.Judge(approval.Planned{Plan: plan}, time.Unix(0, 0))
		require.NoError(t, err)
		require.Equal(t, approval.PlanMade, drafts[0].Kind, "the core cannot follow it: %s", drafts[0].Data)
		for i, step := range plan.Steps {
			require.Equal(t, approval.NeedsPeople, step.Need)
			mayBeAsked(t, s, c, step)
			for _, earlier := range p.Steps[i].DistinctSteps {
				apart(t, s, step, plan.Steps[slices.IndexFunc(plan.Steps, func(e approval.Step) bool { return e.ID == earlier })])
			}
		}
	})
}

func mayBeAsked(t *rapid.T, s *org.Snapshot, c document.Content, step approval.Step) {
	require.NotEmpty(t, step.Approvers, "a step waits for nobody")
	if step.Mode == approval.Quorum {
		require.GreaterOrEqual(t, len(step.Approvers), step.Votes.Count, "a quorum shrank")
	}
	for i, a := range step.Approvers {
		require.Equal(t, step.Mode == approval.PerGroup, a.Group != "")
		if a.Person == approval.AdminQueue {
			continue
		}
		require.True(t, s.People[a.Person].Active, "%s has left", a.Person)
		for _, interested := range []string{c.Submitter, c.Requester, c.Payee.ID} {
			require.False(t, sameHuman(s, a.Person, interested), "%s is %s", a.Person, interested)
		}
		for _, b := range step.Approvers[:i] {
			require.False(t, sameHuman(s, a.Person, b.Person), "%s sits in two places", a.Person)
		}
	}
}

func apart(t *rapid.T, s *org.Snapshot, a, b approval.Step) {
	for _, x := range a.Approvers {
		for _, y := range b.Approvers {
			require.False(t, sameHuman(s, x.Person, y.Person), "%s may decide both", x.Person)
		}
	}
}

// FuzzRoute holds that no text, however odd, routes a document past everybody: a
// step without a condition asks somebody who may decide, or there is no plan.
func FuzzRoute(f *testing.F) {
	f.Add([]byte(good), int64(12345), "C1")
	f.Add([]byte(tabled("per_group", "first", rows)), int64(-1), "")
	for i, from := range slices.Concat(sources, climbs, each[:2]) {
		f.Add([]byte(strings.NewReplacer("{ role: finance_clerk }", from, "mode: all_of", []string{"mode: in_order",
			"mode: all_of"}[i%2]).Replace(good)), int64(i*1e5), "C2")
	}
	for _, mode := range []string{"{ quorum: 3 }", "{ ratio: 2/3 }", "per_group"} {
		f.Add([]byte(strings.Replace(good, "mode: all_of", "mode: "+mode, 1)), int64(1e6), "C3")
	}
	for i, text := range []string{forked, relay, amending, strings.Replace(forked, "none: skip", "none: refuse", 1),
		strings.Replace(forked, "parallel: reviews", "parallel: [[], []]", 1), strings.ReplaceAll(forked, "          ", "  ")} {
		f.Add([]byte(text), int64(i*3e4), "yes")
	}
	f.Fuzz(func(t *testing.T, text []byte, minor int64, center string) {
		p, err := policy.Parse("f.yaml", text)
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err), "%v", err)
			return
		}
		c := expense("lin", minor)
		c.Lines[0].CostCenter, c.Fields = center, map[string]string{"who": center, "contract": center}
		plan, remarks, err := policy.Trace(policy.RouteInput{Policy: p, Content: c, Org: group(), Round: 1})
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err), "%v", err)
			require.Empty(t, plan)
			return
		}
		require.NotEmpty(t, policy.Explain(plan, remarks, "zh-CN"))
		for i, s := range plan.Steps {
			if s.Need != approval.NeedsPeople {
				require.True(t, conditional(p, p.Steps[i]), "%s passed without a condition", s.ID)
				continue
			}
			asked := s.Approvers
			if s.Late != nil {
				for _, person := range s.Late.Among {
					asked = append(asked, approval.Approver{Person: person})
				}
			}
			require.NotEmpty(t, asked, "%s waits for nobody", s.ID)
			for _, a := range asked {
				require.NotContains(t, plan.Interested, a.Person)
			}
		}
	})
}

// conditional says whether a step, or a branch it stands in, has a condition.
func conditional(p *policy.Policy, s policy.Step) bool {
	return s.When != "" || slices.ContainsFunc(s.In, func(at policy.Place) bool {
		fork := slices.IndexFunc(p.Forks, func(f policy.Fork) bool { return f.ID == at.Fork })
		return p.Forks[fork].Branches[at.N].When != ""
	})
}

// BenchmarkRoute routes one document in a company of ten thousand: a thousand
// managers with ten people each, one in a hundred with a second account.
func BenchmarkRoute(b *testing.B) {
	s := group()
	for i := range 10_000 {
		p := org.Person{ID: fmt.Sprintf("n%d", i), Manager: fmt.Sprintf("n%d", i/10), Active: true, Entity: "cn", Department: "sales", Grade: 1}
		if i < 10 {
			p.Manager = "boss"
		}
		if i%100 == 99 {
			p.Aliases = []string{fmt.Sprintf("n%d", i-1)}
		}
		s.People[p.ID] = p
	}
	p, c := shipped(b, "expense"), expense("n9999", 100000)
	for b.Loop() {
		if _, err := policy.Route(policy.RouteInput{Policy: p, Content: c, Org: s, Round: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
