package freeport

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestAPortIsKept: what another process was given is not given again until it ends, and
// nothing twice to one. To lock by an opening of its own is to be another process.
func TestAPortIsKept(t *testing.T) {
	other, err := os.OpenFile(book().Name(), os.O_RDWR, 0)
	require.NoError(t, err)
	port, err := Find()
	require.NoError(t, err)
	require.False(t, keep(port))
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(port), Len: 1}
	require.Error(t, unix.FcntlFlock(other.Fd(), unix.F_OFD_SETLK, &lock), "it is kept from others")

	const theirs = lowest - 1 // nobody is given it
	lock.Start = theirs
	require.NoError(t, unix.FcntlFlock(other.Fd(), unix.F_OFD_SETLK, &lock))
	require.False(t, keep(theirs))
	require.NoError(t, other.Close())
	require.True(t, keep(theirs))
}
