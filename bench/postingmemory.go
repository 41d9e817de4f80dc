package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync/atomic"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/sandbox"
)

// memoryEvery is after how many postings memory is looked at.
const memoryEvery = 1000

// MemoryOptions say how much is posted for looking at memory.
type MemoryOptions struct {
	Thousands int // of vouchers
	Clients   int // at once

	Open func(ctx context.Context, url string) (erp.Port, error) // a connection to a sandbox ERP
	Out  io.Writer                                               // the figures
}

// RunPostingMemory posts vouchers by the exactly-once recipe and prints what our memory is
// after each thousand. The ERP is the sandbox, in this process, with new books for each
// thousand: what its books hold is not ours, and would grow.
func RunPostingMemory(ctx context.Context, o MemoryOptions) error {
	var now atomic.Pointer[sandbox.Server]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now.Load().ServeHTTP(w, r)
	}))
	defer server.Close()
	port, err := o.Open(ctx, server.URL)
	if err != nil {
		return err
	}
	p := &postings{options: PostingOptions{Vouchers: memoryEvery, Clients: o.Clients}, port: port}
	for n := range o.Thousands {
		if err := p.thousand(ctx, n, &now); err != nil {
			return err
		}
		memory, err := memoryNow()
		if err != nil {
			return err
		}
		fmt.Fprintf(o.Out, "%6d posted: %s\n", p.posted.Load(), memory)
	}
	return nil
}

// thousand posts a thousand vouchers into new books, and throws them away.
func (p *postings) thousand(ctx context.Context, n int, now *atomic.Pointer[sandbox.Server]) error {
	dir, err := os.MkdirTemp("", "countersign-bench-")
	if err != nil {
		return fmt.Errorf("a folder for books: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	books, err := sandbox.Open(sandbox.Options{Dir: dir})
	if err != nil {
		return err
	}
	now.Store(books)
	err = p.all(ctx, n, p.ours)
	now.Store(&sandbox.Server{})
	if closed := books.Close(); err == nil {
		err = closed
	}
	return err
}

// memoryNow says what this process holds, after a collection.
func memoryNow() (string, error) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	resident, err := memoryOf(os.Getpid())
	if err != nil {
		return "", err
	}
	own, err := ownMemoryOf(os.Getpid())
	return fmt.Sprintf("heap %.1f MiB, resident %.1f MiB, own of it %.1f MiB, %d goroutines", float64(m.HeapAlloc)/(1<<20),
		float64(resident)/(1<<20), float64(own)/(1<<20), runtime.NumGoroutine()), err
}
