package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
)

// amending lets finance put the title and two parts of the lines right.
const amending = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
steps:
  - id: manager
    title: { en: Manager, zh-CN: 主管 }
    when: amount >= money("10.00")
    otherwise: skip
    approvers: [{ manager: 1 }]
  - id: clerk
    title: { en: Clerk, zh-CN: 出纳 }
    approvers: [{ role: finance_clerk }]
    allow: [sanction, amend]
    amend: [title, lines.category, lines.cost_center, lines.description, fields.note]
then: [archive]
`

func TestWhatApproversMayAmend(t *testing.T) {
	steps := route(t, parsed(t, amending), company(), expense("lin", 100)).Steps
	require.Empty(t, steps[0].Amend)
	require.Equal(t, []string{"title", "lines.category", "lines.cost_center", "lines.description", "fields.note"}, steps[1].Amend)
	require.Equal(t, []string{"sanction", "amend"}, steps[1].Allow)
	for _, tt := range []struct{ name, from, to, want string }{
		{"without a list", "    amend: [title, lines.category, lines.cost_center, lines.description, fields.note]\n", "",
			"policy.amend_half 13:23 steps[1].allow[1]"},
		{"a list that is not allowed", "[sanction, amend]", "[sanction]", "policy.amend_half 14:12 steps[1].amend"},
		{"nothing", "[title, lines.category, lines.cost_center, lines.description, fields.note]", "[]", "policy.empty 14:12 steps[1].amend"},
		{"money", "[title,", "[lines.amount,", "policy.never_amended 14:13 steps[1].amend[0]"},
		{"an invoice", "[title,", "[lines.invoice,", "policy.never_amended 14:13 steps[1].amend[0]"},
		{"the payee", "[title,", "[payee,", "policy.never_amended 14:13 steps[1].amend[0]"},
		{"files", "[title,", "[attachments,", "policy.never_amended 14:13 steps[1].amend[0]"},
		{"what nothing is called", "[title,", "[titel,", "policy.bad_value 14:13 steps[1].amend[0]"},
		{"twice", "[title,", "[lines.category,", "policy.duplicate_value 14:29 steps[1].amend[1]"},
		{"a field without a name", "fields.note", "fields.", "policy.bad_value 14:74 steps[1].amend[4]"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, refused(t, amending, tt.from, tt.to)) })
	}
}

// TestNothingThatDecidesTheRouteIsAmended changes what conditions, sources and
// matrices read, one thing at a time.
func TestNothingThatDecidesTheRouteIsAmended(t *testing.T) {
	kinds := policy.Types{"expense": {ID: "expense", Policy: "p", Fields: []doctype.Field{{Name: "note", Kind: doctype.Text},
		{Name: "buddy", Kind: doctype.Person}, {Name: "price", Kind: doctype.Money}}, Categories: []doctype.Category{{ID: "a"}}}}
	matrix := "matrices:\n  m: { rows: [{ category: [a], approvers: [{ manager: 1 }] }, { approvers: [{ manager: 1 }] }] }\nsteps:"
	branch := "  - parallel: f\n    none: skip\n    branches:\n      - { when: fields.note == \"x\", steps: [{ id: a, title: { en: A, zh-CN: 甲 }, " +
		"approvers: [{ manager: 1 }] }] }\n      - { when: urgency == \"urgent\", steps: [{ id: b, title: { en: B, zh-CN: 乙 }, approvers: [{ manager: 1 }] }] }\n  - id: clerk"
	for _, tt := range []struct{ name, from, to, want string }{
		{"as it is", "", "", ""},
		{"a field of no type", "fields.note]", "fields.nope]", "error policy.unknown_field nope"},
		{"a field that holds money", "fields.note]", "fields.price]", "error policy.never_amended fields.price"},
		{"a field that a condition reads", `amount >= money("10.00")`, `fields.note == "x"`, "error policy.amends_route fields.note manager"},
		{"a field that is asked whether it is there", `amount >= money("10.00")`, `has(fields.note)`, "error policy.amends_route fields.note manager"},
		{"any field, by a name worked out", `amount >= money("10.00")`, `fields.exists(f, f == "x")`, "error policy.amends_route fields.note manager"},
		{"a field that a branch reads", "  - id: clerk", branch, "error policy.amends_route fields.note f"},
		{"the lines' categories", `amount >= money("10.00")`, `true && "a" in categories`, "error policy.amends_route lines.category manager"},
		{"the sum of a category", `amount >= money("10.00")`, `lines.total("a") > money("1.00")`, "error policy.amends_route lines.category manager"},
		{"a standard, which hangs on the category", `amount >= money("10.00")`, `lines.exists(l, l.over_standard)`, "error policy.amends_route lines.category manager"},
		{"a part of the lines", `amount >= money("10.00")`, `lines.exists(l, l.description == "x")`, "error policy.amends_route lines.description manager"},
		{"whose cost centre it is", "[{ manager: 1 }]", "[{ department_head: { of: cost_centers } }]\n    mode: all_of", "error policy.amends_route lines.cost_center manager"},
		{"who owns the cost centre", "[{ manager: 1 }]", "[{ role: owner, of: cost_center }]\n    mode: all_of", "error policy.amends_route lines.cost_center manager"},
		{"who is named", "{ manager: 1 }", "{ field: buddy }", ""},
		{"who is named, amended", "{ manager: 1 }]", "{ field: buddy }]", "error policy.amends_route fields.buddy manager"},
		{"who was chosen, amended", "{ manager: 1 }]", "{ choice: submitter, field: buddy, among: { role: finance_clerk } }]", "error policy.amends_route fields.buddy manager"},
		{"a row of a matrix", "steps:", matrix, "error policy.amends_route lines.category m"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(amending, tt.from, tt.to, 1)
			if strings.HasSuffix(tt.name, ", amended") {
				text = strings.Replace(text, "fields.note]", "fields.buddy]", 1)
			}
			var got []string
			for _, f := range policy.Check(parsed(t, text), kinds, company()) {
				if f.Level == policy.LevelError && f.Fault.Code != "policy.vacant_role" {
					got = append(got, strings.Join(strings.Fields(string(f.Level)+" "+f.Fault.Code+" "+f.Fault.Args["field"]+" "+f.Fault.Args["by"]), " "))
				}
			}
			require.Equal(t, tt.want, strings.Join(got, "\n"))
		})
	}
}
