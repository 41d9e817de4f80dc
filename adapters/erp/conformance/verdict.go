package conformance

import (
	"fmt"
	"runtime"
)

// Verdict is how one promise came out.
type Verdict struct {
	Promise Promise
	Absent  string // why it was not asked, one of Reasons; "" = it was
	Broken  string // what went wrong, in English; "" = it is kept
}

// Ask asks one promise of a connector and waits for the verdict.
func Ask(p Promise, f Fixture) Verdict {
	if reason := p.Absent(f); reason != "" {
		return Verdict{Promise: p, Absent: reason}
	}
	t, done := &witness{}, make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				t.broken = fmt.Sprintf("panic: %v", r)
			}
		}()
		p.Keep(t, f)
	}()
	<-done
	return Verdict{Promise: p, Broken: t.broken}
}

// witness is the T of a promise outside of go test.
type witness struct{ broken string }

// Helper is for go test.
func (*witness) Helper() {}

// Fatalf ends the promise.
func (w *witness) Fatalf(format string, args ...any) {
	w.broken = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
