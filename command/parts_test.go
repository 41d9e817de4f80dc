package command

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestACommandWithoutADatabaseSaysSoAtOnce: there is no use in waiting for an
// address that was never given, as dev's own file gives none.
func TestACommandWithoutADatabaseSaysSoAtOnce(t *testing.T) {
	t.Setenv("COUNTERSIGN_DATABASE_URL", "")
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte("mode: dev\n"), 0o600))
	for _, args := range [][]string{
		{"audit", "verify"}, {"policy", "simulate", "--against", "past", "--policy", "../config/policies/expense.yaml"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		c := New()
		c.SetArgs(append(args, "--config", file))
		err := c.ExecuteContext(ctx)
		cancel()
		require.ErrorContains(t, err, "database.url is empty: set postgres://")
		require.ErrorContains(t, err, "(COUNTERSIGN_DATABASE_URL)")
	}
}
