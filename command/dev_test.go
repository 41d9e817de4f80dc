package command

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDevWantsItsAddressForItself: on a taken one another house would answer in its place.
func TestDevWantsItsAddressForItself(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	taken := l.Addr().String()
	_, err = free(taken)
	require.ErrorContains(t, err, "--listen "+taken)
	require.NoError(t, l.Close())
	got, err := free(taken)
	require.NoError(t, err)
	require.Equal(t, taken, got)
}
