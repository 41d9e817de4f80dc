package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const (
	loopback = "127.0.0.1"

	// Below the range from which kernels take the ports of outgoing connections, so that no client of ours
	// sits on a port between our look and the server's bind; and below the product's own, from 26000 (package
	// freeport): where two houses start at once, neither takes a port that the other has just chosen.
	lowestFreePort  = 20000
	highestFreePort = 26000
	portTries       = 100
)

// freePort finds a port that nobody listens on, other than the ones already given away.
func freePort(taken map[int]bool) (int, error) {
	for range portTries {
		port := lowestFreePort + rand.IntN(highestFreePort-lowestFreePort)
		if !taken[port] && checkPort(port) == nil {
			taken[port] = true
			return port, nil
		}
	}
	return 0, errors.New("no free port found")
}

// checkPort says why the port cannot be listened on, nil if it can.
func checkPort(port int) error {
	listener, err := net.Listen("tcp", hostPort(port))
	if err != nil {
		return fmt.Errorf("port %d cannot be used: %w", port, err)
	}
	return listener.Close()
}

func hostPort(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
