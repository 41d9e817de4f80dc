package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// after lets so many seconds go by.
func (r *stream) after(seconds int) { r.now = r.now.Add(time.Duration(seconds) * time.Second) }

func TestRemindersGoOutInTurnAndOnlyWhileTheTaskIsOpen(t *testing.T) {
	r := planned(t, late(step(approval.AnyOf, "li"), approval.TimeoutEscalate))
	require.Equal(t, monday.Add(30*time.Second), r.state.Wake())
	require.Empty(t, r.state.Strike(r.now))
	task := r.state.Tasks[0].ID
	require.NoError(t, r.do(approval.Struck{Task: task, N: 1}))
	require.Equal(t, approval.TaskOpened, r.last().Kind, "before its time it is not wanted")

	r.after(30)
	r.strike()
	require.Equal(t, approval.TaskReminded, r.last().Kind)
	require.Equal(t, approval.SystemDeadline, r.last().Actor)
	require.Equal(t, monday.Add(60*time.Second), r.state.Wake())
	n := len(r.events)
	require.NoError(t, r.do(approval.Struck{Task: task, N: 1}))
	require.NoError(t, r.do(approval.Struck{Task: task, N: 7}))
	require.NoError(t, r.do(approval.Struck{Task: task, N: -1}))
	require.NoError(t, r.do(approval.Struck{Task: "t9", Due: true}))
	require.NoError(t, r.do(approval.Struck{Task: task, Due: true}), "the deadline has not come")
	require.Len(t, r.events, n)

	r.after(30)
	require.NoError(t, r.do(r.act(approval.Reject, "li")))
	n = len(r.events)
	require.NoError(t, r.do(approval.Struck{Task: task, N: 2}))
	require.Len(t, r.events, n, "decided: nobody is reminded")
	require.True(t, r.state.Wake().IsZero())
}

func TestAnOutageIsMadeUpForByOneReminder(t *testing.T) {
	r := planned(t, late(step(approval.AnyOf, "li"), ""))
	r.after(90)
	require.Equal(t, []approval.Struck{{Task: r.state.Tasks[0].ID, N: 2}}, r.state.Strike(r.now))
	r.strike()
	require.Equal(t, 2, r.state.Tasks[0].Reminded)
	require.Equal(t, monday.Add(100*time.Second), r.state.Wake())
}

func TestAnOverdueTask(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rule   string
		to     []string
		status approval.Status
		tasks  []string
	}{
		{"is passed on", approval.TimeoutEscalate, []string{"max"}, approval.Pending, []string{"li escalated",
			"wu open", "max open"}},
		{"is passed on to the holders of a role", approval.TimeoutReassign, []string{"max", "mia"}, approval.Pending,
			[]string{"li escalated", "wu open", "max open", "mia open"}},
		{"goes to the admins where nobody takes over", approval.TimeoutEscalate, nil, approval.Pending,
			[]string{"li escalated", "wu open", queue + " open"}},
		{"goes to nobody who is asked already", approval.TimeoutEscalate, []string{"wu"}, approval.Pending,
			[]string{"li escalated", "wu open", queue + " open"}},
		{"goes to no interested person", approval.TimeoutEscalate, []string{"sue2", "pat", ""}, approval.Pending,
			[]string{"li escalated", "wu open", queue + " open"}},
		{"does not come back to the one who was late", approval.TimeoutEscalate, []string{"li"}, approval.Pending,
			[]string{"li escalated", "wu open", queue + " open"}},
		{"ends the document where the policy says so", approval.TimeoutReject, nil, approval.Rejected,
			[]string{"li expired", "wu superseded"}},
		{"counts as a yes where the policy says so", approval.TimeoutApprove, nil, approval.Pending,
			[]string{"li expired", "wu open"}},
		{"stays where there is no rule", "", nil, approval.Pending, []string{"li open", "wu open"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, late(step(approval.AllOf, "li", "wu"), tt.rule))
			r.after(100)
			s := r.state.Strike(r.now)[0]
			require.True(t, s.Due)
			for _, person := range tt.to {
				s.To = append(s.To, approval.Approver{Person: person})
			}
			n := len(r.events)
			require.NoError(t, r.do(s))
			require.Equal(t, tt.status, r.state.Status)
			require.Equal(t, tt.tasks, states(r.state))
			require.Equal(t, approval.SystemDeadline, r.events[n].Actor)
			require.False(t, r.state.Decided, "a clock is no human")
			require.Empty(t, r.state.Deciders)
			n = len(r.events)
			require.NoError(t, r.do(s), "the same clock twice")
			require.Len(t, r.events, n)
		})
	}
}

