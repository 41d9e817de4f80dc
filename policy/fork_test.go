package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

// forked asks a manager, then finance and, for contracts, a lawyer and from 500.00
// on also two others, all at the same time; then the head of finance.
const forked = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
steps:
  - id: manager
    title: { en: Manager, zh-CN: 主管 }
    approvers: [{ manager: 1 }]
  - parallel: reviews
    branches:
      - title: { en: Money, zh-CN: 财务 }
        steps:
          - id: clerk
            title: { en: Clerk, zh-CN: 出纳 }
            approvers: [{ role: finance_clerk }]
      - title: { en: Contracts, zh-CN: 合同 }
        when: fields.contract == "yes"
        steps:
          - id: lawyer
            title: { en: Lawyer, zh-CN: 法务 }
            approvers: [{ person: wu }]
          - parallel: experts
            branches:
              - when: amount >= money("500.00")
                steps:
                  - id: dear
                    title: { en: Dear, zh-CN: 大额 }
                    approvers: [{ top_manager: true }]
              - when: amount >= money("900.00")
                steps:
                  - id: dearer
                    title: { en: Dearer, zh-CN: 更大 }
                    when: urgency == "urgent"
                    otherwise: auto_approve
                    approvers: [{ person: root }]
            none: skip
  - id: head
    title: { en: Head, zh-CN: 负责人 }
    approvers: [{ role: finance_head }]
