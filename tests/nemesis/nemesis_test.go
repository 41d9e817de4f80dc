package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

const (
	seedVariable = "COUNTERSIGN_SEED" // repeats a run
	longVariable = "COUNTERSIGN_LONG" // 1: the long form

	clients   = 6
	thinkMost = 1200 * time.Millisecond // between two steps of a person
	calmMost  = 2 * time.Second         // between two strikes
	downMost  = 1500 * time.Millisecond // before the dead is started again
)

// size is how much a run does.
type size struct {
	documents int
	rounds    int           // each process is killed once a round
	patience  time.Duration // until all is over: what met an outage tries again within a minute
}

func sizeOf() size {
	if os.Getenv(longVariable) != "" {
		return size{documents: 400, rounds: 20, patience: 20 * time.Minute}
	}
	return size{documents: 40, rounds: 2, patience: 6 * time.Minute}
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("repeat with %s=%d", seedVariable, seed)
	return seed
}

// TestNemesis lets people work while everything is killed in turn and the ERP
// loses answers; afterwards the oracle must find nothing. The seed decides who is
// killed when and who does what; how the two meet is the machine's affair.
func TestNemesis(t *testing.T) {
	t.Parallel() // it waits more than it works
	seed, size := seedOf(t), sizeOf()
	h := house.Start(t, house.Options{Fsync: true, Settings: map[string]any{"relay.interval": "200ms"}})
	n := &nemesis{T: t, house: h, door: h.NewDoor(), seed: seed, size: size, kills: map[string]int{}, faults: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), size.patience)
	defer cancel()
	failed := n.work(ctx)
	began := time.Now()
	n.havoc()
	t.Logf("%d kills %v, ERP faults %v in %.0f s", size.rounds*len(victims), n.kills, n.faults, time.Since(began).Seconds())
	calm := time.Now()
	if err := n.untilDone(failed); err != nil {
		require.FailNow(t, "people are not done", "%v\n%s", err, h.Unfinished(t))
	}
	t.Logf("people were done %.0f s after the last strike; they repeated %d requests; outcomes %v; %d processes ended by themselves",
		time.Since(calm).Seconds(), lost.Load(), n.outcomes, n.ended)
	h.Rest(t, size.patience, true)
	told := n.door.Told()
	t.Logf("at rest %.0f s after the last strike; acknowledged %d submissions, %d acts",
		time.Since(calm).Seconds(), len(told.Submissions), len(told.Acts))
	t.Log("audit verify: " + h.VerifyAudit(t))
	t.Log("invariants:\n" + h.RequireInvariants(t, told))
}

type nemesis struct {
	*testing.T
	house *house.House
	door  *house.Door
	seed  uint64
	size  size

	kills, faults map[string]int
	ended         int // processes that nobody killed
	mu            sync.Mutex
	outcomes      map[string]int
}

var victims = []string{house.Gateway, house.Worker, house.Relay, house.Temporal, house.Postgres}

// havoc kills every process in every round, in a random order, and lets the ERP
// fail in a new way each time.
func (n *nemesis) havoc() {
	chance := rand.New(rand.NewPCG(n.seed, 0))
	for range n.size.rounds {
		for _, i := range chance.Perm(len(victims)) {
			n.house.SetFaults(n.T, n.fault(chance))
			time.Sleep(upTo(chance, calmMost))
			n.supervise()
			n.house.Kill(victims[i])
			n.kills[victims[i]]++
			time.Sleep(upTo(chance, downMost))
			n.house.Run(victims[i])
		}
	}
	n.house.SetFaults(n.T)
}

// supervise starts again what ended by itself, as whatever runs the house does.
func (n *nemesis) supervise() {
	for _, process := range []string{house.Gateway, house.Worker, house.Relay} {
		select {
		case <-n.house.Exited(process):
			n.Logf("%s ended by itself", process)
			n.ended++
			n.house.Run(process)
		default:
		}
	}
}

// untilDone supervises until the clients are done.
func (n *nemesis) untilDone(failed <-chan error) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-time.After(again):
			n.supervise()
		}
	}
}

var faultKinds = []string{"delay", "error-before", "error-after", "drop-before", "drop-after", "reset", "garbage",
	"not-found", "rate-limit"}

var faultOps = []string{"create", "post", "find"}

// fault is how the ERP fails for its next few requests.
func (n *nemesis) fault(chance *rand.Rand) sandbox.Fault {
	f := sandbox.Fault{Kind: faultKinds[chance.IntN(len(faultKinds))], Op: faultOps[chance.IntN(len(faultOps))],
		Count: 1 + chance.IntN(3), DelayMS: 200 + chance.IntN(1500)}
	if f.Kind == "not-found" {
		f.Op = "find"
	}
	n.faults[f.Kind]++
	return f
}

