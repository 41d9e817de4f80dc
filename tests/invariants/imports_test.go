package invariants_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheOracleSharesNoCode proves that the oracle cannot share a mistake with
// the product: it imports the standard library and the database driver only.
func TestTheOracleSharesNoCode(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	require.NoError(t, err)
	imports := strings.Fields(string(out))
	require.NotEmpty(t, imports)
	for _, path := range imports {
		first, _, _ := strings.Cut(path, "/")
		standard := !strings.Contains(first, ".")
		require.True(t, standard || path == "github.com/lib/pq", "it imports %s", path)
	}
}
