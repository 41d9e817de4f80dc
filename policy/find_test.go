package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// group is company with more of everything: top ← chief ← boss ← lin, wu. The
// cost centres C1 of sales (boss), C2 of law (head) and C3 of nobody.
func group() *org.Snapshot {
	s := company()
	s.People["top"] = org.Person{ID: "top", Active: true, Entity: "cn", Department: "all", Grade: 9}
	edit(s, "chief", func(p *org.Person) { p.Manager, p.Grade, p.Department = "top", 7, "all" })
	edit(s, "boss", func(p *org.Person) { p.Grade = 5 })
	edit(s, "head", func(p *org.Person) { p.Department = "law" })
	s.Departments = map[string]org.Department{
		"all":   {ID: "all", Entity: "cn", Head: "top"},
		"china": {ID: "china", Entity: "cn", Head: "chief", Parent: "all"},
		"sales": {ID: "sales", Entity: "cn", Head: "boss", Parent: "china", CostCenter: "C1"},
		"law":   {ID: "law", Entity: "cn", Head: "head", Parent: "china", CostCenter: "C2"},
	}
	s.Grades = map[string]org.Grade{"M3": {ID: "M3", Rank: 7}}
	s.Authorities = []org.Authority{{Grade: "5", Below: "1000.00", Currency: "CNY"}, {Grade: "M3", Below: "1000.00", Currency: "EUR"},
		{Person: "top", Unlimited: true}}
	s.Posts = []org.Post{{Person: "clerk", Role: "partner", Department: "china"}, {Person: "clerk2", Role: "owner", CostCenter: "C1"},
		{Person: "head", Role: "owner", CostCenter: "C2"}}
	s.Grants = append(s.Grants, org.Grant{Person: "wu", Role: "cashier", Entity: "cn"}, org.Grant{Person: "chief", Role: "cashier"})
	return s
}

// oneStep is a policy of one step, with what is written into it.
func oneStep(t testing.TB, mode, approvers string) *policy.Policy {
	t.Helper()
	text := strings.NewReplacer("    when: amount >= money(\"1000.00\")\n    otherwise: skip\n", "",
		"[{ role: finance_clerk }]", approvers, "mode: all_of", "mode: "+mode).Replace(good)
	p, err := policy.Parse("p.yaml", []byte(text))
	require.NoError(t, err, text)
	return p
}

