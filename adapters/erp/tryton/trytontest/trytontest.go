// Package trytontest gives tests a real Tryton: one server for the whole test
// binary, and a database of its own for whoever asks.
package trytontest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/countersign/countersign/adapters/erp/tryton/server"
)

// OffVariable, set to off, leaves out the tests that need a real Tryton, on
// machines that cannot have one. They never leave themselves out.
const OffVariable = "COUNTERSIGN_TRYTON"

var (
	start   sync.Once
	running *server.Server
	failed  error
	clones  atomic.Int32
)

// Start returns a fresh copy of the demo company, in a database that no other
// test sees. The server ends with the test binary. The first start on a machine
// takes two minutes, later ones two seconds; each copy takes one.
func Start(t testing.TB) *server.Server {
	t.Helper()
	if os.Getenv(OffVariable) == "off" {
		t.Skipf("%s=off", OffVariable)
	}
	start.Do(func() { running, failed = server.Start(context.Background(), server.Options{Out: os.Stderr}) })
	if failed != nil {
		t.Fatalf("%v\n(Tryton 6.0 comes with Debian 12; %s=off leaves out the tests that need it)", failed, OffVariable)
	}
	clone, err := running.Clone(t.Context(), fmt.Sprintf("test%d", clones.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return clone
}
