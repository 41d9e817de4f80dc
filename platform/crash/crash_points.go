//go:build crashpoints

// Package crash lets a fault test end the process at an exact place: before or
// after a write to the world. Built without the tag crashpoints it does nothing.
package crash

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// passed counts how often the chosen place was reached.
var passed atomic.Int64

// At ends the process as SIGKILL would, the n-th time it reaches the place that
// CRASH_AT=place[:n] names; n is 1 where it is left out.
func At(place string) {
	chosen, count, counted := strings.Cut(os.Getenv("CRASH_AT"), ":")
	if chosen != place {
		return
	}
	n := int64(1)
	if counted {
		n, _ = strconv.ParseInt(count, 10, 64)
	}
	if passed.Add(1) == n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}
