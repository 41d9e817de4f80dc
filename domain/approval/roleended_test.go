package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

const clerkWay = "role:finance_clerk"

// byRole is a step that asks some people as holders of a role.
func byRole(mode approval.Mode, people ...string) approval.Step {
	s := handled(mode, people...)
	for i := range s.Approvers {
		s.Approvers[i].Via = clerkWay
	}
	return s
}

// TestATaskEndsWithTheRoleThatGaveIt: it passes to who holds the role now; to the admin
// queue where nobody does and the place counts; to nobody where another holder decides
// as well. A task that somebody was given otherwise stays.
func TestATaskEndsWithTheRoleThatGaveIt(t *testing.T) {
	holders := []approval.Approver{{Person: "max", Via: clerkWay}}
	for _, tt := range []struct {
		name string
		step approval.Step
		to   []approval.Approver
		lost string
		want []string
	}{
		{"another holds the role now", byRole(approval.AnyOf, "li"), holders, clerkWay, []string{"max"}},
		{"nobody does", byRole(approval.AnyOf, "li"), nil, clerkWay, []string{queue}},
		{"another of the step decides", byRole(approval.AnyOf, "li", "wu"), nil, clerkWay, []string{"wu"}},
		{"their vote is needed", byRole(approval.AllOf, "li", "wu"), nil, clerkWay, []string{queue, "wu"}},
		{"a no is one vote among several", voted(byRole(approval.AnyOf, "li", "wu")), nil, clerkWay, []string{queue, "wu"}},
		{"it came by another way", byRole(approval.AnyOf, "li"), holders, "role:cashier", []string{"li"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, tt.step)
			seen := r.act(approval.Approve, "li")
			require.NoError(t, r.do(approval.HandedOver{Task: r.taskOf("li"), From: "li", To: tt.to, Lost: tt.lost}))
			require.ElementsMatch(t, tt.want, open(r.state))
			if tt.want[0] == "li" {
				return
			}
			f, ok := fault.As(r.do(seen))
			require.True(t, ok)
			require.Equal(t, []string{"task.stale", "role_ended"}, []string{f.Code, f.Args["act"]})
		})
	}
}

// voted rejects only where everybody does.
func voted(s approval.Step) approval.Step {
	s.OnReject = approval.RejectEveryone
	return s
}

// TestWhoTookOverByARoleLosesItTheSameWay: the task of who took over says by which role.
func TestWhoTookOverByARoleLosesItTheSameWay(t *testing.T) {
	r := planned(t, byRole(approval.AllOf, "li", "wu"))
	lost := func(who string, to ...approval.Approver) {
		require.NoError(t, r.do(approval.HandedOver{Task: r.taskOf(who), From: who, To: to, Lost: clerkWay}))
	}
	lost("li", approval.Approver{Person: "max", Via: clerkWay})
	taken := r.state.Tasks[len(r.state.Tasks)-1]
	require.Equal(t, []string{"role_ended:li", clerkWay}, []string{taken.Via, taken.Way()})
	lost("max", approval.Approver{Person: "zoe", Via: clerkWay})
	require.ElementsMatch(t, []string{"zoe", "wu"}, open(r.state))
}
