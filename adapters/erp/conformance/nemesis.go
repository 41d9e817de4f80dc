package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// killed is how often, of a hundred faults, the worker dies instead of the line.
const killed = 15

// WorkerKilled is the end of whoever posts, in the middle of a request: it is carried out
// or not, and nobody is left who knows.
const WorkerKilled Fault = "worker-killed"

// Nemesis books vouchers through a line that fails at random, some of them from
// two callers at once, and counts in the ERP's own books that each was posted
// exactly once. Where Fixture.Reopen is set, who posts dies on the way, too. It returns
// what it did.
func Nemesis(t T, f Fixture, vouchers, faultPercent int, seed uint64) Weathered {
	book, workers := NewBook(), &workers{fixture: f}
	workers.start(f.Port)
	injected := f.Proxy.random(seed, faultPercent, workers)
	wanted, failures := make(chan voucher.Voucher), make(chan error, 2*vouchers)
	var callers sync.WaitGroup
	for range min(max(2, vouchers/6), callersMost) {
		callers.Go(func() {
			for v := range wanted {
				if err := workers.post(book, v); err != nil {
					failures <- fmt.Errorf("%s: %w %+v", v.Reference, err, book.Attempts(v.Reference))
				}
			}
		})
	}
	all := make([]string, vouchers)
	for i := range all {
		all[i] = fmt.Sprintf("%s%016x-%04d:accrual:1", Prefix, seed, i)
		v := f.varied(i, f.Voucher(all[i], 100+int64(len(all[i]))))
		wanted <- v
		if i%4 == 0 {
			wanted <- v // a second caller, at the same time
		}
	}
	close(wanted)
	callers.Wait()
	close(failures)
	f.Proxy.Set(nil)
	for err := range failures {
		noError(t, err)
	}
	attempts := 0
	for _, ref := range all {
		count(t, f, ref, 0, 1)
		attempts += len(book.Attempts(ref))
	}
	return Weathered{Vouchers: vouchers, Attempts: attempts, Faults: injected()}
}

// Weathered is what a nemesis was: so many vouchers, each posted once.
type Weathered struct {
	Vouchers, Attempts int
	Faults             map[Fault]int // that were injected
}

func (w Weathered) String() string {
	return fmt.Sprintf("%d vouchers, each posted once; %d attempts, faults %v", w.Vouchers, w.Attempts, w.Faults)
}

// callersMost bounds how many post at once.
const callersMost = 48

// varied gives some vouchers dimensions, and some two currencies.
func (f Fixture) varied(i int, v voucher.Voucher) voucher.Voucher {
	if i%3 == 1 {
		v = f.split(v)
	}
	if i%3 != 2 {
		return v
	}
	return f.inForeign(v)
}

// random injects faults by chance and counts them.
func (p *Proxy) random(seed uint64, percent int, w *workers) func() map[Fault]int {
	chance := rand.New(rand.NewPCG(seed, seed))
	counts, kinds := map[Fault]int{}, Faults()
	p.Set(func(*http.Request, []byte) Fault { // Set's callers hold the lock
		if chance.IntN(100) >= percent {
			return None
		}
		if chance.IntN(100) < killed && w.kill() {
			counts[WorkerKilled]++
			return []Fault{None, DropBefore}[chance.IntN(2)]
		}
		f := kinds[chance.IntN(len(kinds))]
		counts[f]++
		return f
	})
	return func() map[Fault]int { return counts }
}

// workers are those who post, one after another: each is the process of a worker, with a
// connection of its own, and what it has in memory dies with it.
type workers struct {
	fixture Fixture

	mutex sync.Mutex
	now   *life
}

// life is one of them. What it does after its end reaches nobody.
type life struct {
	port  erp.Port
	alive context.Context //nolint:containedctx // it is the life
	end   context.CancelFunc
}

func (w *workers) start(p erp.Port) {
	alive, end := context.WithCancel(context.Background())
	w.now = &life{port: p, alive: alive, end: end}
}

// kill ends the one that is at work, and says whether another could begin.
func (w *workers) kill() bool {
	if w.fixture.Reopen == nil {
		return false
	}
	next, err := w.fixture.Reopen()
	if err != nil {
		return false
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.now.end()
	w.start(next)
	return true
}

func (w *workers) atWork() *life {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

// post tries as an activity is tried: again after Busy and Unknown, and by the next worker
// where one died of it.
func (w *workers) post(book *Book, v voucher.Voucher) error {
	end := time.Now().Add(max(patience, 2*w.fixture.Settle))
	for {
		l, f := w.atWork(), w.fixture
		f.Port = l.port
		_, err := f.PostOnce(l.alive, mortal{book, l.alive}, v)
		kind := fault.KindOf(err)
		again := kind == fault.Busy || kind == fault.Unknown || l.alive.Err() != nil
		if err == nil || !again || time.Now().After(end) {
			return err
		}
		time.Sleep(min(f.Settle/10, 300*time.Millisecond))
	}
}

// mortal is the durable book in the hands of one worker: after its end it writes no more.
type mortal struct {
	*Book

	alive context.Context //nolint:containedctx // it is the life
}

// StartAttempt records an attempt of who lives.
func (m mortal) StartAttempt(ctx context.Context, reference string, op erp.Op, after int) (erp.Attempt, error) {
	if m.alive.Err() != nil {
		return erp.Attempt{}, fault.New(fault.Busy, "attempt.taken")
	}
	return m.Book.StartAttempt(ctx, reference, op, after)
}

// FinishAttempt records an end that somebody lived to see.
func (m mortal) FinishAttempt(ctx context.Context, a erp.Attempt, class erp.Class, detail string) error {
	if m.alive.Err() == nil {
		return m.Book.FinishAttempt(ctx, a, class, detail)
	}
	return nil // the record stays open
}
