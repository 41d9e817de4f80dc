package postgres_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/postgres"
)

// TestScratchOfTheDeadIsSwept, and that of who lives is left alone.
func TestScratchOfTheDeadIsSwept(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	first, removeFirst, err := postgres.ScratchDir()
	require.NoError(t, err)
	require.Equal(t, base, filepath.Dir(first))

	gone := exec.Command("true")
	require.NoError(t, gone.Run())
	left := filepath.Join(base, fmt.Sprintf("countersign-scratch-%d-1", gone.Process.Pid))
	other := filepath.Join(base, "countersign-scratch-somebody")
	require.NoError(t, os.MkdirAll(filepath.Join(left, "data"), 0o700))
	require.NoError(t, os.Mkdir(other, 0o700))

	_, removeSecond, err := postgres.ScratchDir()
	require.NoError(t, err)
	require.NoDirExists(t, left)
	require.DirExists(t, first)
	require.DirExists(t, other, "not ours")
	removeFirst()
	removeSecond()
	require.NoDirExists(t, first)
}
