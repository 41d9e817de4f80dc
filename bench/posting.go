package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// PostingOptions say how much is posted.
type PostingOptions struct {
	Vouchers int // of each side and round
	Clients  int // at once
	Rounds   int // ours and the bare client in turn, so often

	Open     func(ctx context.Context, books *server.Server) (erp.Port, error) // a connection as the product has it
	Out      io.Writer                                                         // the figures
	Progress io.Writer
}

// RunPosting posts vouchers to a real Tryton by the exactly-once recipe (look, create,
// post, read back) and, in turn with it, by a bare client that creates and posts the same
// moves and asks nothing. It prints both figures, what both cost the ERP, and what memory
// did on our side.
func RunPosting(ctx context.Context, o PostingOptions) error {
	books, err := server.Start(ctx, server.Options{Out: o.Progress})
	if err != nil {
		return err
	}
	defer func() { _ = books.Stop() }()
	port, err := o.Open(ctx, books)
	if err != nil {
		return err
	}
	bare, err := newBare(ctx, books)
	if err != nil {
		return err
	}
	p := &postings{options: o, port: port, bare: bare}
	for _, one := range []func(context.Context, int) error{p.ours, bare.move} { // codes are looked up once
		if err := one(ctx, -1); err != nil {
			return err
		}
	}
	if err := p.rounds(ctx, books); err != nil {
		return err
	}
	return p.counted(ctx, books)
}

// postings is one run.
type postings struct {
	options PostingOptions
	port    erp.Port
	bare    *bare
	posted  atomic.Int64
}

// rounds posts by both in turn, and says what came of it. Which goes first changes: the
// books grow on the way.
func (p *postings) rounds(ctx context.Context, books *server.Server) error {
	var speeds, costs []float64
	for n := range p.options.Rounds {
		sides := []func(context.Context, int) error{p.ours, p.bare.move}
		var took [2]paid
		for turn := range sides {
			i := (turn + n) % len(sides)
			var err error
			if took[i], err = p.round(ctx, books, 2*n+i, sides[i]); err != nil {
				return err
			}
		}
		ours, theirs := took[0], took[1]
		speeds, costs = append(speeds, theirs.speed/ours.speed), append(costs, ours.cpu/theirs.cpu)
		memory, err := memoryNow()
		if err != nil {
			return err
		}
		fmt.Fprintf(p.options.Out, "round %2d: ours %s; bare create and post %s; %.2f × the time, %.2f × the ERP's CPU; %s\n",
			n+1, ours, theirs, theirs.speed/ours.speed, ours.cpu/theirs.cpu, memory)
	}
	slices.Sort(speeds)
	slices.Sort(costs)
	fmt.Fprintf(p.options.Out, "posting costs %.2f × of a bare create and post, and %.2f × of the ERP's CPU "+
		"(medians of %d rounds of %d by %d clients)\n", speeds[len(speeds)/2], costs[len(costs)/2], p.options.Rounds,
		p.options.Vouchers, p.options.Clients)
	return nil
}

// paid is what a round cost.
type paid struct {
	speed float64 // postings a second
	cpu   float64 // of the ERP and its database, in ms a posting
}

func (p paid) String() string {
	return fmt.Sprintf("%.1f/s (%.1f ms of the ERP's CPU each)", p.speed, p.cpu)
}

// round lets the clients post and answers with what it cost.
func (p *postings) round(
	ctx context.Context, books *server.Server, n int, post func(context.Context, int) error,
) (paid, error) {
	before, err := cpuOfBooks(books)
	if err != nil {
		return paid{}, err
	}
	began := time.Now()
	if err := p.all(ctx, n, post); err != nil {
		return paid{}, err
	}
	took := time.Since(began)
	after, err := cpuOfBooks(books)
	return paid{speed: float64(p.options.Vouchers) / took.Seconds(),
		cpu: (after - before).Seconds() * 1000 / float64(p.options.Vouchers)}, err
}

// all lets the clients post the vouchers of round n.
func (p *postings) all(ctx context.Context, n int, post func(context.Context, int) error) error {
	numbers := make(chan int)
	failed := make(chan error, p.options.Clients)
	var all sync.WaitGroup
	for range p.options.Clients {
		all.Go(func() {
			for i := range numbers {
				if err := post(ctx, i); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for i := range p.options.Vouchers {
		numbers <- n*p.options.Vouchers + i
	}
	close(numbers)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// cpuOfBooks is what Tryton and its PostgreSQL used so far.
func cpuOfBooks(books *server.Server) (time.Duration, error) {
	var all time.Duration
	pids, err := books.PIDs()
	for _, pid := range pids {
		used, other := cpuOf(pid)
		all, err = all+used, errors.Join(err, other)
	}
	return all, err
}

// ours posts one voucher as the product does.
func (p *postings) ours(ctx context.Context, i int) error {
	amount := money.Amount{Minor: int64(10_000 + i), Currency: "CNY"}
	v := voucher.Voucher{
		Reference: fmt.Sprintf("v:bench-%d:accrual:1", i), Date: today(), Journal: "EXP",
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: amount, Base: amount, Text: "taxi"},
			{Side: voucher.Credit, Account: "2202", Amount: amount, Base: amount, Text: "taxi", Party: "lin"},
		},
	}
	_, err := erp.PostOnce(ctx, erp.PostInput{Port: p.port, Voucher: v, Book: &lastOnly{}, Now: time.Now})
	if err == nil {
		p.posted.Add(1)
	}
	return err
}

// counted holds the run against Tryton's own database.
func (p *postings) counted(ctx context.Context, books *server.Server) error {
	moves, err := books.PostedMoves(ctx, "")
	if err != nil {
		return err
	}
	if int64(len(moves)) != p.posted.Load() {
		return fmt.Errorf("%d moves are posted in Tryton, %d were said to be", len(moves), p.posted.Load())
	}
	return nil
}

// lastOnly is the attempt book of one voucher, in memory: our own database is not
// measured here.
type lastOnly struct{ last erp.Attempt }

// LastAttempt is the newest attempt.
func (b *lastOnly) LastAttempt(context.Context, string) (erp.Attempt, error) { return b.last, nil }

// StartAttempt keeps one.
func (b *lastOnly) StartAttempt(_ context.Context, reference string, op erp.Op, after int) (erp.Attempt, error) {
	b.last = erp.Attempt{Reference: reference, No: after + 1, Op: op, StartedAt: time.Now()}
	return b.last, nil
}

// FinishAttempt keeps how it ended.
func (b *lastOnly) FinishAttempt(_ context.Context, _ erp.Attempt, class erp.Class, _ string) error {
	b.last.Class = class
	return nil
}

func today() string { return time.Now().UTC().Format(time.DateOnly) }
