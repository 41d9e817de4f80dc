package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

const (
	stormDeciders = 3
	stormRepeated = 200 // rows that are brought once more
	stormThink    = 500 * time.Millisecond
)

// TestImportStorm brings thousands of documents while people decide others. How
// long a decision takes is printed, not judged: machines differ. None is lost.
func TestImportStorm(t *testing.T) {
	rows := 500
	if os.Getenv(longVariable) != "" {
		rows = 5000
	}
	h := house.Start(t, house.Options{Fsync: true, Settings: map[string]any{"relay.interval": "200ms"}})
	s := &storm{T: t, house: h, door: h.NewDoor()}
	calm, stop := context.WithTimeout(t.Context(), 3*time.Second)
	s.decideUntil(calm, "calm")
	stop()
	t.Log("calm:  " + s.took())

	ctx, cancel := context.WithTimeout(t.Context(), restPatience)
	defer cancel()
	var deciding sync.WaitGroup
	deciding.Go(func() { s.decideUntil(ctx, "storm") })
	began := time.Now()
	lines := importLines("storm", rows)
	id := s.bring("storm", lines)
	s.follow(id, rows)
	t.Logf("%d rows submitted in %.1f s", rows, time.Since(began).Seconds())
	require.Equal(t, id, s.bring("storm", lines), "the same key is the same import")
	s.untilAsked(rows)
	t.Logf("%d documents routed and waiting after %.1f s", rows, time.Since(began).Seconds())
	cancel()
	deciding.Wait()
	t.Log("storm: " + s.took())

	again := s.bring("again", importLines("storm", stormRepeated))
	s.follow(again, stormRepeated)
	require.Equal(t, rows, s.count(`SELECT count(*) FROM documents WHERE title LIKE 'storm %'`), "no row twice")
	h.Rest(t, restPatience, true)
	require.Equal(t, len(s.finished), s.count(`SELECT count(*) FROM documents WHERE status = 'closed'`), "no decision was lost")
	t.Log("audit verify: " + h.VerifyAudit(t))
	t.Log("invariants:\n" + h.RequireInvariants(t, s.door.Told()))
}

type storm struct {
	*testing.T
	house *house.House
	door  *house.Door

	mu        sync.Mutex
	decisions []time.Duration
	routes    []time.Duration // from the submission until somebody is asked
	finished  []string
}

func importLines(run string, rows int) []byte {
	var text bytes.Buffer
	for i := range rows {
		line, _ := json.Marshal(map[string]any{"key": fmt.Sprintf("%s-%d", run, i), "type": "expense", // it can be written
			"title": fmt.Sprintf("%s %d", run, i), "requester": "lin", "lines": []walk.Line{{Category: "meals",
				Date: "2026-11-02", Amount: walk.Money{Amount: "1200.00", Currency: "CNY"}}}})
		text.Write(append(line, '\n'))
	}
	return text.Bytes()
}

func (s *storm) count(query string) int {
	s.Helper()
	var n int
	require.NoError(s, s.house.Database(s.T).QueryRow(query).Scan(&n)) //nolint:noctx // the test's own limit holds
	return n
}

// bring hands an import over, and answers with its id.
func (s *storm) bring(key string, lines []byte) string {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.house.URL+"/api/v1/imports", bytes.NewReader(lines))
	require.NoError(s, err)
	request.Header.Set("Authorization", "Bearer "+s.house.Tokens["wang"])
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(s, http.StatusAccepted, response.StatusCode)
	var taken struct {
		ID string `json:"id"`
	}
	require.NoError(s, json.NewDecoder(response.Body).Decode(&taken))
	return taken.ID
}

// follow watches an import to its end; its progress must be seen on the way.
func (s *storm) follow(id string, rows int) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), restPatience)
	defer cancel()
	var seen []int
	for {
		var far struct {
			State  string `json:"state"`
			Done   int    `json:"done"`
			Failed int    `json:"failed"`
		}
		_, err := s.house.As("wang").Call(ctx, http.MethodGet, "/imports/"+id, "", nil, &far)
		require.NoError(s, err, "%v of %d", seen, rows)
		require.Zero(s, far.Failed)
		if len(seen) == 0 || far.Done != seen[len(seen)-1] {
			seen = append(seen, far.Done)
		}
		if far.State == "done" {
			break
		}
		time.Sleep(again)
	}
	require.True(s, slices.IsSorted(seen), "it never goes back: %v", seen)
	require.Equal(s, rows, seen[len(seen)-1])
	if rows > stormRepeated {
		require.Greater(s, len(seen), 3, "progress is visible: %v", seen)
	}
}

// untilAsked waits until every imported document asks somebody.
func (s *storm) untilAsked(rows int) {
	s.Helper()
	deadline := time.Now().Add(restPatience)
	for s.count(`SELECT count(*) FROM documents WHERE title LIKE 'storm %' AND status = 'pending'`) < rows {
		require.True(s, time.Now().Before(deadline), "the imported documents are not routed")
		time.Sleep(2 * again)
	}
}

// decideUntil takes documents from submission to their end, until ctx is over;
// what was begun is ended.
func (s *storm) decideUntil(ctx context.Context, run string) {
	var all sync.WaitGroup
	for n := range stormDeciders {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				time.Sleep(stormThink)
				if err := s.one(fmt.Sprintf("%s-%d-%d", run, n, i)); err != nil {
					s.Errorf("%s: %v", run, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// one takes one document through its three decisions.
func (s *storm) one(key string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), restPatience)
	defer cancel()
	d, err := submit(ctx, s.door.As(s.T, "lin"), form("expense", "decided "+key, "1200.00"), key)
	if err != nil {
		return err
	}
	submitted := time.Now()
	for i, person := range []string{"wang", "zhao", "liu"} {
		client := s.door.As(s.T, person)
		task, err := taskOn(ctx, client, d.ID)
		if err != nil {
			return err
		}
		began := time.Now()
		_, err = persist(ctx, func(ctx context.Context) (walk.Act, error) {
			return client.Decide(ctx, task, "approve", "", key+person)
		})
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.decisions = append(s.decisions, time.Since(began))
		if i == 0 {
			s.routes = append(s.routes, began.Sub(submitted))
		}
		s.mu.Unlock()
	}
	_, err = s.door.As(s.T, "lin").Await(ctx, d.ID, func(d walk.Document) bool { return d.Status == "closed" })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = append(s.finished, d.ID)
	return err
}

// took says how long decisions and routes took since it was last asked.
func (s *storm) took() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("%d decisions p50 %v p99 %v; from submission to being asked p50 %v p99 %v", len(s.decisions),
		quantile(s.decisions, 50), quantile(s.decisions, 99), quantile(s.routes, 50), quantile(s.routes, 99))
	s.decisions, s.routes = nil, nil
	return text
}

func quantile(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*percent/100)].Round(time.Millisecond)
}
