package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

// tabled is a policy whose only step asks a matrix.
func tabled(mode, match, rows string) string {
	return `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
matrices:
  table:
    match: ` + match + `
    rows:
` + rows + `steps:
  - id: one
    title: { en: One, zh-CN: 一 }
    approvers: [{ matrix: table }]
    mode: ` + mode + `
then: [archive]
`
}

const rows = `      - { department: [sales], category: [gifts], approvers: [{ role: finance_head }] }
      - { department: [china], below: "1000.00", approvers: [{ manager: 1 }] }
      - { below: "5000.00", approvers: [{ manager: 2 }] }
      - { from: "5000.00", approvers: [{ top_manager: true }, { role: finance_clerk }] }
`

func TestAMatrixChoosesRows(t *testing.T) {
	lines := func(minor int64, department string, categories ...string) document.Content {
		c := expense("lin", minor)
		c.Department, c.Lines = department, nil
		for i, category := range categories {
			c.Lines = append(c.Lines, document.Line{No: i + 1, Category: category, Amount: yuan(1), Tax: yuan(0)})
		}
		return c
	}
	for _, tt := range []struct {
		name, match, mode string
		content           document.Content
		want              string
	}{
		{"one cent below the edge", "first", "all_of", lines(99999, "sales", "travel"), "boss/matrix:table:2:manager:1"},
		{"on the edge", "first", "all_of", lines(100000, "sales", "travel"), "chief/matrix:table:3:manager:2"},
		{"above all edges", "first", "in_order", lines(500000, "sales", "travel"),
			"top/matrix:table:4:top_manager clerk/matrix:table:4:role:finance_clerk clerk2/matrix:table:4:role:finance_clerk"},
		{"a department below the one named", "first", "all_of", lines(1, "law", "travel"), "boss/matrix:table:2:manager:1"},
		{"a department above the one named", "first", "all_of", lines(1, "all", "travel"), "chief/matrix:table:3:manager:2"},
		{"a department of nobody", "first", "all_of", lines(1, "moon", "travel"), "chief/matrix:table:3:manager:2"},
		{"each category has its row", "first", "all_of", lines(1, "sales", "travel", "gifts"),
			"head/matrix:table:1:role:finance_head boss/matrix:table:2:manager:1"},
		{"one of each row", "first", "per_group", lines(1, "sales", "gifts", "travel"),
			"head/matrix:table:1:role:finance_head=matrix:table:1 boss/matrix:table:2:manager:1=matrix:table:2"},
		{"every row that fits", "all", "all_of", lines(1, "sales", "gifts"),
			"head/matrix:table:1:role:finance_head boss/matrix:table:2:manager:1 chief/matrix:table:3:manager:2"},
		{"no lines at all", "first", "all_of", lines(1, "sales"), "boss/matrix:table:2:manager:1"},
		{"less than nothing", "first", "all_of", lines(-5, "sales", "travel"), "boss/matrix:table:2:manager:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := policy.Parse("p.yaml", []byte(tabled(tt.mode, tt.match, rows)))
			require.NoError(t, err)
			require.Equal(t, tt.want, asked(route(t, p, group(), tt.content).Steps[0]))
		})
	}
}

