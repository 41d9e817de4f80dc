package postgres

import (
	"fmt"
	"strings"
)

// MissingError says that no PostgreSQL programs were found, and how to get them.
type MissingError struct {
	Looked []string // where
}

// Error says what to install.
func (e *MissingError) Error() string {
	return "no PostgreSQL programs (initdb, postgres) found. Install them:\n" +
		"  Debian, Ubuntu:  apt-get install postgresql-15   (or the version your release has: postgresql)\n" +
		"  Fedora, RHEL:    dnf install postgresql-server\n" +
		"  macOS:           brew install postgresql@17\n" +
		"or say where they are with " + binVariable + "=<directory>, or use a server of yours with --postgres <URL>.\n" +
		"Looked in: " + strings.Join(e.Looked, ", ")
}

// UnreachableError says that the account which runs PostgreSQL may not enter a directory above the data.
type UnreachableError struct {
	Dir     string // of the server
	Closed  string // the directory that is closed
	Account string // who may not pass
}

// Error says what to change.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("PostgreSQL refuses to run as root, and user %s may not enter %s, where %s is.\n"+
		"Choose another directory with --data, or run as an ordinary user, or: chmod o+x %s",
		e.Account, e.Closed, e.Dir, e.Closed)
}

// PortError says that the port asked for cannot be had.
type PortError struct {
	Port int
	Err  error
}

// Error names the port.
func (e *PortError) Error() string {
	return fmt.Sprintf("port %d for PostgreSQL cannot be used: %v. Choose another, or 0 for a free one", e.Port, e.Err)
}

// Unwrap gives the system's reason.
func (e *PortError) Unwrap() error { return e.Err }

// InUseError says that another process runs a server in the directory.
type InUseError struct {
	Dir string
}

// Error names the directory.
func (e *InUseError) Error() string {
	return fmt.Sprintf("another process runs PostgreSQL in %s: stop it, or choose another directory with --data", e.Dir)
}
