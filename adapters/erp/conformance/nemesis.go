package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/countersign/countersign/domain/voucher"
)

// Nemesis books vouchers through a line that fails at random, some of them from
// two callers at once, and counts in the ERP's own books that each was posted
// exactly once. It returns what it did, in a line.
func Nemesis(t T, f Fixture, vouchers, faultPercent int, seed uint64) string {
	injected := f.Proxy.random(seed, faultPercent)
	book, wanted, failures := NewBook(), make(chan voucher.Voucher), make(chan error, 2*vouchers)
	var callers sync.WaitGroup
	for range max(2, vouchers/6) {
		callers.Go(func() {
			for v := range wanted {
				if _, err := f.Until(context.Background(), book, v); err != nil {
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
	return fmt.Sprintf("%d vouchers, each posted once; %d attempts, faults %v", vouchers, attempts, injected())
}

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
func (p *Proxy) random(seed uint64, percent int) func() map[Fault]int {
	chance := rand.New(rand.NewPCG(seed, seed))
	counts, kinds := map[Fault]int{}, Faults()
	p.Set(func(*http.Request, []byte) Fault { // Set's callers hold the lock
		if chance.IntN(100) >= percent {
			return None
		}
		f := kinds[chance.IntN(len(kinds))]
		counts[f]++
		return f
	})
	return func() map[Fault]int { return counts }
}