func TestWhoTakesOverHasAFreshClockAndTheSamePlace(t *testing.T) {
	r := planned(t, late(step(approval.AllOf, "li", "wu"), approval.TimeoutReassign))
	r.after(50)
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	r.after(50)
	r.strike("max", "mia", "max")
	require.Equal(t, []string{"max", "mia"}, open(r.state))
	for _, task := range r.state.OpenTasks() {
		require.Equal(t, "escalated:li", task.Via)
		require.Equal(t, monday.Add(200*time.Second), task.DueAt)
	}
	late := r.act(approval.Approve, "mia")
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	require.Equal(t, approval.Approved, r.state.Status, "one of them decides for the place")
	require.Equal(t, "task.stale", fault.CodeOf(r.do(late)))
}

func TestAnOverdueTaskOfTheQueueIsNeverDecidedByTheClock(t *testing.T) {
	for _, rule := range []string{
		approval.TimeoutApprove, approval.TimeoutReject, approval.TimeoutEscalate, approval.TimeoutReassign, "",
	} {
		r := planned(t, late(step(approval.AnyOf, queue), rule))
		r.after(100)
		r.strike("max")
		require.Equal(t, approval.TaskOverdue, r.last().Kind, rule)
		require.Equal(t, []string{queue}, open(r.state))
		require.Equal(t, monday.Add(100*time.Second), r.state.DueAt(), "people still see since when")
		n := len(r.events)
		r.after(1000)
		r.strike("max")
		r.strike("max")
		require.Len(t, r.events, n, "recorded once")
		require.True(t, r.state.Wake().IsZero())
		a := r.act(approval.Approve, queue)
		a.Actor, a.OnBehalfOf = "ada", queue
		require.NoError(t, r.do(a))
		require.Equal(t, approval.Approved, r.state.Status)
	}
}

func TestEscalationsEndInTheQueue(t *testing.T) {
	r := planned(t, late(step(approval.AnyOf, "li"), approval.TimeoutEscalate))
	for range 10 { // managers in a circle
		r.after(100)
		r.strike("max", "li")
	}
	require.Equal(t, []string{"li escalated", "max escalated", queue + " open"}, states(r.state))
	require.True(t, r.state.Tasks[2].Overdue)
}

func TestInOrderGoesOnAfterAnEscalation(t *testing.T) {
	r := planned(t, late(step(approval.InOrder, "li", "wu"), approval.TimeoutEscalate))
	r.after(100)
	r.strike("wu", "max")
	require.Equal(t, []string{"max"}, open(r.state), "wu is asked in his own turn")
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	require.Equal(t, []string{"wu"}, open(r.state))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
}

func TestApprovedByTheClockIsSaidSo(t *testing.T) {
	r := planned(t, late(step(approval.AnyOf, "li", "wu"), approval.TimeoutApprove))
	r.after(100)
	n := len(r.events)
	r.strike()
	require.Equal(t, []string{
		approval.TaskWasExpired, approval.TaskWasSuperseded, approval.StepPassed, approval.DocumentApproved,
	}, r.kinds(n))
	for _, e := range r.events[n:] {
		require.Equal(t, approval.SystemDeadline, e.Actor)
	}
	require.Equal(t, approval.SystemDeadline, r.state.Tasks[0].DecidedBy)
	require.False(t, r.state.Decided)
}
