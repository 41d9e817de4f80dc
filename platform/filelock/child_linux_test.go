package filelock_test

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/filelock"
)

// TestFreeThoughAChildIsBeingStarted has a second descriptor of the lock's file, as a child has between fork and exec.
func TestFreeThoughAChildIsBeingStarted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := filelock.Try(path)
	require.NoError(t, err)
	child, err := syscall.Dup(descriptorOf(t, path))
	require.NoError(t, err)
	defer func() { _ = syscall.Close(child) }()

	require.NoError(t, held.Release())

	next, err := filelock.Try(path)
	require.NoError(t, err)
	require.NoError(t, next.Release())
	require.NoError(t, held.Release(), "safe to repeat")
}

// descriptorOf is the one under which this process has the file open.
func descriptorOf(t *testing.T, path string) int {
	t.Helper()
	const own = "/proc/self/fd"
	open, err := os.ReadDir(own)
	require.NoError(t, err)
	for _, entry := range open {
		if target, err := os.Readlink(filepath.Join(own, entry.Name())); err == nil && target == path {
			fd, err := strconv.Atoi(entry.Name())
			require.NoError(t, err)
			return fd
		}
	}
	require.FailNow(t, "not open", path)
	return 0
}