// asked writes whom a step asks: person/via, and =group or *weight.
func asked(step approval.Step) string {
	var all []string
	for _, a := range step.Approvers {
		text := a.Person + "/" + a.Via
		if a.Group != "" {
			text += "=" + a.Group
		}
		if a.Weight != 0 {
			text += fmt.Sprintf("*%d", a.Weight)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

type content func(*document.Content)

func costs(centers ...string) content {
	return func(c *document.Content) {
		c.Lines = nil
		for i, id := range centers {
			c.Lines = append(c.Lines, document.Line{No: i + 1, Category: "travel", CostCenter: id, Amount: yuan(1), Tax: yuan(0)})
		}
	}
}

func field(name, value string) content {
	return func(c *document.Content) { c.Fields = map[string]string{name: value} }
}

func by(person string) content {
	return func(c *document.Content) { c.Submitter, c.Requester, c.Payee.ID = person, person, person }
}

func of(minor int64) content {
	return func(c *document.Content) { c.Total, c.BaseTotal = yuan(minor), yuan(minor) }
}

func TestEveryWayOfFinding(t *testing.T) {
	chosen := "[{ choice: submitter, field: who, among: { department: document } }]"
	cashier := "[{ choice: submitter, field: who, among: { role: cashier } }]"
	for _, tt := range []struct {
		name, mode, approvers string
		content               content
		want                  string
	}{
		{"a role of the group", "all_of", "[{ role: cashier, of: group }]", nil, "chief/group_role:cashier"},
		{"a role of the entity", "all_of", "[{ role: cashier, of: entity, as_of: submission }]", nil, "chief/role:cashier wu/role:cashier"},
		{"a post above the department", "any_of", "[{ role: partner, of: department }]", nil, "clerk/department_role:partner"},
		{"a post of one's own", "any_of", "[{ role: partner, of: department }]", by("clerk"), "head/fallback:self"},
		{"a post that is vacant", "any_of", "[{ role: nobody, of: department }]", nil, "queue:admin/fallback:vacant"},
		{"a post in each cost centre", "all_of", "[{ role: owner, of: cost_center }]", costs("C2", "C1"),
			"clerk2/cost_center_role:owner head/cost_center_role:owner"},
		{"a climb to a grade", "any_of", "[{ manager: { up_to_grade: M3 } }]", nil, "chief/up_to_grade:M3"},
		{"a climb to a rank", "any_of", "[{ manager: { up_to_grade: 5 } }]", nil, "boss/up_to_grade:5"},
		{"a climb to a grade of nobody", "any_of", "[{ manager: { up_to_grade: 99 } }]", nil, "queue:admin/fallback:no_manager"},
		{"a climb, everybody on the way", "in_order", "[{ manager: { up_to_grade: M3, every: true } }]", nil, "boss/up_to_grade:M3 chief/up_to_grade:M3"},
		{"a climb past oneself", "in_order", "[{ manager: { up_to_grade: 5, every: true } }]",
			func(c *document.Content) { c.Submitter = "boss" }, "chief/fallback:self"},
		{"a climb of levels", "in_order", "[{ manager: { level: 2, every: true } }]", nil, "boss/up_to_level:2 chief/up_to_level:2"},
		{"a climb with no such level", "in_order", "[{ manager: { level: 5, every: true } }]", nil,
			"boss/up_to_level:5 chief/up_to_level:5 top/up_to_level:5 queue:admin/fallback:no_manager"},
		{"a level in words", "any_of", "[{ manager: { level: 2 } }]", nil, "chief/manager:2"},
		{"authority, below the limit", "any_of", "[{ manager: { authority: amount } }]", of(99999), "boss/authority"},
		{"authority, at the limit", "any_of", "[{ manager: { authority: amount } }]", of(100000), "chief/authority"},
		{"authority in another currency", "any_of", "[{ manager: { authority: amount } }]", of(799999), "chief/authority"},
		{"authority without a limit", "any_of", "[{ manager: { authority: amount } }]", of(800000), "top/authority"},
		{"authority of nobody above", "any_of", "[{ manager: { authority: amount } }]", by("top"), "queue:admin/fallback:no_authority"},
		{"authority of the submitter", "any_of", "[{ manager: { authority: amount } }]",
			func(c *document.Content) { c.Submitter = "boss" }, "chief/fallback:self"},
		{"the head of the department", "any_of", "[{ department_head: true }]", nil, "boss/department_head"},
		{"the head above", "any_of", "[{ department_head: { level: 2 } }]", nil, "chief/department_head:2"},
		{"a head above all", "any_of", "[{ department_head: { level: 9 } }]", nil, "queue:admin/fallback:vacant"},
		{"all heads", "in_order", "[{ department_head: { every: true } }]", nil, "boss/every_head chief/every_head top/every_head"},
		{"heads of what bears the cost", "all_of", "[{ department_head: { of: cost_centers } }]", costs("C1", "C2", "C1"),
			"boss/cost_center_head head/cost_center_head"},
		{"one of each department", "per_group", "[{ department_head: { of: cost_centers } }]", costs("C1", "C3"),
			"boss/cost_center_head=department:sales queue:admin/fallback:vacant=cost_center:C3"},
		{"one of each source", "per_group", "[{ role: finance_clerk }, { role: cashier, group: money }, { manager: 3, group: money }]", nil,
			"clerk/role:finance_clerk=role:finance_clerk clerk2/role:finance_clerk=role:finance_clerk chief/role:cashier=money wu/role:cashier=money top/manager:3=money"},
		{"one human for two groups", "per_group", "[{ manager: 2 }, { role: cashier, of: group }]", nil,
			"chief/manager:2=manager:2 top/fallback:asked=group_role:cashier"},
		{"a vacant one beside a human", "per_group", "[{ role: nobody, group: a }, { manager: 1, group: a }]", nil, "boss/manager:1=a"},
		{"a choice", "any_of", chosen, field("who", "wu"), "wu/choice:who"},
		{"a choice of oneself", "any_of", chosen, field("who", "lin"), "boss/fallback:self"},
		{"a choice outside", "any_of", chosen, field("who", "chief"), "queue:admin/fallback:not_allowed"},
		{"a choice of nobody", "any_of", chosen, nil, "queue:admin/fallback:no_person"},
		{"a choice among a role", "any_of", cashier, field("who", "wu"), "wu/choice:who"},
		{"a choice beside the role", "any_of", cashier, field("who", "clerk"), "queue:admin/fallback:not_allowed"},
		{"a quorum", "{ quorum: 2 }", "[{ role: finance_clerk }, { manager: 1 }]", nil,
			"clerk/role:finance_clerk clerk2/role:finance_clerk boss/manager:1"},
		{"a quorum that is short", "{ quorum: 3 }", "[{ manager: 1 }, { department_head: true }]", nil,
			"boss/manager:1 queue:admin/fallback:quorum queue:admin/fallback:quorum"},
		{"a quorum beside a vacancy", "{ quorum: 2 }", "[{ role: nobody }, { role: finance_clerk }]", nil,
			"clerk/role:finance_clerk clerk2/role:finance_clerk"},
		{"weights", "{ ratio: 2/3 }", "[{ role: finance_clerk, weight: 2 }, { manager: 1 }]", nil,
			"clerk/role:finance_clerk*2 clerk2/role:finance_clerk*2 boss/manager:1"},
		{"a weight is not lost", "{ ratio: 2/3 }", "[{ manager: 1 }, { department_head: true, weight: 5 }, { role: nobody, weight: 3 }]", nil,
			"boss/manager:1 chief/fallback:asked*5 queue:admin/fallback:vacant*3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := expense("lin", 12345)
			if tt.content != nil {
				tt.content(&c)
			}
			plan, err := policy.Route(policy.RouteInput{Policy: oneStep(t, tt.mode, tt.approvers), Content: c, Org: group(), Round: 1,
				Rates: func(from, to money.Currency) (string, bool) { return "8", from == "EUR" && to == "CNY" }})
			require.NoError(t, err)
			require.Equal(t, tt.want, asked(plan.Steps[0]))
		})
	}
}

func TestAPlanCarriesTheVotes(t *testing.T) {
	step := func(mode string) approval.Step {
		return route(t, oneStep(t, mode, "[{ role: finance_clerk }]"), group(), expense("lin", 1)).Steps[0]
	}
	require.Equal(t, &approval.Votes{Count: 2}, step("{ quorum: 2 }").Votes)
	require.Equal(t, &approval.Votes{Num: 1, Den: 3}, step("{ ratio: 1/3 }\n    on_reject: vote").Votes)
	require.Empty(t, step("{ ratio: 1/3 }\n    on_reject: vote").OnReject, "the mode's own default is not written")
	require.Equal(t, approval.RejectVeto, step("{ quorum: 2 }\n    on_reject: veto").OnReject)
	require.Equal(t, approval.RejectEveryone, step("any_of\n    on_reject: everyone").OnReject)
	require.Nil(t, step("all_of").Votes)
}

const two = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
steps:
  - id: one
    title: { en: One, zh-CN: 一 }
    approvers: [FIRST]
  - id: two
    title: { en: Two, zh-CN: 二 }
    approvers: [SECOND]
    distinct_from: [one]
then: [archive]
`

func TestTwoStepsNeedTwoHumans(t *testing.T) {
	for _, tt := range []struct{ name, first, second, want, code string }{
		{"different people", "{ manager: 1 }", "{ manager: 2 }", "chief/manager:2", ""},
		{"the same one goes up", "{ manager: 1 }", "{ department_head: true }", "chief/fallback:distinct", ""},
		{"whoever of a role decides", "{ role: finance_clerk }", "{ role: finance_clerk }", "head/fallback:distinct", ""},
		{"another account of the same", "{ person: chief }", "{ person: chief2 }", "top/fallback:distinct", ""},
		{"the top one", "{ person: top }", "{ top_manager: true }", "queue:admin/fallback:distinct", ""},
		{"the admin queue twice", "{ role: nobody }", "{ role: nobody }", "", "policy.not_distinct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := policy.Parse("p.yaml", []byte(strings.NewReplacer("FIRST", tt.first, "SECOND", tt.second).Replace(two)))
			require.NoError(t, err)
			s := group()
			s.People["chief2"] = org.Person{ID: "chief2", Active: true, Manager: "top", Aliases: []string{"chief"}}
			plan, err := policy.Route(policy.RouteInput{Policy: p, Content: expense("lin", 1), Org: s, Round: 1})
			require.Equal(t, tt.code, fault.CodeOf(err))
			if tt.code == "" {
				require.Equal(t, tt.want, asked(plan.Steps[1]))
			}
		})
	}
}

func TestALimitThatCannotBeReadMakesNoPlan(t *testing.T) {
	in := policy.RouteInput{Policy: oneStep(t, "any_of", "[{ manager: { authority: amount } }]"), Content: expense("lin", 100000),
		Org: group(), Round: 1}
	_, err := policy.Route(in)
	require.Equal(t, "policy.no_rate", fault.CodeOf(err), "the limit is in euro, and nobody knows the rate")
	in.Policy = oneStep(t, "any_of", "[{ manager: { up_to_grade: M9 } }]")
	_, err = policy.Route(in)
	f, _ := fault.As(err)
	require.Equal(t, []string{"policy.unknown_grade", "7"}, []string{f.Code, f.Args["line"]})
}

func TestTraceSaysWhoWasPassedOver(t *testing.T) {
	s := group()
	edit(s, "clerk2", left)
	in := policy.RouteInput{Policy: oneStep(t, "all_of", "[{ role: finance_clerk }, { manager: { up_to_grade: M3 } }]"),
		Content: expense("clerk", 1), Org: s, Round: 1}
	in.Content.Requester = "lin"
	plan, remarks, err := policy.Trace(in)
	require.NoError(t, err)
	require.Equal(t, "head/fallback:self chief/up_to_grade:M3", asked(plan.Steps[0]))
	require.Equal(t, []policy.Remark{
		{Step: "one", Way: "role:finance_clerk", Passed: []policy.Passed{{Person: "clerk2", Why: "fallback:inactive"}, {Person: "clerk", Why: "fallback:self"}}},
		{Step: "one", Way: "up_to_grade:M3", Passed: []policy.Passed{{Person: "boss", Why: "passed:grade"}}},
	}, remarks)
	require.Contains(t, policy.Explain(plan, remarks, "zh-CN"), "越过（首位职级达到 M3 的主管）：boss [级别不够]\n")
	require.Contains(t, policy.Explain(plan, remarks, "en"), "passed over (holds the role finance_clerk): clerk2 [has left], clerk [has an interest in it]\n")
}
