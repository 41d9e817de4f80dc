package erptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// SeedVariable names the environment variable that repeats a nemesis run.
const SeedVariable = "COUNTERSIGN_SEED"

// Nemesis books vouchers through a line that fails at random, some of them from
// two callers at once, and counts in the ERP's own books that each was posted
// exactly once.
func Nemesis(t *testing.T, f Fixture, vouchers, faultPercent int) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(SeedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("repeat with %s=%d", SeedVariable, seed)
	injected := f.Proxy.random(seed, faultPercent)
	book, references := NewBook(), make(chan string)
	var callers sync.WaitGroup
	for range max(2, vouchers/6) {
		callers.Go(func() {
			for ref := range references {
				if _, err := f.Until(context.Background(), book, f.Voucher(ref, 100+int64(len(ref)))); err != nil {
					t.Errorf("%s: %v %+v", ref, err, book.Attempts(ref))
				}
			}
		})
	}
	all := make([]string, vouchers)
	for i := range all {
		all[i] = fmt.Sprintf("v:%016x-%04d:accrual:1", seed, i)
		references <- all[i]
		if i%4 == 0 {
			references <- all[i] // a second caller, at the same time
		}
	}
	close(references)
	callers.Wait()
	f.Proxy.Set(nil)
	attempts := 0
	for _, ref := range all {
		requireCount(t, f, ref, 0, 1)
		attempts += len(book.Attempts(ref))
	}
	t.Logf("%d vouchers, each posted once; %d attempts, faults %v", vouchers, attempts, injected())
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
