package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/policytest"
)

// parted is a policy with a fork and without a defect in the generated company.
const parted = `
policy: sound
title: { en: Parted, zh-CN: 分支 }
base: CNY
require: [{ from: "50000.00", humans: 2 }]
steps:
  - id: lead
    title: { en: Lead, zh-CN: 组长 }
    approvers: [{ manager: 1 }]
    due: { normal: 1 workday }
    on_timeout: escalate
  - parallel: reviews
    branches:
      - title: { en: Money, zh-CN: 财务 }
        steps:
          - id: finance_review
            title: { en: Finance review, zh-CN: 财务初审 }
            approvers: [{ role: finance_clerk, of: entity }]
            due: { normal: 1 workday }
            on_timeout: reject
      - when: amount >= money("10000.00")
        steps:
          - id: head
            title: { en: Head of department, zh-CN: 部门负责人 }
            approvers: [{ department_head: true }]
            due: { normal: 1 workday }
            on_timeout: escalate
  - id: finance_head
    title: { en: Head of finance, zh-CN: 财务负责人 }
    when: amount >= money("50000.00")
    otherwise: skip
    approvers: [{ role: finance_head, of: entity }]
    due: { normal: 1 workday }
    on_timeout: reject
then: [accrue, archive]
`

const (
	moneyBranch = "        steps:\n          - id: finance_review\n"
	headBranch  = `when: amount >= money("10000.00")`
	clerks      = "{ role: finance_clerk, of: entity }"
	chooseClerk = "{ choice: approver, of: lead, among: { role: finance_clerk } }"
	refuseNone  = "            approvers: [{ department_head: true }]\n            due: { normal: 1 workday }\n            on_timeout: escalate\n"
)

func techniques(proof policy.Proof) map[string]policy.Technique {
	all := map[string]policy.Technique{}
	for _, claim := range proof.Claims {
		all[claim.Property] = claim.Technique
	}
	return all
}

func TestASoundForkIsProved(t *testing.T) {
	proof := prove(t, parted, soundMapping, policytest.Company(1, 10_000))
	require.Equal(t, []string{"warning policy.queue_only lead", "warning policy.queue_only head", "warning policy.queue_only lead"},
		shown(proof), "the chief's own, and what the chief enters for those below")
	for property, technique := range techniques(proof) {
		switch property {
		case policy.ClaimApprover, policy.ClaimElsewhere:
			require.Equal(t, policy.Refuted, technique)
		default:
			require.Equal(t, policy.Proved, technique, property)
		}
	}
	require.Contains(t, techniques(proof), policy.ClaimBranches)
	require.NotContains(t, techniques(prove(t, sound, soundMapping, policytest.Company(1, 120))), policy.ClaimBranches)
}

// TestDifferentHumansInBranchesMendIt proves that what check says of one human in
// two branches is true: distinct_from ends it.
func TestDifferentHumansInBranchesMendIt(t *testing.T) {
	s := policytest.Company(1, 200)
	gives(boss, "finance_clerk", "e1")(s)
	for _, source := range []string{clerks, chooseClerk} {
		text := strings.Replace(parted, clerks, source, 1)
		require.Contains(t, shown(prove(t, text, soundMapping, s)), "warning policy.same_in_branches head")
		apart := strings.Replace(text, "{ department_head: true }]\n", "{ department_head: true }]\n            distinct_from: [finance_review]\n", 1)
		require.NotContains(t, shown(prove(t, apart, soundMapping, s)), "warning policy.same_in_branches head")
	}
}

