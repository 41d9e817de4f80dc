package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Nemesis books vouchers through a line that fails at random, some of them from
// two callers at once, and counts in the ERP's own books that each was posted
// exactly once. It returns what it did, in a line.
func Nemesis(t T, f Fixture, vouchers, faultPercent int, seed uint64) string {
	injected := f.Proxy.random(seed, faultPercent)
	book, references, failures := NewBook(), make(chan string), make(chan error, 2*vouchers)
	var callers sync.WaitGroup
	for range max(2, vouchers/6) {
		callers.Go(func() {
			for ref := range references {
				if _, err := f.Until(context.Background(), book, f.Voucher(ref, 100+int64(len(ref)))); err != nil {
					failures <- fmt.Errorf("%s: %w %+v", ref, err, book.Attempts(ref))
				}
			}
		})
	}
	all := make([]string, vouchers)
	for i := range all {
		all[i] = fmt.Sprintf("%s%016x-%04d:accrual:1", Prefix, seed, i)
		references <- all[i]
		if i%4 == 0 {
			references <- all[i] // a second caller, at the same time
		}
	}
	close(references)
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
