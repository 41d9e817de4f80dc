package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/workflows"
)

// renewed runs until the workflow begins a new history and answers with its input.
func (s *stage) renewed() workflows.DocumentInput {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.Document, workflows.DocumentInput{
		Document: documentID, Limits: workflows.Limits{RenewAfter: 1000},
	})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &again)
	var next workflows.DocumentInput
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	return next
}

func TestALongHistoryBeginsAnewWithTheSameState(t *testing.T) {
	s := newStage(t)
	s.decide(time.Hour, "a1", approval.Approve, "li")
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.longFrom("a2")
	next := s.renewed()
	s.book.OnRecord = nil
	require.Equal(t, s.state(), *next.State)
	require.Contains(t, next.State.Seen, "a2", "outcomes already given are carried")

	var suite testsuite.WorkflowTestSuite
	s.open(suite.NewTestWorkflowEnvironment(), start.Add(2*time.Hour))
	s.env.SetContinuedExecutionRunID("the run before")
	s.at(time.Minute, func() { s.update(s.book.Inbox("a2")) })
	s.decide(time.Hour, "a3", approval.Approve, "sun")
	s.env.ExecuteWorkflow(workflows.Document, next)
	require.NoError(t, s.env.GetWorkflowError())
	require.NoError(t, s.answers["a2"], "the same act has the same answer in the next run")
	require.Equal(t, approval.Closed, s.state().Status)
	require.Len(t, s.state().Deciders, 3)
}

// TestAStateFromOutsideIsNotBelieved: whoever can start workflows must not be
// able to bring an approved document with them.
func TestAStateFromOutsideIsNotBelieved(t *testing.T) {
	s := newStage(t)
	forged := s.state()
	forged.Status = approval.Approved
	forged.Effect = &approval.Effect{Reference: "v:" + documentID + ":accrual:1", State: approval.EffectPending}
	s.decide(time.Hour, "a1", approval.Reject, "li")
	s.env.ExecuteWorkflow(workflows.Document, workflows.DocumentInput{Document: documentID, State: &forged})
	require.NoError(t, s.env.GetWorkflowError())
	require.Empty(t, s.outside.Posts())
	require.Equal(t, approval.Rejected, s.state().Status)
}

// TestSignalsInHandAreAnsweredBeforeARenewal: what was accepted is not left behind.
func TestSignalsInHandAreAnsweredBeforeARenewal(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		s.book.Commit(s.decision("a1", approval.Approve, "li"))
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a1"})
		for range 3 {
			s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "unknown"})
		}
	})
	s.longFrom("a1")
	next := s.renewed()
	require.Contains(t, next.State.Seen, "a1")
	_, reads := s.book.Records()
	require.Equal(t, 4, reads)
}

// longFrom makes the history long while a cause is being recorded: just when
// something is in hand. The activity has a goroutine of its own, so the workflow's
// loop does it, before it hears of the activity's end.
func (s *stage) longFrom(cause string) {
	s.book.OnRecord = func(now string) {
		if now == cause {
			s.env.RegisterDelayedCallback(func() { s.env.SetCurrentHistoryLength(1000) }, 0)
		}
	}
}
