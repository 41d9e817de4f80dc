// Package journal keeps what was said to ERPs and what they answered, without the
// secrets, and never at the cost of a posting.
//
//	adapter ─▶ port.Recorder ─▶ room for so many ─▶ redacted, in batches ─▶ Keep
//	                              └─ full: dropped, and counted
//
// It is a log for people, not evidence: what was sent is on record before the socket
// in the attempts of the effect, whether or not there is a line here.
package journal

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// Entry is one exchange as it is kept.
type Entry struct {
	Connection, Adapter, Op               string
	Document, Reference, Entity           string
	Attempt                               int
	StartedAt                             time.Time
	Took                                  time.Duration
	Status                                int
	Class, Code, Method, Path             string
	SentBytes, GotBytes                   int64
	SentSum, GotSum, SentExcerpt, Excerpt string
}

const (
	defaultRoom  = 512 // at most 2 × 16 KiB each
	defaultBatch = 100
	defaultEvery = time.Second

	keepTimeMax = 5 * time.Second
)

// Options say how a journal keeps.
type Options struct {
	Keep  func(context.Context, []Entry) error // one batch, in one statement
	Room  int                                  // exchanges that may wait; 0 = 512
	Batch int                                  // of one write; 0 = 100
	Every time.Duration                        // between writes; 0 = 1 s
}

// Journal takes exchanges and keeps them a little later.
type Journal struct {
	options Options
	waiting chan port.Exchange
	dropped atomic.Int64
	metrics *metrics
}

// New makes a journal. Run has to run for anything to be kept.
func New(o Options) *Journal {
	if o.Room <= 0 {
		o.Room = defaultRoom
	}
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	j := &Journal{options: o, waiting: make(chan port.Exchange, o.Room)}
	j.metrics = newMetrics(j)
	return j
}

// Record takes an exchange, or drops it where there is no room. It never waits: it is
// called on the way of a posting.
func (j *Journal) Record(x port.Exchange) {
	j.metrics.observe(x)
	select {
	case j.waiting <- x:
	default:
		j.dropped.Add(1)
	}
}

// Dropped is how many exchanges were not kept since the journal was made.
func (j *Journal) Dropped() int64 { return j.dropped.Load() }

// Run keeps what comes until ctx ends, then what is left, and returns.
func (j *Journal) Run(ctx context.Context) {
	tick := time.NewTicker(j.options.Every)
	defer tick.Stop()
	var batch []Entry
	for {
		select {
		case x := <-j.waiting:
			if batch = append(batch, Redacted(x)); len(batch) >= j.options.Batch {
				batch = j.keep(ctx, batch)
			}
		case <-tick.C:
			batch = j.keep(ctx, batch)
		case <-ctx.Done():
			j.drain(ctx, batch)
			return
		}
	}
}

// keep writes a batch and answers with what is left of it. What could not be written
// waits for the next time, and is dropped where more has come meanwhile than there is
// room for.
func (j *Journal) keep(ctx context.Context, batch []Entry) []Entry {
	if len(batch) == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeMax)
	defer cancel()
	err := j.options.Keep(bounded, batch)
	if err == nil {
		return nil
	}
	slog.Warn("exchanges with an ERP were not kept", "exchanges", len(batch), "error", err)
	if len(batch) < j.options.Batch {
		return batch
	}
	j.dropped.Add(int64(len(batch)))
	return nil
}

// drain keeps what waits when everything else has come to its end.
func (j *Journal) drain(ctx context.Context, batch []Entry) {
	for {
		select {
		case x := <-j.waiting:
			if batch = append(batch, Redacted(x)); len(batch) >= j.options.Batch {
				batch = j.keep(ctx, batch)
			}
		default:
			j.dropped.Add(int64(len(j.keep(ctx, batch))))
			return
		}
	}
}
