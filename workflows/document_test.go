package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/workflows"
)

func TestAllAgreeAndTheVoucherIsPosted(t *testing.T) {
	s := newStage(t)
	s.allApprove(time.Hour)
	require.Equal(t, approval.Closed, s.run().Status)
	require.Len(t, s.outside.Posts(), 1)
	require.Equal(t, "v:"+documentID+":accrual:1", s.outside.Posts()[0].Reference)
	require.NotContains(t, s.kinds(), approval.TaskReminded)
	for id, err := range s.answers {
		require.NoError(t, err, id)
	}
}

func TestARejectionEndsIt(t *testing.T) {
	s := newStage(t)
	s.decide(time.Hour, "a1", approval.Approve, "li")
	s.decide(2*time.Hour, "a2", approval.Reject, "wu")
	require.Equal(t, approval.Rejected, s.run().Status)
	require.Empty(t, s.outside.Posts())
}

func TestAReturnedDocumentComesBackInANewRound(t *testing.T) {
	s := newStage(t)
	s.decide(time.Hour, "a1", approval.Return, "li")
	s.at(2*time.Hour, func() {
		s.update(s.book.Commit(approval.Act{
			ID: "b1", Name: approval.Resubmit, Document: documentID, Actor: "zhao", Revision: 2, NewHash: "hash2",
		}))
	})
	s.allApprove(3 * time.Hour)
	s.decide(3*time.Hour+time.Minute, "a1b", approval.Approve, "li")
	outcome := s.run()
	require.Equal(t, approval.Closed, outcome.Status, "%v", s.answers)
	require.Equal(t, 2, s.state().Round)
	require.Equal(t, "v:"+documentID+":accrual:2", s.outside.Posts()[0].Reference)
}

func TestTheSubmitterMayWithdraw(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		s.update(s.book.Commit(approval.Act{
			ID: "w1", Name: approval.Withdraw, Document: documentID, Actor: "zhao", Opinion: "wrong",
		}))
	})
	require.Equal(t, approval.Withdrawn, s.run().Status)
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		act  func(s *stage) approval.Act
		code string
	}{
		{"a stranger", func(s *stage) approval.Act {
			a := s.decision("x1", approval.Approve, "li")
			a.Actor = "bo"
			return s.book.Commit(a)
		}, "task.not_yours"},
		{"the submitter", func(s *stage) approval.Act {
			a := s.decision("x1", approval.Approve, "li")
			a.Actor = "zhao"
			return s.book.Commit(a)
		}, "task.interested"},
		{"other content", func(s *stage) approval.Act {
			a := s.decision("x1", approval.Approve, "li")
			a.ContentHash = "other"
			return s.book.Commit(a)
		}, "task.changed"},
		{"another document", func(s *stage) approval.Act {
			a := s.decision("x1", approval.Approve, "li")
			a.Document = "another"
			return s.book.Commit(a)
		}, "act.wrong_document"},
		{"an unknown task", func(s *stage) approval.Act {
			a := s.decision("x1", approval.Approve, "li")
			a.Task = "nothing"
			return s.book.Commit(a)
		}, "task.unknown"},
		{"not in the inbox", func(s *stage) approval.Act {
			return s.decision("x1", approval.Approve, "li")
		}, "act.forged"},
		{"a bad signature", func(s *stage) approval.Act {
			s.book.Forge("x1")
			return s.book.Commit(s.decision("x1", approval.Approve, "li"))
		}, "act.forged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			var before, after int64
			s.at(30*time.Minute, func() {
				before = s.state().Seq
				s.update(tt.act(s))
			})
			s.at(31*time.Minute, func() { after = s.state().Seq })
			s.allApprove(time.Hour)
			require.Equal(t, approval.Closed, s.run().Status)
			require.Equal(t, tt.code, fault.CodeOf(wire.In(s.answers["x1"])), "%v", s.answers["x1"])
			require.Equal(t, before, after)
		})
	}
}

func TestTheSameActTwiceIsOneDecision(t *testing.T) {
	s := newStage(t)
	var act approval.Act
	s.at(time.Hour, func() {
		act = s.book.Commit(s.decision("a1", approval.Approve, "li"))
		s.update(act)
	})
	s.at(90*time.Minute, func() {
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a1"})
	})
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.Len(t, s.state().Deciders, 3)
}

