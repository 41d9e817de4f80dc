package postgres

import (
	"cmp"
	"os"
	"strconv"
	"strings"

	"github.com/countersign/countersign/platform/freeport"
)

// choosePort takes the port asked for, else the one it had, else any free one. A restart changes nothing: somebody
// holds its URL.
func (s *Server) choosePort() (int, error) {
	if asked := cmp.Or(s.port, s.options.Port); asked != 0 {
		if err := freeport.Check(asked); err != nil {
			return 0, &PortError{Port: asked, Err: err}
		}
		return asked, nil
	}
	if had, ok := readPort(s.path("port")); ok && freeport.Check(had) == nil {
		return had, nil
	}
	return freeport.Find()
}

func readPort(file string) (int, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return port, err == nil
}
