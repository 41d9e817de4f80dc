package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKeepsItsBooks proves that a directory survives Stop and Start, and that a
// directory its users cannot enter is replaced by one they can.
func TestKeepsItsBooks(t *testing.T) {
	if os.Getenv("COUNTERSIGN_TRYTON") == "off" {
		t.Skip("COUNTERSIGN_TRYTON=off")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	options := Options{Dir: filepath.Join(closed, "tryton"), Out: os.Stderr}
	first, err := Start(t.Context(), options)
	require.NoError(t, err)
	if os.Getuid() == 0 {
		require.NotEqual(t, options.Dir, first.dir)
	}
	t.Cleanup(func() { _ = os.RemoveAll(first.dir) })
	_, err = first.db.ExecContext(t.Context(), "CREATE TABLE kept (n int)")
	require.NoError(t, err)
	require.NoError(t, first.Stop())

	second, err := Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	require.Equal(t, first.dir, second.dir)
	_, err = second.db.ExecContext(t.Context(), "SELECT n FROM kept")
	require.NoError(t, err)
	_, err = second.Clone(t.Context(), "no such name")
	require.Error(t, err)
}
