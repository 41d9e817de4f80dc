package nemesis

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

	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/tryton/trytontest"
	"github.com/countersign/countersign/stack"
	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

const (
	documentsVariable = "COUNTERSIGN_DOCUMENTS" // another size

	bookClients = 8
	bookFaults  = 6 // of a hundred requests to Tryton

	// The most between two kills. A workflow task whose worker died comes back after ten seconds: who kills much
	// faster than that mostly kills workers that have nothing to do yet.
	bookCalmShort = 9 * time.Second
	bookCalmLong  = 25 * time.Second

	calmGrows     = 4 // by a fourth
	bookHundred   = 100
	bookNearly    = 90 // of a hundred
	bookDownMost  = time.Second
	bookPatience  = 15 * time.Minute // on a loaded machine
	bookLongest   = 50 * time.Minute // the long form there
	bookQuietMost = 15 * time.Minute // from the last fault until all is booked
)

// TestRealBooks lets people approve documents while the line to a real Tryton cuts
// answers at random and the worker is killed, and counts in Tryton's own database
// that each is booked once and balances. Both sides agree then; what is planted by
// hand is found, all of it and nothing else. 千单
func TestRealBooks(t *testing.T) {
	t.Parallel() // it waits more than it works
	if os.Getenv(trytontest.OffVariable) == "off" {
		t.Skip(trytontest.OffVariable + "=off")
	}
	b := &books{T: t, seed: seedOf(t), documents: booksOf(t), faults: map[conformance.Fault]int{}}
	b.house = house.Start(t, house.Options{ERP: stack.Tryton, Edge: b.edge, Settings: map[string]any{
		"relay.interval": "200ms", "inbound.sources": billSource()}})
	b.door = b.house.NewDoor()
	ctx, cancel := context.WithTimeout(t.Context(), patience(bookPatience, bookLongest))
	defer cancel()
	b.postBill(ctx)
	began := time.Now()
	b.cut()
	b.approveAll(ctx)
	kills := b.killWorkers(ctx)
	b.proxy.Set(nil)
	t.Logf("%d documents in %.0f s; the worker was killed %d times; faults on the line: %v of %d requests",
		b.documents, time.Since(began).Seconds(), kills, b.faults, b.proxy.Requests())
	b.closeAll(ctx)
	b.house.Rest(t, bookQuietMost, true)
	t.Logf("all booked and at rest %.0f s after the beginning", time.Since(began).Seconds())
	b.countInTryton()
	t.Log("audit verify: " + b.house.VerifyAudit(t))
	t.Log("invariants:\n" + b.house.RequireInvariants(t, b.door.Told()))
	b.reconcile(ctx)
	b.oneBill(ctx)
}

// books is one run against Tryton.
type books struct {
	*testing.T
	house     *house.House
	door      *house.Door
	proxy     *conformance.Proxy
	seed      uint64
	documents int

	clients sync.WaitGroup
	faults  map[conformance.Fault]int // the proxy picks one at a time
	mu      sync.Mutex
	ids     []string // of the documents
	due     string   // the day of the supplier's bill
}

func booksOf(t *testing.T) int {
	if text := os.Getenv(documentsVariable); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	if os.Getenv(longVariable) != "" {
		return 1000
	}
	return 24
}

// edge stands between the product and Tryton.
func (b *books) edge(url string) string {
	var err error
	b.proxy, err = conformance.NewProxy(url, http.DefaultTransport)
	require.NoError(b, err)
	b.Cleanup(b.proxy.Close)
	return b.proxy.URL
}

// cut has requests fail by chance: before they arrive, after they were carried
// out, in the middle of the answer.
func (b *books) cut() {
	chance, kinds := rand.New(rand.NewPCG(b.seed, 1)), conformance.Faults()
	b.proxy.Set(func(*http.Request, []byte) conformance.Fault { // one at a time
		if chance.IntN(bookHundred) >= bookFaults {
			return conformance.None
		}
		f := kinds[chance.IntN(len(kinds))]
		b.faults[f]++
		return f
	})
}

// approveAll begins to have people submit and approve.
func (b *books) approveAll(ctx context.Context) {
	numbers := make(chan int)
	for range bookClients {
		b.clients.Go(func() {
			for i := range numbers {
				if err := b.approve(ctx, i); err != nil {
					b.Errorf("document %d: %v", i, err)
				}
			}
		})
	}
	go func() {
		for i := range b.documents {
			numbers <- i
		}
		close(numbers)
	}()
}

func (b *books) approve(ctx context.Context, i int) error {
	key := fmt.Sprintf("book-%d", i)
	amount := fmt.Sprintf("%d.%02d", 1000+i, i%100)
	d, err := submit(ctx, b.door.As(b.T, "lin"), form("expense", key, amount), key)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.ids = append(b.ids, d.ID)
	b.mu.Unlock()
	for _, person := range []string{"wang", "zhao", "liu"} {
		if _, err := decide(ctx, b.door.As(b.T, person), d.ID, "approve", key+person); err != nil {
			return fmt.Errorf("%s: %w", person, err)
		}
	}
	return nil
}

