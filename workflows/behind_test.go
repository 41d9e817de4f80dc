package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/workflows"
)

// TestAnAnswerThatTemporalLostIsCaughtUpWith: an act was recorded, and then both the
// worker and the update were gone. The relay's signal makes the document go on at
// once, not only when the next deadline strikes.
func TestAnAnswerThatTemporalLostIsCaughtUpWith(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		act := s.book.Commit(s.decision("a1", approval.Approve, "li"))
		state := s.book.State(documentID)
		drafts, err := state.Judge(act, s.env.Now())
		require.NoError(t, err)
		got, err := s.book.Record(context.Background(), approval.RecordRequest{
			Document: documentID, Expected: state.Seq, Cause: act.Cause(), Act: &act, Drafts: drafts},
			func(_ time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) { return d, nil })
		require.NoError(t, err)
		require.False(t, got.Behind)
	})
	s.at(61*time.Minute, func() {
		require.Equal(t, []string{"li"}, s.known().Assignees(), "nobody told the workflow")
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a1"})
	})
	s.at(62*time.Minute, func() {
		require.Equal(t, []string{"wu"}, s.known().Assignees())
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a1"}) // and once more changes nothing
	})
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
}

// known is the state that the workflow itself believes in.
func (s *stage) known() approval.State {
	s.t.Helper()
	var state approval.State
	answer, err := s.env.QueryWorkflow(workflows.QueryState)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Get(&state))
	return state
}