func TestAnActIsHeardAsASignal(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		s.book.Commit(s.decision("a1", approval.Approve, "li"))
		s.env.SignalWorkflow(workflows.SignalActRecorded, "not even an object")
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "nobody knows"})
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a1"})
	})
	s.at(90*time.Minute, func() {
		late := s.decision("a9", approval.Approve, "li")
		late.Task = documentID + ".r1.manager.1"
		s.book.Commit(late)
		s.book.Forge("f1")
		s.book.Commit(s.decision("f1", approval.Approve, "wu"))
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "a9"})
		s.env.SignalWorkflow(workflows.SignalActRecorded, workflows.ActRecorded{ID: "f1"})
	})
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.Equal(t, approval.OK, s.book.Outcome("a1").Code)
	require.Equal(t, string(fault.Conflict), s.book.Outcome("a9").Kind, "a late act has its refusal on record")
	require.Equal(t, "act.forged", s.book.Outcome("f1").Code)
}

func TestRemindersThenEscalation(t *testing.T) {
	s := newStage(t)
	s.decide(60*time.Hour, "a1", approval.Approve, "boss-of-li")
	s.decide(61*time.Hour, "a2", approval.Approve, "wu")
	s.decide(62*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	count := map[string]int{}
	for _, kind := range s.kinds() {
		count[kind]++
	}
	require.Equal(t, 2, count[approval.TaskReminded])
	require.Equal(t, 1, count[approval.TaskWasEscalated])
	for _, e := range s.book.Stream(documentID) {
		if e.Kind == approval.TaskWasEscalated {
			require.Equal(t, start.Add(48*time.Hour), e.At.Truncate(time.Second))
		}
	}
}

func TestADeadlineYieldsToAnActCommittedInTime(t *testing.T) {
	s := newStage(t)
	s.onTimeout(approval.TimeoutReject)
	// Committed before the deadline, but its update was lost and no relay runs.
	s.at(47*time.Hour, func() {
		s.book.Commit(s.decision("a1", approval.Approve, "li"))
		stranger := s.decision("a0", approval.Approve, "li")
		stranger.Actor = "bo"
		s.book.Commit(stranger)
	})
	s.decide(50*time.Hour, "a2", approval.Approve, "wu")
	s.decide(51*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status)
	require.NotContains(t, s.kinds(), approval.TaskWasExpired)
	require.Equal(t, "task.not_yours", s.book.Outcome("a0").Code)
}

func TestADeadlineWithoutAnybodyDecidesByRule(t *testing.T) {
	s := newStage(t)
	s.onTimeout(approval.TimeoutReject)
	require.Equal(t, approval.Rejected, s.run().Status)
	require.Contains(t, s.kinds(), approval.TaskWasExpired)
}

// TestARecordAheadIsFolded plays a crash between the commit and the end of the
// workflow task: the record knows what the workflow does not.
func TestARecordAheadIsFolded(t *testing.T) {
	s := newStage(t)
	s.at(time.Hour, func() {
		s.recordAside(s.book.Commit(s.decision("a1", approval.Approve, "li")))
	})
	// The task was opened by events that the workflow has not seen.
	s.decide(2*time.Hour, "a2", approval.Approve, "wu")
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
	require.NoError(t, s.answers["a2"])
}

// TestTwoLostTransitionsAreFolded: two were lost with one workflow task, and the
// later act is delivered again first.
func TestTwoLostTransitionsAreFolded(t *testing.T) {
	s := newStage(t)
	var second approval.Act
	s.at(time.Hour, func() {
		s.recordAside(s.book.Commit(s.decision("a1", approval.Approve, "li")))
		second = s.book.Commit(s.decision("a2", approval.Approve, "wu"))
		s.recordAside(second)
		s.update(second)
	})
	s.at(2*time.Hour, func() {
		answer, err := s.env.QueryWorkflow(workflows.QueryState)
		require.NoError(t, err)
		var known approval.State
		require.NoError(t, answer.Get(&known))
		require.Equal(t, s.state().Seq, known.Seq)
	})
	s.decide(3*time.Hour, "a3", approval.Approve, "sun")
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
	require.NoError(t, s.answers["a2"])
}

// recordAside records an act without the workflow, as a workflow task does that
// is lost after the commit.
func (s *stage) recordAside(act approval.Act) {
	state := s.state()
	drafts, err := state.Judge(act, s.env.Now())
	require.NoError(s.t, err)
	_, err = (&activities.Records{Book: s.book, Calendars: &activities.Calendars{Book: s.book}}).Record(
		context.Background(), approval.RecordRequest{
			Document: documentID, Expected: state.Seq, Cause: act.ID, Act: &act, Drafts: drafts,
		})
	require.NoError(s.t, err)
}

func TestALostAnswerAfterTheCommitRepeatsNothing(t *testing.T) {
	s := newStage(t)
	s.at(30*time.Minute, func() { s.book.Lose(2) })
	s.allApprove(time.Hour)
	require.Equal(t, approval.Closed, s.run().Status)
	records, _ := s.book.Records()
	require.Equal(t, 5, records, "plan, three acts, one posting")
}

func TestARefusedVoucherIsParkedUntilFinanceRules(t *testing.T) {
	s := newStage(t)
	s.outside.Answer(fault.New(fault.Busy, "erp.unavailable"),
		activities.Posted{Code: "erp.closed_period", Detail: "period 11 is closed"})
	s.allApprove(time.Hour)
	s.at(5*time.Hour, func() {
		state := s.state()
		require.Equal(t, approval.Parked, state.Status)
		require.Equal(t, "erp.closed_period", state.Effect.Code)
		s.update(s.book.Commit(approval.Act{
			ID: "r1", Name: approval.Resolve, Document: documentID, Actor: "fin", Effect: state.Effect.Reference,
			Attempt: state.Effect.Attempt, Ruling: approval.RulingRedate, Date: "2026-12-01", Opinion: "next period",
		}))
	})
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
	require.Len(t, s.outside.Posts(), 3)
	require.Equal(t, s.outside.Posts()[0].Reference, s.outside.Posts()[2].Reference, "the reference never changes")
	require.Equal(t, "2026-12-01", s.outside.Posts()[2].Date)
	require.Equal(t, 1, s.outside.Posts()[2].Attempt)
}

func TestAnERPThatStaysAwayParks(t *testing.T) {
	s := newStage(t)
	for range 10 {
		s.outside.Answer(fault.New(fault.Unknown, "erp.unknown", fault.Arg("words", "reset")))
	}
	s.allApprove(time.Hour)
	s.at(5*time.Hour, func() {
		state := s.state()
		require.Equal(t, "erp.unknown", state.Effect.Code)
		s.update(s.book.Commit(approval.Act{
			ID: "r1", Name: approval.Resolve, Document: documentID, Actor: "fin", Effect: state.Effect.Reference,
			Ruling: approval.RulingRetry, Opinion: "it is back",
		}))
	})
	require.Equal(t, approval.Closed, s.run().Status)
	require.Len(t, s.outside.Posts(), 11)
}

func TestARouteThatIsMissingWaitsForAnAdmin(t *testing.T) {
	s := newStage(t)
	s.outside.Unroute("policy.no_band")
	s.at(time.Hour, func() {
		state := s.state()
		require.True(t, state.Stuck())
		s.outside.Unroute("")
		s.update(s.book.Commit(approval.Act{
			ID: "r1", Name: approval.Resolve, Document: documentID, Actor: "root", Effect: "plan:1",
			Attempt: state.PlanAttempt, Ruling: approval.RulingRetry, Opinion: "policy mended",
		}))
	})
	s.allApprove(2 * time.Hour)
	require.Equal(t, approval.Closed, s.run().Status, "%v", s.answers)
}

func TestAnOutageOfOurDatabaseGivesNothingUp(t *testing.T) {
	s := newStage(t)
	s.book.Lose(40)
	s.allApprove(10 * time.Hour)
	require.Equal(t, approval.Closed, s.run().Status)
}
