package workflows_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNothingHereIsNonDeterministic runs Temporal's own check over the workflows and all that they call: nothing may
// read a clock, a random number, or a map in its order. What it takes for such and is not stands in workflowcheck.yml,
// with the reason; `make workflowcheck` is the same.
func TestNothingHereIsNonDeterministic(t *testing.T) {
	const exceptions = "workflowcheck.yml"
	_, err := os.Stat(exceptions) // a test that was cached is run again when the file changes
	require.NoError(t, err)
	check := exec.Command("go", "run", "-modfile=../tools/go.mod", "go.temporal.io/sdk/contrib/tools/workflowcheck",
		"-config", exceptions, "./...")
	found, err := check.CombinedOutput()
	require.NoError(t, err, "%s", found)
}
