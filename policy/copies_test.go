package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

// copying is the policy of these tests with keys added to its step, and to its end.
func copying(t testing.TB, step, end string) *policy.Policy {
	t.Helper()
	text := strings.Replace(good, "    on_timeout: escalate\n", "    on_timeout: escalate\n"+step, 1) + end
	p, err := policy.Parse("p.yaml", []byte(text))
	require.NoError(t, err, text)
	return p
}

func copiedIn(c *approval.Copies) string {
	if c == nil {
		return "-"
	}
	words := []string{c.On}
	for _, a := range c.People {
		words = append(words, a.Person+"/"+a.Via)
	}
	return strings.Join(words, " ")
}

func TestWhomAPolicyCopiesIn(t *testing.T) {
	for _, tt := range []struct {
		name, step, end string
		change          func(*org.Snapshot)
		wantStep, want  string
	}{
		{"nobody", "", "", nil, "-", "-"},
		{"when the step is asked", "    cc: [{ manager: 2 }]\n", "", nil, "opened chief/manager:2", "-"},
		{"when it has agreed", "    cc: [{ manager: 2 }]\n    cc_on: passed\n", "", nil, "passed chief/manager:2", "-"},
		{"when the document is approved", "", "cc: [{ person: head }]\n", nil, "-", "passed head/person:head"},
		{"when it is over", "", "cc: [{ person: head }]\ncc_on: closed\n", nil, "-", "closed head/person:head"},
		{"who is asked at the same moment is told once", "    cc: [{ role: finance_clerk }, { person: head }]\n", "", nil,
			"opened head/person:head", "-"},
		{"who was asked is told how it went", "    cc: [{ role: finance_clerk }]\n    cc_on: passed\n", "", nil,
			"passed clerk/role:finance_clerk clerk2/role:finance_clerk", "-"},
		{"the owner has it anyway", "", "cc: [{ person: lin }, { manager: 1 }]\n", nil, "-", "passed boss/manager:1"},
		{"who left is passed over, and nobody is put in their place", "", "cc: [{ manager: 1 }]\n",
			func(s *org.Snapshot) { edit(s, "boss", left) }, "-", "passed"},
		{"nobody above is nobody", "", "cc: [{ manager: 9 }]\n", nil, "-", "passed"},
		{"nobody in the field is nobody", "", "cc: [{ field: buddy }]\n", nil, "-", "passed"},
		{"each human once", "", "cc: [{ manager: 1 }, { person: boss }, { department_head: true }]\n", nil, "-",
			"passed boss/manager:1"},
		{"everybody on the way", "", "cc: [{ manager: { level: 3, every: true } }]\n", nil, "-",
			"passed boss/up_to_level:3 chief/up_to_level:3 top/up_to_level:3"},
		{"an authority that cannot be compared keeps no document", "", "cc: [{ manager: { authority: amount } }]\n", nil, "-", "passed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			company := group()
			if tt.change != nil {
				tt.change(company)
			}
			in := policy.RouteInput{Policy: copying(t, tt.step, tt.end), Content: expense("lin", 100000), Org: company, Round: 1}
			plan, err := policy.Route(in)
			require.NoError(t, err)
			require.Equal(t, tt.wantStep, copiedIn(plan.Steps[0].CC))
			require.Equal(t, tt.want, copiedIn(plan.CC))
		})
	}
	t.Run("a step that needs nobody copies nobody in", func(t *testing.T) {
		in := policy.RouteInput{Policy: copying(t, "    cc: [{ manager: 2 }]\n", ""), Content: expense("lin", 99), Org: group(), Round: 1}
		plan, err := policy.Route(in)
		require.NoError(t, err)
		require.Equal(t, approval.Skip, plan.Steps[0].Need)
		require.Nil(t, plan.Steps[0].CC)
	})
}

func TestAWrongCopyIsRefusedWhereItIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, step, end, code, field string }{
		{"a moment and nobody", "    cc_on: opened\n", "", "policy.cc_on_without", "steps[0].cc_on"},
		{"a moment and nobody, at the policy", "", "cc_on: closed\n", "policy.cc_on_without", "cc_on"},
		{"an empty list", "    cc: []\n", "", "policy.empty", "steps[0].cc"},
		{"an unknown moment", "    cc: [{ manager: 1 }]\n    cc_on: open\n", "", "policy.bad_value", "steps[0].cc_on"},
		{"the end of a step", "    cc: [{ manager: 1 }]\n    cc_on: closed\n", "", "policy.bad_value", "steps[0].cc_on"},
		{"two ways at once", "    cc: [{ manager: 1, person: head }]\n", "", "policy.bad_approver", "steps[0].cc[0]"},
		{"a weight", "    cc: [{ manager: 1, weight: 2 }]\n", "", "yaml.unknown_key", "steps[0].cc[0].weight"},
		{"a later moment", "    cc: [{ manager: 1, as_of: activation }]\n", "", "yaml.unknown_key", "steps[0].cc[0].as_of"},
		{"whom an approver chooses", "    cc: [{ choice: approver, among: { role: finance_clerk } }]\n", "", "policy.bad_value",
			"steps[0].cc[0].choice"},
		{"an unknown matrix", "", "cc: [{ matrix: m }]\n", "policy.bad_value", "cc[0].matrix"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, "    on_timeout: escalate\n", "    on_timeout: escalate\n"+tt.step, 1) + tt.end
			_, err := policy.Parse("p.yaml", []byte(text))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.code+" "+tt.field, f.Code+" "+f.Field)
		})
	}
}

func TestCopiesAreCheckedAsApproversAreButMayFindNobody(t *testing.T) {
	for _, tt := range []struct {
		name, cc string
		want     []string
	}{
		{"somebody", "[{ manager: 2 }]", nil},
		{"a stranger", "[{ person: nobody }]", []string{"error 14:16 policy.unknown_person"}},
		{"an unknown role", "[{ role: finance_clark }]", []string{"error 14:14 policy.unknown_role"}},
		{"a role without holders", "[{ role: operator }]", []string{"warning 14:14 policy.vacant_role", "warning 14:14 policy.vacant_role"}},
		{"one holder is enough", "[{ role: finance_head }]", nil},
		{"a field that names nobody", "[{ field: note }]", []string{"error 14:15 policy.not_a_person"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := policy.Check(copying(t, "", "cc: "+tt.cc+"\n"), types(t), company())
			require.Equal(t, tt.want, findings(found))
		})
	}
}

// TestAmendingWhatCopiesLookAtIsRefused proves that the copies of a plan stay those
// of its content.
func TestAmendingWhatCopiesLookAtIsRefused(t *testing.T) {
	amends := "    allow: [amend]\n    amend: [fields.buddy]\n"
	require.Empty(t, policy.Check(copying(t, amends, ""), types(t), company()))
	found := policy.Check(copying(t, amends, "cc: [{ field: buddy }]\n"), types(t), company())
	require.Len(t, found, 1)
	require.Equal(t, "policy.amends_route", found[0].Fault.Code)
}

func TestWhoIsCopiedInIsExplainedAndCompared(t *testing.T) {
	before := copying(t, "", "")
	after := copying(t, "    cc: [{ person: lin }, { manager: 2 }]\n", "cc: [{ manager: 9 }]\ncc_on: closed\n")
	in := policy.RouteInput{Policy: after, Content: expense("lin", 100000), Org: group(), Round: 1}
	plan, remarks, err := policy.Trace(in)
	require.NoError(t, err)
	require.Contains(t, policy.Explain(plan, remarks, "en"), `
   copied in when it is asked: chief [the requester's manager, level 2]
   not copied in (named by the policy): lin [the document is theirs]
Copied in when it is rejected, or closed: nobody
`)
	require.Contains(t, policy.Explain(plan, remarks, "zh-CN"), `
   节点开始时抄送：chief [申请人的第 2 级主管]
   未抄送（流程指定）：lin [单据为本人所有]
单据被拒绝或办结时抄送：无人
`)
	var said []string
	for _, c := range policy.Compare(before, after) {
		said = append(said, c.Words("en"))
	}
	require.Equal(t, []string{"Policy: who is copied in was nothing, is now closed: manager:9",
		"Step one: who is copied in was nothing, is now opened: person:lin, manager:2"}, said)
	rerouted := policy.Reroute(before, after, []document.Content{expense("lin", 100000)}, group())
	require.Len(t, rerouted, 1)
	require.Contains(t, rerouted[0].Words("en"), "; copied in when it is asked: chief [the requester's manager, level 2])")
	require.Contains(t, rerouted[0].Words("zh-CN"), "；单据被拒绝或办结时抄送：无人")

	old, err := policy.Route(policy.RouteInput{Policy: before, Content: expense("lin", 100000), Org: group(), Round: 1})
	require.NoError(t, err)
	replanned := policy.Replan(old, in)
	require.False(t, replanned.Changed, "the path stays")
	require.Equal(t, []string{policy.DiffersTerms}, replanned.What)
}
