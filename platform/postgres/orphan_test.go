package postgres

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestStopsAnOrphan starts a server that nobody owns, as is left behind where the kernel does not end it with its
// parent.
func TestStopsAnOrphan(t *testing.T) {
	dir, remove, err := TempDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	s, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, s.Stop())
	orphan := s.command(s.programs.postgres, s.settings(s.port)...)
	require.NoError(t, orphan.Start())
	gone := make(chan struct{})
	go func() { _ = orphan.Wait(); close(gone) }()
	require.Eventually(t, func() bool { record, ok := readPostmaster(s.path("data")); return ok && record.ready },
		time.Minute, 20*time.Millisecond)

	again, err := Start(t.Context(), Options{Dir: dir})

	require.NoError(t, err)
	t.Cleanup(func() { _ = again.Stop() })
	<-gone
	require.NotEqual(t, orphan.Process.Pid, again.PID())
	require.Equal(t, s.port, again.port)
}

func TestIsPostmaster(t *testing.T) {
	require.False(t, isPostmaster(syscall.Getpid(), "/any"))
	require.False(t, isPostmaster(1<<22+1, "/any"), "there is no such process")
}
