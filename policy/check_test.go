package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

func types(t testing.TB) policy.Types {
	t.Helper()
	all := policy.Types{}
	for _, name := range []string{"expense", "payment_request"} {
		text, err := os.ReadFile("../config/types/" + name + ".yaml")
		require.NoError(t, err)
		all[name], err = doctype.Parse(name+".yaml", text)
		require.NoError(t, err)
	}
	all["p"] = &doctype.Type{ID: "p", Policy: "p", Mapping: "p", Fields: []doctype.Field{
		{Name: "buddy", Kind: doctype.Person}, {Name: "note", Kind: doctype.Text}}}
	return all
}

// findings are level, place and code of each.
func findings(found []policy.Finding) []string {
	var rows []string
	for _, f := range found {
		rows = append(rows, string(f.Level)+" "+f.Fault.Args["line"]+":"+f.Fault.Args["column"]+" "+f.Fault.Code)
	}
	return rows
}

func TestWhatCheckFinds(t *testing.T) {
	for _, tt := range []struct {
		name, old, new string
		change         func(*org.Snapshot)
		want           []string
	}{
		{"nothing", "", "", nil, nil},
		{"a condition that is no condition", `amount >= money("1000.00")`, "amount", nil, []string{"error 7:11 policy.bad_condition"}},
		{"a float", `money("1000.00")`, "1000.0", nil, []string{"error 7:18 policy.bad_condition"}},
		{"an unknown field in a condition", `amount >= money("1000.00")`, `fields.nota == "x"`, nil, []string{"error 7:17 policy.unknown_field"}},
		{"an unknown role", "finance_clerk", "finance_clark", nil, []string{"error 9:25 policy.unknown_role"}},
		{"everybody", "finance_clerk", "employee", nil, []string{"error 9:25 policy.unknown_role"}},
		{"a role without holders", "finance_clerk", "cashier", nil, []string{"error 9:25 policy.vacant_role", "error 9:25 policy.vacant_role"}},
		{"a role with one holder", "finance_clerk", "finance_head", nil, []string{"warning 9:25 policy.sole_holder", "warning 9:25 policy.sole_holder"}},
		{"a role vacant in one entity", "", "", func(s *org.Snapshot) { s.Grants[0].Entity, s.Grants[1].Entity = "cn", "cn" },
			[]string{"error 9:25 policy.vacant_role"}},
		{"nobody for the admin queue", "", "", func(s *org.Snapshot) { s.Grants = s.Grants[:3] },
			[]string{"error 1:9 policy.no_admin", "error 1:9 policy.no_admin"}},
		{"a stranger", "role: finance_clerk", "person: nobody", nil, []string{"error 9:27 policy.unknown_person"}},
		{"one who left", "role: finance_clerk", "person: wu", func(s *org.Snapshot) { edit(s, "wu", left) }, []string{"error 9:27 policy.inactive_person"}},
		{"a field with a person", "role: finance_clerk", "field: buddy", nil, nil},
		{"a field with a text", "role: finance_clerk", "field: note", nil, []string{"error 9:26 policy.not_a_person"}},
		{"an unknown field", "role: finance_clerk", "field: body", nil, []string{"error 9:26 policy.unknown_field"}},
		{"people without a second manager", "role: finance_clerk", "manager: 2", nil, []string{"warning 9:28 policy.short_chain"}},
		{"departments without a head", "role: finance_clerk", "department_head: true", func(s *org.Snapshot) { edit(s, "boss", left) },
			[]string{"warning 9:36 policy.vacant_departments"}},
		{"approval by a clock", "on_timeout: escalate", "on_timeout: approve", nil, []string{"error 12:17 policy.approve_on_timeout"}},
		{"reassigned to nobody", "on_timeout: escalate", "on_timeout: { reassign: cashier }", nil,
			[]string{"error 12:29 policy.vacant_role", "error 12:29 policy.vacant_role"}},
		{"a policy that nobody goes by", "policy: p", "policy: q", nil, []string{"warning 1:9 policy.unused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, good, tt.old)
			p, err := policy.Parse("p.yaml", []byte(strings.Replace(good, tt.old, tt.new, 1)))
			require.NoError(t, err)
			s := company()
			if tt.change != nil {
				tt.change(s)
			}
			got := policy.Check(p, types(t), s)
			require.Equal(t, tt.want, findings(got))
			require.Equal(t, !strings.Contains(strings.Join(tt.want, " "), "error"), policy.Publishable(got))
		})
	}
}

func TestAFindingPrintsLikeACompilers(t *testing.T) {
	p, err := policy.Parse("p.yaml", []byte(strings.Replace(good, "finance_clerk", "finance_clark", 1)))
	require.NoError(t, err)
	require.Equal(t, `p.yaml:9:25: error: steps[0].approvers[0].role: policy.unknown_role`+
		` known="employee, finance_clerk, finance_head, cashier, auditor, admin, operator, assistant" nearest="finance_clerk" role="finance_clark"`,
		policy.Check(p, types(t), company())[0].String())
}

// TestWhatIsShippedFitsTogether holds that the shipped policies, types, mappings
// and the demo company can be used as they are.
func TestWhatIsShippedFitsTogether(t *testing.T) {
	demo, err := config.DemoCompany()
	require.NoError(t, err)
	all := types(t)
	for _, name := range []string{"expense", "payment_request"} {
		found := policy.Check(shipped(t, name), all, &demo)
		require.True(t, policy.Publishable(found), "%v", found)
		require.Equal(t, name, all[name].Policy)
		text, err := os.ReadFile("../config/mappings/" + all[name].Mapping + ".yaml")
		require.NoError(t, err)
		m, err := booking.Parse(name+".yaml", text)
		require.NoError(t, err)
		require.Empty(t, booking.Check(m, all[name]))
	}
}
