// Package bench measures Countersign beside the bare Temporal floor: the same
// flow written by hand, on the same server, in the same run.
package bench

import (
	"slices"
	"sync"
	"time"
)

// timings collects how long the people of a run waited. Safe for concurrent use.
type timings struct {
	mu      sync.Mutex
	submits []time.Duration
	decides []time.Duration
}

func (t *timings) submitted(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.submits = append(t.submits, d)
}

func (t *timings) decided(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.decides = append(t.decides, d)
}

// percentile returns the value that p hundredths do not exceed (nearest rank); zero for none.
func percentile(sample []time.Duration, p int) time.Duration {
	if len(sample) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(sample))
	return sorted[(len(sorted)*p+99)/100-1]
}
