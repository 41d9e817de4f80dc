package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/workflows"
)

// TestAFileIsAnsweredWhenItsRowsAreSettled: it is looked at again and again, then told
// what is known; a place that is away ends the run with its code, and not in an error.
func TestAFileIsAnsweredWhenItsRowsAreSettled(t *testing.T) {
	for _, tt := range []struct {
		name    string
		settles int // at which look; 0 = never
		away    bool
		looks   int
		code    string
	}{
		{"at the third look", 3, false, 3, ""},
		{"never", 0, false, 20, ""},
		{"the place is away", 1, true, 6, "drop.unavailable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
			workflows.Register(env)
			env.RegisterActivityWithOptions(func(in activities.CollectInput) (activities.Collected, error) {
				return activities.Collected{Files: []string{"a.csv"}, Items: 2}, nil
			}, activity.RegisterOptions{Name: workflows.TakeInbound})
			looks := 0
			env.RegisterActivityWithOptions(func(in activities.AnswerInput) (bool, error) {
				looks++
				require.Equal(t, activities.AnswerInput{Source: "oa", File: "a.csv", Last: looks == 20}, in)
				if tt.away {
					return false, wire.Out(fault.New(fault.Busy, "drop.unavailable", fault.Arg("why", "x")))
				}
				return looks == tt.settles || in.Last, nil
			}, activity.RegisterOptions{Name: workflows.AnswerInbound})
			env.ExecuteWorkflow(workflows.CollectWorkflow, activities.CollectInput{Source: "oa"})
			require.NoError(t, env.GetWorkflowError())
			var got activities.Collected
			require.NoError(t, env.GetWorkflowResult(&got))
			require.Equal(t, activities.Collected{Files: []string{"a.csv"}, Items: 2, Code: tt.code}, got)
			require.Equal(t, tt.looks, looks)
		})
	}
}
