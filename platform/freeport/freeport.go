// Package freeport finds TCP ports on the loopback for servers that we start.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Loopback is the only address that servers of ours for development and tests listen on.
const Loopback = "127.0.0.1"

const (
	// Below the range from which kernels take the ports of outgoing connections, so that no client sits on a port
	// between our look and the server's bind; and above those that the development Temporal server chooses itself.
	lowest  = 26000
	highest = 32000
	tries   = 100
)

// Find returns a port that nobody listens on, and that no process of ours was given: it is
// kept for the caller's process until that ends, since a server binds it only seconds later.
func Find() (int, error) {
	for range tries {
		port := lowest + rand.IntN(highest-lowest)
		if keep(port) && Check(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("freeport: none found")
}

// Check says why the port cannot be listened on, nil if it can.
func Check(port int) error {
	listener, err := net.Listen("tcp", Address(port))
	if err != nil {
		return err
	}
	return listener.Close()
}

// Address is host:port on the loopback.
func Address(port int) string { return net.JoinHostPort(Loopback, strconv.Itoa(port)) }
