package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/approval/approvaltest"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/workflows"
)

// TestADecisionAcknowledgedBeforeTheDepartureCounts: it lies in the inbox and nobody
// applied it yet when the document hears that li left.
func TestADecisionAcknowledgedBeforeTheDepartureCounts(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		s.book.Commit(s.decision("in-time", approval.Approve, "li"))
		s.outside.Leave("li")
		s.env.SignalWorkflow(workflows.SignalDirectoryChanged, workflows.DirectoryChanged{Version: 2})
	})
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.Equal(t, []string{"li", "wu", "sun"}, s.state().Deciders)
	require.NotContains(t, s.kinds(), approval.TaskWasHandedOver)
}

// TestWhatTheWorldTellsTwiceIsDoneOnce, and what cannot be read is passed over.
func TestWhatTheWorldTellsTwiceIsDoneOnce(t *testing.T) {
	s := newStage(t)
	plan := handledPlanOf(calendar.WorkDay)
	s.outside.SetPlan(plan)
	s.at(time.Hour, func() {
		version := s.book.Publish(approvaltest.WithTomorrowOff(s.env.Now()))
		s.env.SignalWorkflow(workflows.SignalCalendarChanged, "garbage")
		s.env.SignalWorkflow(workflows.SignalCalendarChanged, workflows.CalendarChanged{Calendar: "nobody's", Version: 9})
		for range 3 {
			s.env.SignalWorkflow(workflows.SignalCalendarChanged,
				workflows.CalendarChanged{Calendar: "always", Version: version})
		}
		s.env.SignalWorkflow(workflows.SignalDirectoryChanged, workflows.DirectoryChanged{Version: 1})
	})
	var before, after time.Time
	s.at(30*time.Minute, func() { before = s.state().DueAt() })
	s.at(90*time.Minute, func() {
		after = s.state().DueAt()
		s.outside.Leave("li")
		for range 3 {
			s.env.SignalWorkflow(workflows.SignalDirectoryChanged, workflows.DirectoryChanged{Version: 2})
		}
	})
	s.decide(2*time.Hour, "a1", approval.Approve, "boss-of-li")
	s.decide(3*time.Hour, "a2", approval.Approve, "wu")
	s.decide(4*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.Equal(t, 24*time.Hour, after.Sub(before))
	for _, kind := range []string{approval.TaskWasRescheduled, approval.TaskWasHandedOver} {
		n := len(slices.DeleteFunc(s.kinds(), func(k string) bool { return k != kind }))
		require.Equal(t, 1, n, kind)
	}
}

// TestADeadlineIsNotOverBySurprise: sixteen working hours from Monday 09:00 end on
// Wednesday 01:00, since Tuesday is off. On Tuesday noon it is worked after all: one
// hour was left, and four are given.
func TestADeadlineIsNotOverBySurprise(t *testing.T) {
	s := newStage(t)
	plan := handledPlanOf(calendar.WorkHour)
	plan.Steps[0].Clock.Due.Count = 16
	s.outside.SetPlan(plan)
	s.at(0, func() { s.book.Publish(approvaltest.WithTomorrowOff(start)) })
	var told, due time.Time
	s.at(27*time.Hour, func() {
		require.Equal(t, 40*time.Hour, s.state().DueAt().Sub(start))
		told = s.env.Now()
		version := s.book.Publish(approvaltest.Always())
		s.env.SignalWorkflow(workflows.SignalCalendarChanged, workflows.CalendarChanged{Calendar: "always", Version: version})
	})
	s.at(28*time.Hour, func() { due = s.state().DueAt() })
	s.decide(30*time.Hour, "a1", approval.Approve, "li")
	s.decide(31*time.Hour, "a2", approval.Approve, "wu")
	s.decide(32*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.Equal(t, 4*time.Hour, due.Sub(told))
	require.Equal(t, []string{"li", "wu", "sun"}, s.state().Deciders)
}

// handledPlanOf is three steps whose first counts one of a unit.
func handledPlanOf(unit calendar.Unit) approval.Plan {
	plan := activitiestest.ThreeSteps(48*3600, 24*3600, 6*3600)
	plan.Steps[0].Clock = approval.Clock{Calendar: "always", Due: calendar.Duration{Count: 1, Unit: unit}}
	return plan
}
