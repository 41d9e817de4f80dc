package process

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	tailLines = 20
	tailBytes = 8 << 10
)

// Tail passes on what a program writes and remembers the end of it, for the error that says why it failed.
type Tail struct {
	to  io.Writer
	mu  sync.Mutex
	end []byte
}

// NewTail passes on to the writer, or to nobody if it is nil.
func NewTail(to io.Writer) *Tail { return &Tail{to: to} }

// Write never fails: a full disk under our log must not stop the program that writes.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if over := len(t.end) - tailBytes; over > 0 {
		t.end = bytes.Clone(t.end[over:])
	}
	if t.to != nil {
		_, _ = t.to.Write(b)
	}
	return len(b), nil
}

// String is the last lines written.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.end)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Forget drops what was remembered, before another try.
func (t *Tail) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = nil
}