var forkDefects = []struct {
	defect
	more []string // further changes: old, new, …
}{
	{defect: defect{name: "one human in two branches", company: gives(boss, "finance_clerk", "e1"),
		want: "warning policy.same_in_branches head", by: lead, amount: "10000.00"}},
	{defect: defect{name: "two accounts of one human in two branches", company: func(s *org.Snapshot) {
		edit(s, boss, func(p *org.Person) { p.Aliases = []string{firstClerk} })
	}, want: "warning policy.same_in_branches head", by: lead, amount: "10000.00"}},
	{defect: defect{name: "a branch that is never taken", old: headBranch, new: `when: department == "d9999"`,
		want: "warning policy.never_needed head"}},
	{defect: defect{name: "a fork that takes no branch, which is refused", old: moneyBranch, new: "        when: amount >= money(\"10.00\")\n" + moneyBranch,
		want: "error policy.dead_end reviews", by: chief, amount: "0.01"}, more: []string{refuseNone, refuseNone + "    none: refuse\n"}},
	{defect: defect{name: "a request that every branch leaves out", old: moneyBranch, new: "        when: amount >= money(\"10.00\")\n" + moneyBranch,
		want: "error policy.undecided", by: chief, amount: "0.01"},
		more: []string{refuseNone, refuseNone + "    none: skip\n", "    approvers: [{ manager: 1 }]\n", "    when: amount >= money(\"10.00\")\n    otherwise: skip\n    approvers: [{ manager: 1 }]\n"}},
	{defect: defect{name: "a gap between branches", old: moneyBranch, new: "        when: amount < money(\"9000.00\")\n" + moneyBranch,
		want: "warning policy.band_gap finance_review", by: chief, amount: "9000.00"}, more: []string{refuseNone, refuseNone + "    none: skip\n"}},
	{defect: defect{name: "a branch that cannot be judged", old: headBranch, new: `when: total >= money("10.00", "EUR")`,
		want: "error policy.dead_end reviews", by: chief, amount: "0.01"}},
	{defect: defect{name: "deadlines that lead all branches to one human", old: "on_timeout: reject", new: "on_timeout: escalate",
		want: "error policy.too_few_humans", by: chief, amount: "50000.00"}},
	{defect: defect{name: "a choice that may fall on the head of finance", old: clerks, new: chooseClerk, company: func(s *org.Snapshot) {
		gives(financeHead, "finance_clerk", "e1")(s)
	}, want: "error policy.too_few_humans", by: secondHead, amount: "50000.00"}, more: []string{"on_timeout: escalate", "on_timeout: escalate"}},
	{defect: defect{name: "a choice that may fall on whom the sibling asks", old: clerks, new: chooseClerk, company: gives(boss, "finance_clerk", "e1"),
		want: "warning policy.same_in_branches head", by: lead, amount: "10000.00"}},
	{defect: defect{name: "a chooser who is not asked", old: clerks, new: chooseClerk,
		want: "warning policy.no_chooser finance_review", by: chief, amount: "0.01"},
		more: []string{"    approvers: [{ manager: 1 }]\n", "    when: amount >= money(\"10.00\")\n    otherwise: auto_approve\n    approvers: [{ manager: 1 }]\n"}},
	{defect: defect{name: "a choice among nobody", old: clerks, new: chooseClerk, company: without("finance_clerk", "e3"),
		want: "warning policy.queue_only finance_review", by: "p00021", amount: "0.01"}},
	{defect: defect{name: "a disabled approver of a step that is staffed late", old: "{ department_head: true }", new: "{ department_head: true, as_of: activation }",
		company: func(s *org.Snapshot) { edit(s, boss, left) }, want: "warning policy.falls_back head", by: lead, amount: "10000.00"}},
}

// TestCheckFindsEachDefectOfForks changes one thing at a time in a company of 10,000.
func TestCheckFindsEachDefectOfForks(t *testing.T) {
	whole := policytest.Company(1, 10_000)
	usual := shown(prove(t, parted, soundMapping, whole))
	for _, d := range forkDefects {
		t.Run(d.name, func(t *testing.T) {
			s := *whole
			s.People, s.Departments, s.Grants = maps.Clone(s.People), maps.Clone(s.Departments), slices.Clone(s.Grants)
			if d.company != nil {
				d.company(&s)
			}
			text := parted
			for changes := append([]string{d.old, d.new}, d.more...); len(changes) > 0; changes = changes[2:] {
				require.Contains(t, text, changes[0])
				if changes[0] != "" {
					text = strings.ReplaceAll(text, changes[0], changes[1])
				}
			}
			require.NotContains(t, usual, d.want)
			proof := prove(t, text, soundMapping, &s)
			example := exampleFor(t, proof, d.defect)
			property := map[string]string{"policy.same_in_branches": policy.ClaimBranches, "policy.no_chooser": policy.ClaimApprover}[strings.Fields(d.want)[1]]
			if property == "" {
				require.Equal(t, policy.Refuted, claimOf(proof, d.want))
			} else {
				require.Equal(t, policy.Refuted, techniques(proof)[property])
			}
			for _, locale := range policy.Locales {
				require.Contains(t, example.Words(locale), example.Content.Requester)
			}
			plan, err := policy.Route(policy.RouteInput{Policy: parsed(t, text), Version: 1, Content: example.Content, Org: &s, Round: 1})
			require.Equal(t, example.Plan == nil, err != nil)
			if err == nil {
				require.Equal(t, brief(plan), brief(*example.Plan), "the path shown is the one it takes")
			}
		})
	}
}

// TestWhatIsFoundLaterIsNotProved holds the claims to what is known today: whom a
// step asks that is staffed when it is reached, nobody knows; among whom is chosen
// is known, and the worst of them is tried.
func TestWhatIsFoundLaterIsNotProved(t *testing.T) {
	company := policytest.Company(1, 200)
	late := []string{policy.ClaimIndependent, policy.ClaimTimeouts, policy.ClaimBranches, policy.ClaimHumans}
	for _, tt := range []struct {
		name, from, to string
		want           policy.Technique
	}{
		{"found with the plan", clerks, clerks, policy.Proved},
		{"found when it is reached", clerks, "{ role: finance_clerk, of: entity, as_of: activation }", policy.Sampled},
		{"chosen among a role", clerks, chooseClerk, policy.Proved},
		{"chosen in a department", clerks, "{ choice: approver, of: lead, among: { department: document } }", policy.Sampled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proof := prove(t, strings.Replace(parted, tt.from, tt.to, 1), soundMapping, company)
			got := techniques(proof)
			for _, property := range late {
				if got[property] != policy.Refuted || tt.want == policy.Proved { // whoever works there may be chosen: also the head
					require.Equal(t, tt.want, got[property], "%s: %v", property, shown(proof))
				}
			}
			require.Equal(t, policy.Proved, got[policy.ClaimBands])
			for _, claim := range proof.Claims {
				if claim.Technique != policy.Proved {
					require.NotContains(t, claim.Words("en"), "proved:")
					require.NotContains(t, claim.Words("zh-CN"), "已证明")
				}
			}
		})
	}
}
