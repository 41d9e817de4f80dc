package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
)

// clocked is a step with a deadline of 100 s that allows everything about it.
func clocked(who ...string) approval.Step {
	s := late(step(approval.AllOf, who...), approval.TimeoutReject)
	s.Allow = []string{"hold", "request_info", "extend"}
	return s
}

// TestTheClockStandsStillWhileItIsStopped: what was left when it stopped is left
// when it goes on, and meanwhile nobody decides, nor does the clock.
func TestTheClockStandsStillWhileItIsStopped(t *testing.T) {
	r := planned(t, clocked("li", "wu"))
	r.after(40)
	r.strike() // the first reminders
	require.NoError(t, r.do(r.act(approval.RequestInfo, "li")))
	require.Zero(t, r.state.Wake())
	r.after(1000)
	r.strike()
	require.Equal(t, approval.Pending, r.state.Status)
	require.Equal(t, "document.stopped", fault.CodeOf(r.do(r.act(approval.Approve, "wu"))))
	require.Equal(t, "document.stopped", fault.CodeOf(r.do(r.act(approval.Hold, "wu"))))

	answer := r.act(approval.Release, "rob")
	answer.Opinion = " "
	require.Equal(t, "act.opinion_required", fault.CodeOf(r.do(answer)))
	require.Equal(t, "document.stopped_by_other", fault.CodeOf(r.do(r.act(approval.Release, "wu"))))
	require.NoError(t, r.do(r.act(approval.Release, "rob")))
	require.Equal(t, "document.not_stopped", fault.CodeOf(r.do(r.act(approval.Release, "rob"))))
	for _, task := range r.state.OpenTasks() {
		require.Equal(t, r.now.Add(60*time.Second), task.DueAt, "60 of 100 seconds were left")
		require.Equal(t, []time.Time{monday.Add(30 * time.Second), r.now.Add(20 * time.Second)}, task.RemindAt)
	}
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestRemindersWithoutADeadlineStandStillToo: they do not all strike at once when
// the clock goes on.
func TestRemindersWithoutADeadlineStandStillToo(t *testing.T) {
	unhurried := clocked("li")
	unhurried.Clock.Due = calendar.Duration{}
	r := planned(t, unhurried)
	require.NotEmpty(t, r.state.Tasks[0].RemindAt)
	require.NoError(t, r.do(r.act(approval.Hold, "li")))
	r.after(1000)
	require.NoError(t, r.do(r.act(approval.Release, "li")))
	require.Empty(t, r.state.Strike(r.now))
	require.Equal(t, r.now.Add(30*time.Second), r.state.Wake())
	require.Zero(t, r.state.Tasks[0].DueAt)
}

// TestAHoldIsReleasedByWhoHolds: the submitter cannot end what was not asked of them.
func TestAHoldIsReleasedByWhoHolds(t *testing.T) {
	r := planned(t, clocked("li"))
	require.NoError(t, r.do(r.act(approval.Hold, "li")))
	require.Equal(t, "document.stopped_by_other", fault.CodeOf(r.do(r.act(approval.Release, "sue"))))
	withdraw := r.act(approval.Withdraw, "sue")
	require.NoError(t, r.do(withdraw), "it can be taken back all the same")

	r = planned(t, clocked("li"))
	require.NoError(t, r.do(r.act(approval.Hold, "li")))
	require.NoError(t, r.do(r.act(approval.Release, "li")))
	require.Nil(t, r.state.Stopped)
}

// TestADeadlineIsExcusedOnlyBeforeItAndNotForEver.
func TestADeadlineIsExcusedOnlyBeforeItAndNotForEver(t *testing.T) {
	r := planned(t, clocked("li"))
	due := r.state.Tasks[0].DueAt
	extend := func(extra string) error {
		a := r.act(approval.Extend, "li")
		a.Extra = extra
		return r.do(a)
	}
	require.Equal(t, "act.bad_extra", fault.CodeOf(extend("")))
	require.Equal(t, "act.bad_extra", fault.CodeOf(extend("11 workdays")))
	for n := range 3 {
		require.NoError(t, extend("50 s"))
		require.Equal(t, due.Add(time.Duration(50*(n+1))*time.Second), r.state.Tasks[0].DueAt)
	}
	require.Equal(t, "task.extended_enough", fault.CodeOf(extend("50 s")))
	r.after(249)
	r.strike()
	require.Equal(t, approval.Pending, r.state.Status)
	r.after(1)
	r.strike()
	require.Equal(t, approval.Rejected, r.state.Status)

	r = planned(t, clocked("li"))
	r.after(100)
	require.Equal(t, "task.no_deadline", fault.CodeOf(extend("50 s")))
	r = planned(t, late(step(approval.AnyOf, "li"), ""))
	require.Equal(t, "act.not_allowed", fault.CodeOf(extend("50 s")))
}
