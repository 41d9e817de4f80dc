// Package temporalserver finds, builds and runs a Temporal server for development and tests.
//
// The server is a program of its own (platform/devserver, a Go module of its own), so that the product need not be
// linked with it and so that fault tests can kill it.
package temporalserver

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	programName = "countersign-devserver"

	// binaryVariable names the server's binary where it is neither beside ours nor built from a checkout.
	binaryVariable = "COUNTERSIGN_DEVSERVER"
)

// FindOptions says where to look for the server.
type FindOptions struct {
	Binary string    // the place itself, if known; nothing else is looked at then
	Out    io.Writer // told about building, which takes minutes; nil tells nobody
}

// MissingError says that there is no server and nothing to build it from, and what to do.
type MissingError struct {
	Reason string
}

// Error says what to do.
func (e *MissingError) Error() string {
	return fmt.Sprintf("no Temporal development server: %s.\nRun from a checkout of Countersign with Go installed, "+
		"put %s beside this program, name it with %s=<file>, or use a Temporal of yours",
		e.Reason, programName, binaryVariable)
}

// Find returns the path of the server's binary: the one given, the one COUNTERSIGN_DEVSERVER names, the one beside
// this executable, the one in the user's cache that was built from this very source, or else it builds that.
//
// Safe to repeat, also in several processes at a time: one builds, the others wait.
// Errors: *MissingError. Time: at once, or 5 to 10 minutes for the first build on a machine.
func Find(ctx context.Context, o FindOptions) (string, error) {
	if named := cmp.Or(o.Binary, os.Getenv(binaryVariable)); named != "" {
		if !runnable(named) {
			return "", &MissingError{Reason: named + " is not a program"}
		}
		return filepath.Abs(named)
	}
	if executable, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(executable), programName); runnable(beside) {
			return beside, nil
		}
	}
	from, ok := findSource()
	if !ok {
		return "", &MissingError{Reason: "none beside this program, and no checkout to build it from"}
	}
	out := o.Out
	if out == nil {
		out = io.Discard
	}
	return from.build(ctx, out)
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