func TestAMatrixWithAHoleIsRefused(t *testing.T) {
	for _, tt := range []struct{ name, mode, old, new, code, at, args string }{
		{"a gap between two bands", "all_of", `{ from: "5000.00"`, `{ from: "5000.01"`, "policy.matrix_gap", "8:7", "* * 5000.00 5000.01"},
		{"no end", "all_of", `      - { from: "5000.00", approvers: [{ top_manager: true }, { role: finance_clerk }] }` + "\n", "", "policy.matrix_gap", "8:7", "* * 5000.00 ∞"},
		{"no beginning", "all_of", `{ below: "5000.00"`, `{ from: "0.01", below: "5000.00"`, "policy.matrix_gap", "8:7", "* * 0.00 0.01"},
		{"one department only", "all_of", `{ below: "5000.00"`, `{ department: [sales], below: "5000.00"`, "policy.matrix_gap", "8:7", "* * 0.00 5000.00"},
		{"one category only", "all_of", `{ from: "5000.00"`, `{ category: [gifts], from: "5000.00"`, "policy.matrix_gap", "8:7", "* * 5000.00 ∞"},
		{"a row that is never reached", "all_of", `{ from: "5000.00"`, `{ department: [sales], category: [gifts], below: "1.00", approvers: [{ manager: 3 }] }` +
			"\n      - { from: \"5000.00\"", "policy.matrix_shadowed", "11:9", "4"},
		{"an empty band", "all_of", `{ below: "5000.00"`, `{ from: "5000.00", below: "5000.00"`, "policy.bad_band", "10:36", ""},
		{"more cents than there are", "all_of", `{ below: "5000.00"`, `{ below: "5000.005"`, "policy.bad_amount", "10:19", ""},
		{"a number for money", "all_of", `{ below: "5000.00"`, `{ below: 5000`, "yaml.wrong_type", "10:18", ""},
		{"an amount below zero", "all_of", `{ from: "5000.00"`, `{ from: "-1.00"`, "policy.bad_amount", "11:18", ""},
		{"a matrix in a matrix", "all_of", "{ top_manager: true }", "{ matrix: table }", "policy.bad_approver", "11:50", ""},
		{"any row is enough", "any_of", "", "", "policy.needs_each", "15:17", ""},
		{"everybody on the way, one enough", "per_group", "{ manager: 2 }", "{ manager: { level: 2, every: true } }", "policy.climb_needs_all", "15:17", ""},
		{"a department twice", "all_of", "[sales]", "[sales, sales]", "policy.duplicate_value", "8:31", ""},
		{"no department", "all_of", "[sales]", "[]", "policy.empty", "8:23", ""},
		{"two choices of rows", "all_of", "match: first", "match: best", "policy.bad_value", "6:12", ""},
		{"a wrong name", "all_of", "  table:", "  Table:", "policy.bad_id", "6:5", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tabled(tt.mode, "first", rows)
			require.Contains(t, text, tt.old)
			_, err := policy.Parse("p.yaml", []byte(strings.Replace(text, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.at}, []string{f.Code, f.Args["line"] + ":" + f.Args["column"]}, f.Error())
			switch a := f.Args; tt.code {
			case "policy.matrix_gap":
				require.Equal(t, tt.args, strings.Join([]string{a["department"], a["category"], a["from"], a["below"]}, " "))
			case "policy.matrix_shadowed":
				require.Equal(t, tt.args, a["row"])
			}
		})
	}
}

func TestWhatCheckFindsInTheNewSources(t *testing.T) {
	for _, tt := range []struct {
		name, approvers string
		want            []string
	}{
		{"a role of the group", "{ role: finance_clerk, of: group }", nil},
		{"a role that nobody holds for the group", "{ role: auditor, of: group }", []string{"error 7:25 policy.vacant_role"}},
		{"a post", "{ role: partner, of: department }", nil},
		{"a post of nobody", "{ role: partner, of: cost_center }", []string{"error 7:25 policy.vacant_role"}},
		{"an unknown grade", "{ manager: { up_to_grade: M9 } }", []string{"error 7:43 policy.unknown_grade", "warning 7:28 policy.short_chain"}},
		{"a choice in no field", "{ choice: submitter, field: nobody, among: { department: sales } }", []string{"error 7:45 policy.unknown_field"}},
		{"a choice in a text", "{ choice: submitter, field: note, among: { department: moon } }",
			[]string{"error 7:45 policy.not_a_person", "error 7:72 policy.unknown_department"}},
		{"a choice among no role", "{ choice: submitter, field: buddy, among: { role: finance_clark } }", []string{"error 7:67 policy.unknown_role"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ElementsMatch(t, tt.want, findings(policy.Check(oneStep(t, "all_of", "["+tt.approvers+"]"), types(t), group())))
		})
	}
	p, err := policy.Parse("p.yaml", []byte(tabled("all_of", "first", strings.NewReplacer("sales", "moon", "finance_head", "nobody").Replace(rows))))
	require.NoError(t, err)
	require.Equal(t, []string{"error 8:24 policy.unknown_department", "error 8:42 policy.unknown_category", "error 8:70 policy.unknown_role",
		"warning 9:73 policy.short_chain", "warning 10:52 policy.short_chain", "warning 11:55 policy.short_chain"},
		findings(policy.Check(p, types(t), group())))
	bare := group()
	bare.Authorities = nil
	require.Contains(t, findings(policy.Check(oneStep(t, "any_of", "[{ manager: { authority: amount } }]"), types(t), bare)), "error 7:41 policy.no_authorities")
}