// killWorkers kills the worker until nearly all is booked, or given up and with finance:
// the last ones then come to rest undisturbed.
func (b *books) killWorkers(ctx context.Context) int {
	b.Helper()
	chance, calm := rand.New(rand.NewPCG(b.seed, 2)), bookCalmShort
	if b.documents > bookHundred {
		calm = bookCalmLong
	}
	kills := killWorkers(ctx, b.T, b.house, chance, calm, func(_, ended int) bool {
		return ended*bookHundred >= b.documents*bookNearly
	})
	awaitClients(b.T, b.house, &b.clients)
	return kills
}

// killWorkers kills the worker again and again, until it is enough for so many documents
// that are booked or were given up. What was given up waits for finance: nobody books it
// however long the killing goes on. Where a kill found nothing more ended than the one
// before, the next one comes later: on a machine so busy that a worker needs that long to
// start, nothing would ever end.
func killWorkers(ctx context.Context, t *testing.T, h *house.House, chance *rand.Rand, calm time.Duration,
	enough func(kills, ended int) bool) int {
	t.Helper()
	before := 0
	for kills := 1; ; kills++ {
		time.Sleep(upTo(chance, calm))
		h.Kill(house.Worker)
		time.Sleep(upTo(chance, bookDownMost))
		h.Run(house.Worker)
		if ctx.Err() != nil {
			require.FailNow(t, "it never ends", "the worker was killed %d times, last within %s\n%s", kills, calm, h.Unfinished(t))
		}
		var ended int
		require.NoError(t, h.Database(t).QueryRowContext(t.Context(),
			`SELECT count(*) FROM documents WHERE status IN ('posted', 'closed', 'parked')`).Scan(&ended))
		if enough(kills, ended) {
			return kills
		}
		if ended == before {
			calm += calm / calmGrows
		}
		before = ended
	}
}

// awaitClients waits for the people, and tells what keeps them where one gave up.
func awaitClients(t *testing.T, h *house.House, clients *sync.WaitGroup) {
	t.Helper()
	clients.Wait()
	if t.Failed() {
		require.FailNow(t, "people are not done", h.Unfinished(t))
	}
}

// patience is that of the form that runs.
func patience(short, long time.Duration) time.Duration {
	if os.Getenv(longVariable) != "" {
		return long
	}
	return short
}

// closeAll waits until every document is closed; finance has the ones tried again
// whose posting was given up meanwhile.
func (b *books) closeAll(ctx context.Context) {
	b.Helper()
	parked := 0
	for _, id := range b.ids {
		for n := 0; ; n++ {
			d, err := b.house.As("audit").Await(ctx, id, func(d walk.Document) bool {
				return d.Status == "closed" || d.Status == "parked"
			})
			require.NoError(b, err, "%s", id)
			if d.Status == "closed" {
				break
			}
			parked++
			key := fmt.Sprintf("retry-%s-%d", id, n)
			_, err = b.door.As(b.T, "chen").Resolve(ctx, "v:"+id+":accrual:1", "retry", "再试", key)
			require.NoError(b, err)
		}
	}
	b.Logf("%d times finance had a posting tried again", parked)
}

// countInTryton counts past our connector: one posted move a document, each of its
// amount, each balanced, nothing else.
func (b *books) countInTryton() {
	b.Helper()
	posted, err := b.house.Stack.Tryton.PostedMoves(b.Context(), "")
	require.NoError(b, err)
	drafts, err := b.house.Stack.Tryton.DraftMoves(b.Context(), "")
	require.NoError(b, err)
	require.Empty(b, drafts)
	require.Len(b, posted, b.documents)
	amounts := map[string]string{}
	for _, id := range b.ids {
		var minor int64
		require.NoError(b, b.house.Database(b.T).QueryRowContext(b.Context(),
			`SELECT base_minor FROM documents WHERE id = $1 AND status = 'closed'`, id).Scan(&minor))
		amounts["v:"+id+":accrual:1"] = fmt.Sprintf("%d.%02d", minor/100, minor%100)
	}
	require.Len(b, amounts, b.documents)
	for _, m := range posted {
		require.Equal(b, m.Debit, m.Credit, "%s is balanced", m.Reference)
		require.Equal(b, amounts[m.Reference], m.Debit, "%s is ours, once, with its amount", m.Reference)
		delete(amounts, m.Reference)
	}
	require.Empty(b, amounts)
	b.Logf("Tryton's database: %d posted moves, %d references, each balanced, no draft", len(posted), b.documents)
}