// upTo is a time below the most.
func upTo(chance *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(chance.Int64N(int64(most)))
}

// work has the clients take documents to their ends; one error, or nil, comes
// when all are done.
func (n *nemesis) work(ctx context.Context) <-chan error {
	n.outcomes = map[string]int{}
	numbers, done := make(chan int), make(chan error, 1)
	var all sync.WaitGroup
	var failed []error
	for range clients {
		all.Go(func() {
			for i := range numbers {
				status, err := n.story(ctx, i)
				n.mu.Lock()
				n.outcomes[status]++
				if err != nil {
					failed = append(failed, fmt.Errorf("document %d (%s): %w", i, status, err))
				}
				n.mu.Unlock()
			}
		})
	}
	go func() {
		for i := range n.size.documents {
			numbers <- i
		}
		close(numbers)
		all.Wait()
		done <- errors.Join(failed...)
	}()
	return done
}

// story is one document and the people around it.
type story struct {
	*nemesis
	ctx      context.Context //nolint:containedctx // it lives as long as the document
	chance   *rand.Rand
	key      string
	kind     string
	document string
	returned bool
	withdraw bool
	steps    int
}

// story submits a document and goes on until it is over; its last status.
func (n *nemesis) story(ctx context.Context, i int) (string, error) {
	s := &story{nemesis: n, ctx: ctx, chance: rand.New(rand.NewPCG(n.seed, uint64(i)+1)),
		key: fmt.Sprintf("story-%d", i), kind: "expense"}
	if s.chance.IntN(5) == 0 {
		s.kind = "payment_request"
	}
	s.withdraw = s.chance.IntN(12) == 0
	d, err := submit(ctx, n.door.As(n.T, "lin"), form(s.kind, s.key, s.amount()), s.key)
	if err != nil {
		return "not submitted", err
	}
	s.document = d.ID
	for {
		time.Sleep(upTo(s.chance, thinkMost))
		now, err := persist(ctx, func(ctx context.Context) (walk.Document, error) {
			return n.door.As(n.T, "audit").Document(ctx, s.document)
		})
		if err != nil {
			return d.Status, err
		}
		d = now
		switch d.Status {
		case "closed", "rejected", "withdrawn":
			return d.Status, nil
		}
		s.steps++
		if err := s.step(d); err != nil {
			return d.Status, err
		}
	}
}

func (s *story) amount() string {
	if s.chance.IntN(5) == 0 {
		return "999.99"
	}
	return fmt.Sprintf("%d.%02d", 1000+s.chance.IntN(60_000), s.chance.IntN(100))
}

// step does what one of the people around a document might do next.
func (s *story) step(d walk.Document) error {
	key := fmt.Sprintf("%s-%d", s.key, s.steps)
	switch {
	case d.Status == "parked":
		return s.act(func(ctx context.Context) (walk.Act, error) {
			return s.door.As(s.T, "chen").Resolve(ctx, "v:"+d.ID+":accrual:"+strconv.Itoa(d.Revision), "retry", "再试", key)
		})
	case d.Status == "returned":
		content := form(s.kind, s.key+" again", s.amount())
		return s.act(func(ctx context.Context) (walk.Act, error) {
			return s.door.As(s.T, "lin").Resubmit(ctx, d.ID, content, key)
		})
	case s.withdraw && d.Status == "pending":
		s.withdraw = false
		return s.act(func(ctx context.Context) (walk.Act, error) {
			return s.door.As(s.T, "lin").Withdraw(ctx, d.ID, "不需要了", key)
		})
	}
	return s.decideAll(d, key)
}

// decideAll has everybody who is asked decide at once; at most one of them wins
// where the first decision decides.
func (s *story) decideAll(d walk.Document, key string) error {
	var all sync.WaitGroup
	errs := make([]error, len(d.Tasks))
	for i, task := range d.Tasks {
		if task.State != "open" {
			continue
		}
		person := task.Assignee
		if person == "queue:admin" {
			person = "admin"
		}
		act, client := s.mood(), s.door.As(s.T, person)
		all.Go(func() {
			errs[i] = s.act(func(ctx context.Context) (walk.Act, error) {
				return client.Decide(ctx, task, act, "看过", key+person)
			})
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// mood is what somebody decides: mostly yes.
func (s *story) mood() string {
	switch n := s.chance.IntN(100); {
	case n < 5:
		return "reject"
	case n < 15 && !s.returned:
		s.returned = true
		return "return"
	}
	return "approve"
}

// act persists until there is an answer; being told that it moved on is one.
func (s *story) act(do func(context.Context) (walk.Act, error)) error {
	_, err := persist(s.ctx, do)
	var problem *walk.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusConflict {
		return nil
	}
	return err
}
