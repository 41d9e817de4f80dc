package worker_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

const (
	importVariable = "COUNTERSIGN_IMPORT" // documents of the import; 300 where it is not set
	paceVariable   = "COUNTERSIGN_PACE"   // "flood": all at once, without the relay's restraint; "…equal": nor priority;
	// "backlog…": while no worker is up, so that nothing is cached and all waits in one queue
)

// TestPeopleDecideBesideAnImport starts an import through the relay, and lets people
// decide on other documents meanwhile: all of both is done. How long a decision takes
// is printed, not judged: machines differ.
func TestPeopleDecideBesideAnImport(t *testing.T) {
	size := 300
	if asked, err := strconv.Atoi(os.Getenv(importVariable)); err == nil {
		size = asked
	}
	h := newHouse(t)
	h.config.Cache = 600
	stop := h.work()
	defer func() { stop() }()
	const people = 4
	var ready []string
	for range max(40, size/8) {
		ready = append(ready, h.submit(false))
	}
	for _, id := range ready {
		h.untilAsked(id, "li")
	}
	imported := h.imported(size)
	began := time.Now()
	done := h.startImport(imported)
	if strings.HasPrefix(os.Getenv(paceVariable), "backlog") {
		stop()
		done()
		stop = h.work()
	}

	var mu sync.Mutex
	var took []time.Duration
	var next atomic.Int64
	var crowd sync.WaitGroup
	for range people {
		crowd.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(ready)*3 {
					return
				}
				person, id := []string{"li", "wu", "sun"}[i/len(ready)], ready[i%len(ready)]
				act := h.book.Commit(h.book.Decision(id, actID(), approval.Approve, person))
				asked := time.Now()
				err := h.deliver(act)
				mu.Lock()
				took = append(took, time.Since(asked))
				mu.Unlock()
				if err != nil {
					t.Errorf("decision %d after %s: %v", i, time.Since(asked), err)
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	crowd.Wait()
	decided := time.Since(began)
	left := h.unrouted(imported)
	done()
	require.Eventually(t, func() bool { return h.unrouted(imported) == 0 }, 10*time.Minute, time.Second)
	slices.Sort(took)
	t.Logf("%d imported in %s; %d decisions in %s (%d still unrouted then): p50 %s p99 %s max %s", size,
		time.Since(began).Round(time.Second), len(took), decided.Round(time.Millisecond), left,
		took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}

func (h *house) imported(size int) []string {
	ids := make([]string, size)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7()).String()
		h.book.Submit(ids[i], "EXP-2026-000001")
	}
	return ids
}

func (h *house) unrouted(ids []string) int {
	n := 0
	for _, id := range ids {
		if len(h.book.Stream(id)) < 2 {
			n++
		}
	}
	return n
}

// startImport starts the documents in the background; the answer waits for it.
func (h *house) startImport(ids []string) (wait func()) {
	var all sync.WaitGroup
	if pace := os.Getenv(paceVariable); pace != "" {
		for lane := range 8 {
			all.Go(func() {
				for i := lane; i < len(ids); i += 8 {
					_ = h.engine.Start(h.t.Context(), startOf(ids[i], !strings.HasSuffix(pace, "equal")))
				}
			})
		}
		return all.Wait
	}
	outbox := &outbox{}
	for _, id := range ids {
		outbox.starts = append(outbox.starts, store.Start(startOf(id, true)))
	}
	r := &relay.Relay{Book: outbox, Engine: h.engine, Every: 200 * time.Millisecond}
	all.Go(func() {
		for !outbox.empty() && h.t.Context().Err() == nil {
			r.Once(h.t.Context())
			time.Sleep(200 * time.Millisecond)
		}
	})
	return all.Wait
}

var _ relay.Engine = (*engine.Engine)(nil)
