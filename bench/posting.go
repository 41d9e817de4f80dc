package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
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

	Open     func(books *server.Server) (erp.Port, error) // a connection as the product has it
	Out      io.Writer                                    // the figures
	Progress io.Writer
}

// RunPosting posts vouchers to a real Tryton by the exactly-once recipe (look, create,
// post, read back) and, in turn with it, by a bare client that creates and posts the same
// moves and asks nothing. It prints both figures, and what memory did on our side.
func RunPosting(ctx context.Context, o PostingOptions) error {
	books, err := server.Start(ctx, server.Options{Out: o.Progress})
	if err != nil {
		return err
	}
	defer func() { _ = books.Stop() }()
	port, err := o.Open(books)
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
	var ratios []float64
	for round := range o.Rounds {
		ours, err := p.round(ctx, 2*round, p.ours)
		if err != nil {
			return err
		}
		theirs, err := p.round(ctx, 2*round+1, bare.move)
		if err != nil {
			return err
		}
		ratios = append(ratios, theirs/ours)
		fmt.Fprintf(o.Out, "round %2d: ours %6.1f postings/s, bare create and post %6.1f/s, %.2f ×; heap %.1f MiB\n", round+1,
			ours, theirs, theirs/ours, heapMiB())
	}
	slices.Sort(ratios)
	fmt.Fprintf(o.Out, "posting costs %.2f × of a bare create and post (median of %d rounds of %d by %d clients)\n",
		ratios[len(ratios)/2], o.Rounds, o.Vouchers, o.Clients)
	return p.counted(ctx, books)
}

// postings is one run.
type postings struct {
	options PostingOptions
	port    erp.Port
	bare    *bare
	posted  atomic.Int64
}

// round lets the clients post and answers with how many were posted in a second.
func (p *postings) round(ctx context.Context, n int, post func(context.Context, int) error) (float64, error) {
	numbers := make(chan int)
	failed := make(chan error, p.options.Clients)
	var all sync.WaitGroup
	began := time.Now()
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
	took := time.Since(began)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(p.options.Vouchers) / took.Seconds(), nil
	}
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

// heapMiB is what is alive after a collection.
func heapMiB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
