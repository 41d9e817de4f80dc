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

// TestADirectoryThatDoesNotAnswerIsAnOutcome proves that it is asked again for a while,
// that the run then says why it failed, and that the workflow itself does not fail.
func TestADirectoryThatDoesNotAnswerIsAnOutcome(t *testing.T) {
	env := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
	workflows.Register(env)
	asked, noted := 0, activities.FailDirectoryInput{}
	env.RegisterActivityWithOptions(func(in activities.SyncDirectoryInput) (activities.DirectoryRun, error) {
		asked++
		require.Equal(t, activities.SyncDirectoryInput{Run: in.Run, Source: "hr", AskedBy: "adm", DryRun: true}, in)
		return activities.DirectoryRun{}, wire.Out(fault.New(fault.Busy, "directory.unavailable", fault.Arg("source", "hr")))
	}, activity.RegisterOptions{Name: workflows.SyncDirectory})
	env.RegisterActivityWithOptions(func(in activities.FailDirectoryInput) (activities.DirectoryRun, error) {
		noted = in
		return activities.DirectoryRun{Run: in.Run, State: "failed", Code: in.Code}, nil
	}, activity.RegisterOptions{Name: workflows.FailDirectory})
	env.ExecuteWorkflow(workflows.DirectorySyncWorkflow, workflows.DirectorySyncInput{Source: "hr", AskedBy: "adm", DryRun: true})
	require.NoError(t, env.GetWorkflowError())
	var out activities.DirectoryRun
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, "failed directory.unavailable", out.State+" "+out.Code)
	require.Equal(t, "directory.unavailable", noted.Code)
	require.Greater(t, asked, 1)
}
