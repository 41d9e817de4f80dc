package freeport_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/freeport"
)

func TestFindAndCheck(t *testing.T) {
	port, err := freeport.Find()
	require.NoError(t, err)
	require.NoError(t, freeport.Check(port))

	listener, err := net.Listen("tcp", freeport.Address(port))
	require.NoError(t, err)
	require.Error(t, freeport.Check(port))
	require.NoError(t, listener.Close())
}
