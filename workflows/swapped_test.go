package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/workflows"
)

// TestAResubmissionWhoseContentWasReplacedIsRefused: the relay brings a
// resubmission after other content took the place of what it names. It can
// never be recorded, so it is answered, not delivered for ever.
func TestAResubmissionWhoseContentWasReplacedIsRefused(t *testing.T) {
	s := newStage(t)
	s.decide(time.Hour, "a1", approval.Return, "li")
	again := func(id, hash string) approval.Act {
		return s.book.Commit(approval.Act{
			ID: id, Name: approval.Resubmit, Document: documentID, Actor: "zhao", Revision: 2, NewHash: hash,
		})
	}
	s.at(2*time.Hour, func() {
		s.book.Swap("b1")
		again("b1", "hash2")
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "b1"})
	})
	s.at(3*time.Hour, func() {
		require.NotNil(t, s.book.Outcome("b1"), "nobody answered")
		require.Equal(t, "revision.changed", s.book.Outcome("b1").Code)
		require.Equal(t, approval.Returned, s.state().Status)
		s.update(again("b2", "hash3"))
	})
	s.decide(4*time.Hour, "w1", approval.Reject, "li")
	require.Equal(t, approval.Rejected, s.run().Status)
	require.Equal(t, "hash3", s.state().ContentHash)
}