then: [archive]
`

// refused says how a changed text is refused: code, place and field.
func refused(t *testing.T, text, from, to string) string {
	t.Helper()
	require.Contains(t, text, from)
	_, err := policy.Parse("p.yaml", []byte(strings.Replace(text, from, to, 1)))
	f, ok := fault.As(err)
	if !ok {
		return "accepted"
	}
	return f.Code + " " + f.Args["line"] + ":" + f.Args["column"] + " " + f.Field
}

func TestAWrongForkIsRefusedWhereItIsWrong(t *testing.T) {
	deep := "- parallel: f%\n    branches: [{ steps: [{ id: a%, title: { en: A, zh-CN: 甲 }, approvers: [{ manager: 1 }] }] }, { steps: ["
	nested := strings.Replace(forked, "  - id: head\n", "  "+strings.ReplaceAll(deep, "%", "1")+
		"{ parallel: f2, branches: [{ steps: [{ id: a2, title: { en: A, zh-CN: 甲 }, approvers: [{ manager: 1 }] }] }, { steps: ["+
		"{ parallel: f3, branches: [{ steps: [{ id: a3, title: { en: A, zh-CN: 甲 }, approvers: [{ manager: 1 }] }] }, { steps: [X] }] }"+
		"] }] }] }]\n  - id: head\n", 1)
	leaf := "{ id: a4, title: { en: A, zh-CN: 甲 }, approvers: [{ manager: 1 }] }"
	_, err := policy.Parse("p.yaml", []byte(strings.Replace(nested, "X", leaf, 1)))
	require.NoError(t, err, "three levels are allowed")
	four := "{ parallel: f4, branches: [{ steps: [" + leaf + "] }, { steps: [{ id: a5, title: { en: A, zh-CN: 甲 }, approvers: [{ manager: 1 }] }] }] }"
	_, err = policy.Parse("p.yaml", []byte(strings.Replace(nested, "X", four, 1)))
	require.ErrorContains(t, err, "policy.too_deep")

	branch := "      - title: { en: Contracts, zh-CN: 合同 }\n"
	for _, tt := range []struct{ name, from, to, want string }{
		{"a list of lists", "parallel: reviews\n", "parallel: [[], []]\n", "yaml.wrong_type 8:15 steps[1].parallel"},
		{"no id", "parallel: reviews\n", "parallel: Reviews\n", "policy.bad_id 8:15 steps[1].parallel"},
		{"the id of a step", "parallel: reviews\n", "parallel: manager\n", "policy.duplicate_step 8:15 steps[1].parallel"},
		{"the id of a fork", "id: head\n", "id: experts\n", "policy.duplicate_step 36:9 steps[2].id"},
		{"the id of a step in a branch", "id: head\n", "id: clerk\n", "policy.duplicate_step 36:9 steps[2].id"},
		{"a key of a step", "parallel: reviews\n", "parallel: reviews\n    mode: all_of\n", "yaml.unknown_key 9:5 steps[1].mode"},
		{"a key that no branch has", "when: fields", "whem: fields", "yaml.unknown_key 16:9 steps[1].branches[1].whem"},
		{"one branch only", "  - id: head\n", "  - { parallel: lone, branches: [{ steps: [" + leaf + "] }] }\n  - id: head\n",
			"policy.bad_number 36:33 steps[2].branches"},
		{"eleven branches", branch, strings.Repeat("      - { steps: [] }\n", 9) + branch, "policy.bad_number 10:7 steps[1].branches"},
		{"an empty branch", branch, "      - { steps: [] }\n" + branch, "policy.empty 15:18 steps[1].branches[1].steps"},
		{"an empty condition", `when: fields.contract == "yes"`, `when: ""`, "policy.empty 16:16 steps[1].branches[1].when"},
		{"a title in one language", "{ en: Money, zh-CN: 财务 }", "{ en: Money }", "policy.missing_title 10:16 steps[1].branches[0].title"},
		{"nothing said of none", "            none: skip\n", "", "policy.missing_none 21:23 steps[1].branches[1].steps[1].parallel"},
		{"none that cannot be", "  - id: head\n", "    none: skip\n  - id: head\n", "policy.none_without 36:11 steps[1].none"},
		{"none of its own", "none: skip", "none: reject", "policy.bad_value 35:19 steps[1].branches[1].steps[1].none"},
		{"another human than in a later branch", "            approvers: [{ role: finance_clerk }]\n",
			"            approvers: [{ role: finance_clerk }]\n            distinct_from: [lawyer]\n",
			"policy.bad_value 15:29 steps[1].branches[0].steps[0].distinct_from[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, refused(t, forked, tt.from, tt.to)) })
	}
	_, err = policy.Parse("p.yaml", []byte(strings.Replace(forked, "parallel: reviews\n", "parallel: [[], []]\n", 1)))
	f, _ := fault.As(err)
	require.Contains(t, f.Args["mend"], "branches: [{ steps: […] }", "it says how it is written")
}

// branchedBrief is brief with the branches of each step, and its reason.
func branchedBrief(plan approval.Plan) []string {
	rows := brief(plan)
	for i, s := range plan.Steps {
		at := ""
		for _, b := range s.Branches {
			at += " " + b.Fork + "/" + string(rune('0'+b.N))
		}
		rows[i] += at + " | " + s.Reason
	}
	return rows
}

func TestForksAreRouted(t *testing.T) {
	const contract = `fields.contract == "yes" is true: fields.contract = "yes"`
	const none = `fields.contract == "yes" is false: fields.contract = "no"`
	const to, from = `amount >= money("500.00") is `, `amount >= money("900.00") is `
	manager, clerk := "manager people boss/manager:1 | always", "clerk people clerk/role:finance_clerk clerk2/role:finance_clerk reviews/0 | always"
	head, lawyer := "head people head/role:finance_head | always", "lawyer people wu/person:wu reviews/1 | "+contract
	for _, tt := range []struct {
		name, from, to string
		minor          int64
		contract       string
		want           []string
	}{
		{"a branch is left out, and all inside it", "", "", 99999, "no", []string{manager, clerk,
			"lawyer skip reviews/1 | " + none, "dear skip reviews/1 experts/0 | " + none, "dearer skip reviews/1 experts/1 | " + none, head}},
		{"all branches are walked", "", "", 90000, "yes", []string{manager, clerk, lawyer,
			"dear people chief/top_manager reviews/1 experts/0 | " + to + "true: amount = 900.00 CNY",
			"dearer auto_approve reviews/1 experts/1 | urgency == \"urgent\" is false: urgency = \"normal\"", head}},
		{"one of the inner ones", "", "", 89999, "yes", []string{manager, clerk, lawyer,
			"dear people chief/top_manager reviews/1 experts/0 | " + to + "true: amount = 899.99 CNY",
			"dearer skip reviews/1 experts/1 | " + from + "false: amount = 899.99 CNY", head}},
		{"none of the inner ones", "", "", 49999, "yes", []string{manager, clerk, lawyer,
			"dear skip reviews/1 experts/0 | " + to + "false: amount = 499.99 CNY",
			"dearer skip reviews/1 experts/1 | " + from + "false: amount = 499.99 CNY", head}},
		{"none, which is by rule", "none: skip", "none: auto_approve", 49999, "yes", []string{manager, clerk, lawyer,
			"dear auto_approve reviews/1 experts/0 | " + to + "false: amount = 499.99 CNY",
			"dearer auto_approve reviews/1 experts/1 | " + from + "false: amount = 499.99 CNY", head}},
		{"nothing inside a branch left out is judged", `amount >= money("500.00")`, `fields.nothing == "x"`, 49999, "no", []string{manager, clerk,
			"lawyer skip reviews/1 | " + none, "dear skip reviews/1 experts/0 | " + none, "dearer skip reviews/1 experts/1 | " + none, head}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parsed(t, strings.Replace(forked, tt.from, tt.to, 1))
			require.Equal(t, tt.want, branchedBrief(route(t, p, company(), contracted(tt.minor, tt.contract))))
		})
	}
	plan := route(t, parsed(t, forked), company(), contracted(1, "yes"))
	require.Equal(t, []approval.Branch{{Fork: "reviews", N: 1, Title: map[string]string{"en": "Contracts", "zh-CN": "合同"}},
		{Fork: "experts", N: 1}}, plan.Steps[4].Branches)
}

func contracted(minor int64, contract string) document.Content {
	c := expense("lin", minor)
	c.Fields = map[string]string{"contract": contract}
	return c
}

// TestABranchIsNeverLeftOutByAnError proves that what cannot be judged makes no plan.
func TestABranchIsNeverLeftOutByAnError(t *testing.T) {
	for _, tt := range []struct {
		name, from, to, contract, code string
		args                           []string
	}{
		{"a field that is not there", `fields.contract ==`, `fields.nothing ==`, "yes", "policy.condition_failed", []string{"16:15", "reviews"}},
		{"another currency", `money("900.00")`, `money("900.00", "EUR")`, "yes", "policy.condition_failed", []string{"28:23", "experts"}},
		{"no branch where one is needed", "none: skip", "none: refuse", "yes", "policy.no_branch", []string{"35:19", "experts"}},
		{"no sense", `amount >= money("900.00")`, `amount >= 9`, "yes", "policy.bad_condition", []string{"28:30", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parsed(t, strings.Replace(forked, tt.from, tt.to, 1))
			plan, err := policy.Route(policy.RouteInput{Policy: p, Content: contracted(100, tt.contract), Org: company(), Round: 1})
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.code, f.Code)
			require.Equal(t, tt.args, []string{f.Args["line"] + ":" + f.Args["column"], f.Args["step"]})
			require.Empty(t, plan)
		})
	}
}

// TestSiblingsMayNeedDifferentHumans proves that two steps asked at the same time
// can be kept apart, and that the order of the text decides who is passed over.
func TestSiblingsMayNeedDifferentHumans(t *testing.T) {
	text := strings.Replace(forked, "approvers: [{ person: wu }]", "approvers: [{ role: finance_clerk }]", 1)
	text = strings.Replace(text, "approvers: [{ role: finance_clerk }]", "approvers: [{ person: clerk }]", 1)
	steps := route(t, parsed(t, text), company(), contracted(100, "yes")).Steps
	require.Len(t, steps[2].Approvers, 2, "without it, clerk is asked in both")
	text = strings.Replace(text, "approvers: [{ role: finance_clerk }]", "approvers: [{ role: finance_clerk }]\n            distinct_from: [clerk]", 1)
	steps = route(t, parsed(t, text), company(), contracted(100, "yes")).Steps
	require.Equal(t, []approval.Approver{{Person: "clerk2", Via: "role:finance_clerk"}}, steps[2].Approvers)
	require.Equal(t, []string{"clerk"}, steps[2].DistinctFrom)
}

func TestForksAreExplained(t *testing.T) {
	plan := route(t, parsed(t, forked), company(), contracted(90000, "yes"))
	require.Equal(t, `Policy p, version 3, round 1
1. Manager (manager): any of boss [the requester's direct manager]
   always
At the same time (reviews):
   branch 1, Money:
      2. Clerk (clerk): any of clerk [holds the role finance_clerk], clerk2 [holds the role finance_clerk]
         always
   branch 2, Contracts:
      3. Lawyer (lawyer): any of wu [named by the policy]
         fields.contract == "yes" is true: fields.contract = "yes"
      At the same time (experts):
         branch 1:
            4. Dear (dear): any of chief [the requester's top manager]
               amount >= money("500.00") is true: amount = 900.00 CNY
         branch 2:
            5. Dearer (dearer): approved by rule
               urgency == "urgent" is false: urgency = "normal"
6. Head (head): any of head [holds the role finance_head]
   always
Then: archive
`, policy.Explain(plan, nil, "en"))
	zh := policy.Explain(plan, nil, "zh-CN")
	require.Contains(t, zh, "并行（reviews）：\n   分支 1，财务：\n      2. 出纳 (clerk): 或签：")
	require.Contains(t, zh, "      并行（experts）：\n         分支 1：\n            4. 大额")
}
