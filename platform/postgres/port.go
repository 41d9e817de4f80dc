package postgres

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
)

const (
	loopback = "127.0.0.1"

	// Below the range from which kernels take the ports of outgoing connections, so that no client sits on a port
	// between our look and PostgreSQL's bind.
	lowestFreePort  = 20000
	highestFreePort = 32000
	portTries       = 100
)

// choosePort takes the port asked for, else the one it had, else any free one. A restart changes nothing: somebody
// holds its URL.
func (s *Server) choosePort() (int, error) {
	if asked := cmp.Or(s.port, s.options.Port); asked != 0 {
		if err := tryPort(asked); err != nil {
			return 0, &PortError{Port: asked, Err: err}
		}
		return asked, nil
	}
	if had, ok := readPort(s.path("port")); ok && tryPort(had) == nil {
		return had, nil
	}
	for range portTries {
		port := lowestFreePort + rand.IntN(highestFreePort-lowestFreePort)
		if tryPort(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("no free port for PostgreSQL found")
}

func readPort(file string) (int, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return port, err == nil
}

func tryPort(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return listener.Close()
}
