// Package erptest runs the promises of package conformance from go test.
package erptest

import (
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/port"
)

// The parts of a test, as package conformance has them.
type (
	// Fixture is one connector before a fresh ERP company.
	Fixture = conformance.Fixture
	// Match tells one kind of request from the others.
	Match = conformance.Match
	// Fault is one way in which a network or a server misbehaves.
	Fault = conformance.Fault
	// Proxy stands between a connector and a server and injects faults.
	Proxy = conformance.Proxy
	// Book is an AttemptBook in memory.
	Book = conformance.Book
)

// NewBook makes an empty book.
func NewBook() *Book { return conformance.NewBook() }

// Contains matches requests whose path or body contains text.
func Contains(method, text string) Match { return conformance.Contains(method, text) }

// Marked matches requests by the mark that a connector says they bear.
func Marked(m port.Mark) Match { return conformance.Marked(m) }

// NewProxy starts a proxy before target until the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := conformance.NewProxy(target, http.DefaultTransport)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// Run asks every promise. Each runs in a subtest with a fixture of its own.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, promise := range conformance.Promises() {
		t.Run(promise.Name, func(t *testing.T) {
			f := open(t)
			if reason := promise.Absent(f); reason != "" {
				t.Skip(reason)
			}
			promise.Keep(t, f)
		})
	}
}

// SeedVariable names the environment variable that repeats a nemesis run.
const SeedVariable = "COUNTERSIGN_SEED"

// LongVariable, set, asks for the long forms.
const LongVariable = "COUNTERSIGN_LONG"

// nemesisLong is how many vouchers the long form books.
const nemesisLong = 1000

// Nemesis books vouchers through a line that fails at random and counts that each
// was posted exactly once.
func Nemesis(t *testing.T, f Fixture, vouchers, faultPercent int) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(SeedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	if os.Getenv(LongVariable) != "" {
		vouchers = nemesisLong
	}
	t.Logf("repeat with %s=%d", SeedVariable, seed)
	t.Log(conformance.Nemesis(t, f, vouchers, faultPercent, seed))
}
