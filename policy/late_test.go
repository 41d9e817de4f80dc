package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// relay lets the manager choose a clerk, and looks for the head of finance when
// the time has come.
const relay = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
steps:
  - id: manager
    title: { en: Manager, zh-CN: 主管 }
    approvers: [{ manager: 1 }]
  - id: clerk
    title: { en: Clerk, zh-CN: 出纳 }
    approvers: [{ choice: approver, among: { role: finance_clerk } }]
  - id: head
    title: { en: Head, zh-CN: 负责人 }
    approvers: [{ role: finance_head, as_of: activation }, { top_manager: true, as_of: activation }]
    mode: all_of
    distinct_from: [manager]
then: [archive]
`

func TestApproversFoundLateInThePlan(t *testing.T) {
	plan := route(t, parsed(t, relay), company(), expense("lin", 100))
	require.Nil(t, plan.Steps[0].Late)
	require.Empty(t, plan.Steps[1].Approvers)
	require.Equal(t, &approval.Late{Chooser: "manager", Among: []string{"clerk", "clerk2"}}, plan.Steps[1].Late)
	require.Equal(t, &approval.Late{}, plan.Steps[2].Late)
	require.Equal(t, "head people head/role:finance_head chief/top_manager", brief(plan)[2], "who would be asked now")
	for locale, want := range map[string][]string{
		"en": {"2. Clerk (clerk): any of those whom the step manager chooses among clerk, clerk2\n",
			"chief [the requester's top manager]; looked for again when the step is reached\n"},
		"zh-CN": {"2. 出纳 (clerk): 或签：由节点 manager 的审批人从 clerk、clerk2 中指定\n", "chief [申请人的最高主管]；到达该节点时重新确定\n"},
	} {
		for _, text := range want {
			require.Contains(t, policy.Explain(plan, nil, locale), text)
		}
	}
}

func TestAmongWhomApproversChoose(t *testing.T) {
	for _, tt := range []struct {
		name, among string
		change      func(*org.Snapshot)
		by          string
		want        []string
		queue       string
	}{
		{"a role", "{ role: finance_clerk }", nil, "lin", []string{"clerk", "clerk2"}, ""},
		{"not the submitter", "{ role: finance_clerk }", nil, "clerk", []string{"clerk2"}, ""},
		{"not who left", "{ role: finance_clerk }", func(s *org.Snapshot) { edit(s, "clerk2", left) }, "lin", []string{"clerk"}, ""},
		{"one human once", "{ role: finance_clerk }", func(s *org.Snapshot) {
			edit(s, "clerk2", func(p *org.Person) { p.Aliases = []string{"clerk"} })
		}, "lin", []string{"clerk"}, ""},
		{"nobody at all", "{ role: auditor }", nil, "lin", nil, "queue:admin/fallback:vacant"},
		{"a department and those below", "{ department: document }", func(s *org.Snapshot) {
			s.Departments["east"] = org.Department{ID: "east", Parent: "sales"}
			edit(s, "wu", func(p *org.Person) { p.Department = "east" })
			for _, id := range []string{"clerk", "clerk2", "head", "root", "boss"} {
				edit(s, id, func(p *org.Person) { p.Department = "other" })
			}
		}, "lin", []string{"chief", "wu"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := company()
			if tt.change != nil {
				tt.change(s)
			}
			step := route(t, parsed(t, strings.Replace(relay, "{ role: finance_clerk }", tt.among, 1)), s, expense(tt.by, 100)).Steps[1]
			if tt.queue != "" {
				require.Nil(t, step.Late)
				require.Equal(t, tt.queue, step.Approvers[0].Person+"/"+step.Approvers[0].Via)
				return
			}
			require.Equal(t, tt.want, step.Late.Among)
		})
	}
	crowd := company()
	for n := range policy.AmongMax + 1 {
		id := "x" + strings.Repeat("x", n)
		crowd.People[id] = org.Person{ID: id, Active: true, Department: "sales"}
	}
	_, err := policy.Route(policy.RouteInput{Policy: parsed(t, strings.Replace(relay, "{ role: finance_clerk }", "{ department: sales }", 1)),
		Content: expense("lin", 100), Org: crowd, Round: 1})
	require.Equal(t, "policy.too_many_approvers", fault.CodeOf(err))
}

// TestStaffFindsThemAnew proves that a step reached later asks whoever holds the
// place then, and never nobody.
func TestStaffFindsThemAnew(t *testing.T) {
	for _, tt := range []struct {
		name, step string
		change     func(*org.Snapshot)
		asked      map[string][]string
		want       string
	}{
		{"as it was", "head", nil, nil, "head/role:finance_head chief/top_manager"},
		{"the head has left", "head", func(s *org.Snapshot) { edit(s, "head", left) }, nil, "queue:admin/fallback:vacant chief/top_manager"},
		{"another head", "head", func(s *org.Snapshot) {
			s.Grants = append(s.Grants, org.Grant{Person: "wu", Role: "finance_head"})
			edit(s, "head", left)
		}, nil, "wu/role:finance_head chief/top_manager"},
		{"the head became the manager, who was another", "head", func(s *org.Snapshot) {
			edit(s, "lin", func(p *org.Person) { p.Manager = "head" })
		}, map[string][]string{"manager": {"boss"}}, "head/role:finance_head chief/top_manager"},
		{"the head decided as manager", "head", nil, map[string][]string{"manager": {"head", approval.AdminQueue}},
			"chief/fallback:distinct"},
		{"nobody said who decided: the manager is looked for", "head", func(s *org.Snapshot) {
			edit(s, "lin", func(p *org.Person) { p.Manager = "head" })
		}, nil, "chief/fallback:distinct"},
		{"the step that the other speaks of", "manager", nil, map[string][]string{"head": {"boss"}}, "chief/fallback:distinct"},
		{"the step that the other speaks of, before that", "manager", nil, nil, "boss/manager:1"},
		{"nobody chose", "clerk", nil, nil, "queue:admin/fallback:no_choice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := company()
			if tt.change != nil {
				tt.change(s)
			}
			got, err := policy.Staff(policy.RouteInput{Policy: parsed(t, relay), Version: 1, Content: expense("lin", 100), Org: s,
				Round: 1, Document: "d", Asked: tt.asked}, tt.step)
			require.NoError(t, err)
			row := strings.Fields(brief(approval.Plan{Steps: []approval.Step{{Approvers: got}}})[0])
			require.Equal(t, tt.want, strings.Join(row, " "))
		})
	}
	for code, in := range map[string]policy.RouteInput{
		"policy.unknown_step":   {Policy: parsed(t, sound), Content: expense("lin", 100), Org: company()},
		"policy.unknown_entity": {Policy: parsed(t, relay), Content: expense("lin", 100), Org: &org.Snapshot{}},
	} {
		found, err := policy.Staff(in, "manager")
		require.Equal(t, code, fault.CodeOf(err))
		require.Empty(t, found)
	}
}

// TestAStepIsNotJudgedAgain proves that a step in the plan stays needed, whatever
// its condition would say now.
func TestAStepIsNotJudgedAgain(t *testing.T) {
	p := parsed(t, strings.Replace(relay, "    distinct_from: [manager]\n", "    when: grade < 4\n    otherwise: skip\n", 1))
	s := company()
	edit(s, "lin", func(p *org.Person) { p.Grade = 9 })
	require.Equal(t, approval.Skip, route(t, p, s, expense("lin", 100)).Steps[2].Need)
	got, err := policy.Staff(policy.RouteInput{Policy: p, Content: expense("lin", 100), Org: s}, "head")
	require.NoError(t, err)
	require.Len(t, got, 2)
}

func TestAWrongChoiceIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"of itself", "choice: approver,", "choice: approver, of: clerk,", "policy.bad_value 10:41 steps[1].approvers[0].of"},
		{"of a step to come", "choice: approver,", "choice: approver, of: head,", "policy.bad_value 10:41 steps[1].approvers[0].of"},
		{"in a field", "choice: approver,", "choice: approver, field: f,", "policy.bad_approver 10:44 steps[1].approvers[0].field"},
		{"among nobody", ", among: { role: finance_clerk }", "", "policy.bad_approver 10:17 steps[1].approvers[0].among"},
		{"beside another source", "{ choice: approver, among: { role: finance_clerk } }", "{ choice: approver, among: { role: finance_clerk } }, { manager: 1 }",
			"policy.choice_alone 10:17 steps[1].approvers[0]"},
		{"found anew", "choice: approver,", "choice: approver, as_of: activation,", "policy.bad_value 10:44 steps[1].approvers[0].as_of"},
		{"counted", "{ choice: approver, among: { role: finance_clerk } }]", "{ choice: approver, among: { role: finance_clerk } }]\n    mode: { quorum: 2 }",
			"policy.not_in_mode 10:17 steps[1].approvers[0]"},
		{"of the submitter's step", "choice: approver,", "choice: submitter, field: f, of: manager,", "policy.bad_approver 10:52 steps[1].approvers[0].of"},
		{"some at another time", "{ top_manager: true, as_of: activation }", "{ top_manager: true }", "policy.mixed_as_of 13:60 steps[2].approvers[1]"},
		{"some at another time, written", "{ top_manager: true, as_of: activation }", "{ top_manager: true, as_of: submission }", "policy.mixed_as_of 13:60 steps[2].approvers[1]"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, refused(t, relay, tt.from, tt.to)) })
	}
	inRow := strings.Replace(tabled("all_of", "first", rows), "{ top_manager: true }", "{ choice: approver, among: { role: r } }", 1)
	require.Contains(t, refused(t, inRow, "match: first", "match: first"), "policy.bad_value")
	require.Contains(t, refused(t, tabled("all_of", "first", rows), "top_manager: true", "top_manager: true, as_of: activation"), "policy.bad_value")
}

// TestWhoseApproversChoose proves that the step before chooses, past sibling
// branches, and that a step in another branch never does.
func TestWhoseApproversChoose(t *testing.T) {
	const chosen = "approvers: [{ choice: approver, among: { role: finance_clerk } }]"
	for _, tt := range []struct{ name, from, of, want string }{
		{"the first of a branch", "approvers: [{ role: finance_clerk }]", "", "manager"},
		{"the first of another branch", "approvers: [{ person: wu }]", "", "manager"},
		{"inside an inner fork", "approvers: [{ top_manager: true }]", "", "lawyer"},
		{"the second inner branch", "approvers: [{ person: root }]", "", "lawyer"},
		{"from the trunk", "approvers: [{ person: root }]", "manager", "manager"},
		{"from a sibling", "approvers: [{ person: root }]", "dear", "policy.bad_value"},
		{"from the other outer branch", "approvers: [{ person: root }]", "clerk", "policy.bad_value"},
		{"right after a fork", "approvers: [{ role: finance_head }]", "", "policy.chooser_unclear"},
		{"after a fork, by the trunk", "approvers: [{ role: finance_head }]", "manager", "manager"},
		{"after a fork, by a branch", "approvers: [{ role: finance_head }]", "clerk", "clerk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			to := chosen
			if tt.of != "" {
				to = strings.Replace(chosen, "approver,", "approver, of: "+tt.of+",", 1)
			}
			p, err := policy.Parse("p.yaml", []byte(strings.Replace(forked, tt.from, to, 1)))
			if strings.HasPrefix(tt.want, "policy.") {
				require.Equal(t, tt.want, fault.CodeOf(err))
				return
			}
			require.NoError(t, err)
			for _, s := range p.Steps {
				if c := s.Approvers[0].Choice; c != nil {
					require.Equal(t, tt.want, c.Step)
				}
			}
		})
	}
}
