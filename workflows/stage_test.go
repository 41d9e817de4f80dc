package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/workflows"
)

const documentID = "0190aaaa-0000-7000-8000-000000000001"

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// stage is a document in a test environment where time is skipped.
type stage struct {
	t       *testing.T
	env     *testsuite.TestWorkflowEnvironment
	book    *activitiestest.Book
	outside *activitiestest.Outside
	answers map[string]error // by act id, of updates
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := newBareStage(t)
	s.book.Submit(documentID, "EXP-2026-000001")
	return s
}

// newBareStage is a stage before anything was submitted.
func newBareStage(t *testing.T) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	s := &stage{
		t: t, answers: map[string]error{},
		outside: activitiestest.NewOutside(activitiestest.ThreeSteps(48*3600, 24*3600, 6*3600)),
	}
	s.book = activitiestest.NewBook(func() time.Time { return s.env.Now() })
	s.open(suite.NewTestWorkflowEnvironment(), start)
	return s
}

// open makes an environment the stage's own.
func (s *stage) open(env *testsuite.TestWorkflowEnvironment, at time.Time) {
	s.env = env
	env.SetStartTime(at)
	env.SetTestTimeout(2 * time.Minute)
	env.SetWorkerOptions(worker.Options{WorkflowPanicPolicy: worker.BlockWorkflow})
	workflows.Register(env)
	calendars := &activities.Calendars{Book: s.book, Now: func() time.Time { return s.env.Now() }}
	env.RegisterActivity(&activities.Records{Book: s.book, Calendars: calendars})
	for name, stand := range map[string]any{
		workflows.Route: s.outside.Route, workflows.NextApprover: s.outside.NextApprover,
		workflows.Staff:       s.outside.Staff,
		workflows.PostVoucher: s.outside.PostVoucher, workflows.Heirs: s.outside.Heirs,
	} {
		env.RegisterActivityWithOptions(stand, activity.RegisterOptions{Name: name})
	}
}

func (s *stage) state() approval.State { return s.book.State(documentID) }

// kinds lists what happened.
func (s *stage) kinds() []string {
	var kinds []string
	for _, e := range s.book.Stream(documentID) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// onTimeout sets what every step does when it is overdue.
func (s *stage) onTimeout(do string) {
	plan := activitiestest.ThreeSteps(48*3600, 24*3600, 6*3600)
	for i := range plan.Steps {
		plan.Steps[i].OnTimeout = approval.Timeout{Do: do}
	}
	s.outside.SetPlan(plan)
}

// at does something so long after the start.
func (s *stage) at(after time.Duration, do func()) { s.env.RegisterDelayedCallback(do, after) }

// update delivers a committed act as an update; its answer is kept by its id.
func (s *stage) update(a approval.Act) {
	s.env.UpdateWorkflow(string(a.Name), a.ID, &answerTo{s: s, act: a.ID}, a)
}

type answerTo struct {
	s   *stage
	act string
}

func (a *answerTo) Accept() {}
func (a *answerTo) Reject(err error) {
	a.s.answers[a.act] = err
}
func (a *answerTo) Complete(_ any, err error) { a.s.answers[a.act] = err }

// decide commits and delivers a decision on the open task of a person, so long
// after the start.
func (s *stage) decide(after time.Duration, id string, name approval.Name, person string) {
	s.at(after, func() { s.update(s.book.Commit(s.decision(id, name, person))) })
}

func (s *stage) decision(id string, name approval.Name, person string) approval.Act {
	return s.book.Decision(documentID, id, name, person)
}

func (s *stage) run() approval.Outcome {
	s.t.Helper()
	s.env.ExecuteWorkflow(workflows.Document, workflows.DocumentInput{
		Document: documentID, Shown: workflows.Shown{People: true},
	})
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	var outcome approval.Outcome
	require.NoError(s.t, s.env.GetWorkflowResult(&outcome))
	require.NoError(s.t, evidence.VerifyChain(s.book.Stream(documentID)))
	require.Equal(s.t, s.state().Status, outcome.Status)
	return outcome
}

// allApprove lets the three approvers agree, an hour apart, from an hour on.
func (s *stage) allApprove(from time.Duration) {
	s.decide(from, "a1", approval.Approve, "li")
	s.decide(from+time.Hour, "a2", approval.Approve, "wu")
	s.decide(from+2*time.Hour, "a3", approval.Approve, "sun")
}
