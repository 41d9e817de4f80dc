// Package relay brings what lies in PostgreSQL to where it belongs: submitted
// documents and undelivered acts to Temporal, notices to people, events to other systems.
//
// Everything it does was promised by a committed row, is safe to repeat, and is
// tried for ever. Several relays may run: rows are claimed with SKIP LOCKED.
package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

const (
	defaultEvery = time.Second

	// roundEvery is how often a lane goes to all its queues, whatever the look at them says:
	// some of what it does is asked by the clock alone.
	roundEvery = 5 * time.Second

	actsBatch    = 100
	startsBatch  = 50
	tellsBatch   = 100
	noticesBatch = 100

	// proposalsEvery is how often proposals are looked at: their lives are days.
	proposalsEvery = 20 * time.Second

	// Each lane works on few rows at once: Temporal accepts starts faster than
	// workers take them up, and the queue between is where decisions would wait.
	actsAtOnce    = 8
	startsAtOnce  = 4
	tellsAtOnce   = 4
	noticesAtOnce = 4

	// backlogMax is how many workflow tasks may wait for a worker before starts
	// of an import are held back.
	// But a batch of them goes ahead every so often all the same.
	backlogMax      = 100
	backlogPatience = 5 * time.Second

	callTimeMax   = 10 * time.Second
	noticeTimeMax = 30 * time.Second
	claimTimeMax  = 15 * time.Second
)

// Relay drains the queues of the store.
type Relay struct {
	Book    Book
	Engine  Engine
	Courier Courier       // nil = notices wait
	Every   time.Duration // between looks at what waits; 0 = 1 s
	Batch   int           // rows of one claim, at most; 0 = as many as a lane stands
	Logger  *slog.Logger  // nil = slog.Default
	Count   Counters
	Books   Books // the connections to ERPs that are looked after

	Webhooks *Webhooks // nil = no other system is told anything

	started time.Time // when starts last went ahead; only the lane of documents looks
	looked  time.Time // when proposals were last looked at; the same
	watched time.Time // when the connections to ERPs were; the same
}

// batch is how many rows one claim takes: what was set, but never more than the
// lane stands.
func (r *Relay) batch(most int) int {
	if r.Batch > 0 && r.Batch < most {
		return r.Batch
	}
	return most
}

// Book is the part of the store that the relay drains.
type Book interface {
	Due(ctx context.Context, webhooks bool) (store.Due, error)
	ClaimStarts(ctx context.Context, limit int) ([]store.Start, error)
	StartDone(ctx context.Context, document string) error
	StartOf(ctx context.Context, document string) (store.Start, error)
	ClaimReversals(ctx context.Context, limit int) ([]store.ReversalStart, error)
	SpreadChanges(ctx context.Context, limit int) (int, error)
	ClaimTellings(ctx context.Context, limit int) ([]store.Telling, error)
	TellingDone(ctx context.Context, t store.Telling) error
	TellProposals(ctx context.Context, limit int) (int, error)
	TellGrants(ctx context.Context, limit int) (int, error)
	ClaimActs(ctx context.Context, limit int) ([]store.ActRef, error)
	ActsDelivered(ctx context.Context, ids []string) error
	RefuseAct(ctx context.Context, id string, o approval.Outcome) (approval.Outcome, error)
}

var _ Book = (*store.Store)(nil)

// Engine is where documents and acts go.
type Engine interface {
	Start(ctx context.Context, in engine.StartRequest) error
	Reverse(ctx context.Context, in engine.ReversalStart) error
	Signal(ctx context.Context, document, act string) error
	Tell(ctx context.Context, t engine.Telling) error
	Backlog(ctx context.Context) (int64, error)
}

// Courier tells people what they are owed.
type Courier interface {
	// Round tells one batch. What failed is tried again later.
	Round(ctx context.Context, limit int) Told
}

// Told is what came of one batch.
type Told struct {
	Delivered int  // notices
	Failed    int  // messages
	More      bool // there may be more at once
}

// lane is some of the queues, drained one after another, beside the other lanes.
type lane struct {
	due   func(store.Due) bool // whether something lies in them
	drain func(context.Context) (more bool)
	wake  chan struct{}
}

func (r *Relay) lanes() []lane {
	all := []lane{{due: store.Due.Documents, drain: r.drainDocuments}}
	if r.Courier != nil {
		all = append(all, lane{due: func(d store.Due) bool { return d.Notices }, drain: r.drainNotices})
	}
	if r.Webhooks != nil {
		all = append(all, lane{due: func(d store.Due) bool { return d.Webhooks }, drain: r.drainWebhooks})
	}
	for i := range all {
		all[i].wake = make(chan struct{}, 1)
	}
	return all
}

// Run drains until ctx ends, then finishes what is in hand.
func (r *Relay) Run(ctx context.Context) error {
	var working sync.WaitGroup
	lanes := r.lanes()
	for _, l := range lanes {
		working.Go(func() { r.loop(ctx, l) })
	}
	for pause(ctx, r.every()) {
		r.look(ctx, lanes)
	}
	working.Wait()
	return nil
}

// look wakes the lanes in whose queues something lies.
func (r *Relay) look(ctx context.Context, lanes []lane) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeMax)
	defer cancel()
	due, err := r.Book.Due(ctx, r.Webhooks != nil)
	if ctx.Err() == nil {
		r.report(err, "what waits was not looked at")
	}
	for _, l := range lanes {
		if err == nil && l.due(due) {
			select {
			case l.wake <- struct{}{}:
			default: // it was woken, and will look when it has done what it does
			}
		}
	}
}

// Once drains every queue until it is empty or nothing moves; tests and
// operators call it.
func (r *Relay) Once(ctx context.Context) {
	for _, l := range r.lanes() {
		for ctx.Err() == nil && l.drain(ctx) {
			continue
		}
	}
}

// loop drains until there is nothing left, then waits to be woken, or for its next round.
func (r *Relay) loop(ctx context.Context, l lane) {
	for ctx.Err() == nil {
		if l.drain(ctx) {
			continue
		}
		round := time.NewTimer(jittered(max(r.every(), roundEvery)))
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-round.C:
		}
		round.Stop()
	}
}

func (r *Relay) every() time.Duration {
	if r.Every <= 0 {
		return defaultEvery
	}
	return r.Every
}

// drainDocuments takes one batch of acts, and starts only when no act is left:
// a decision must not wait behind an import, nor behind what the world has to tell
// ten thousand documents. It says whether to go on at once.
func (r *Relay) drainDocuments(ctx context.Context) bool {
	if r.drainActs(ctx) {
		return true
	}
	if r.congested(ctx) {
		return false
	}
	told := r.drainTellings(ctx)
	told = r.tellProposals(ctx) || told
	told = r.drainReversals(ctx) || told
	told = r.watchBooks(ctx) || told
	return r.drainStarts(ctx) || told
}

func (r *Relay) drainActs(ctx context.Context) bool {
	acts, ok := claim(ctx, r, "acts", r.batch(actsBatch), r.Book.ClaimActs)
	if !ok {
		return false
	}
	var mu sync.Mutex
	var delivered []string
	each(acts, actsAtOnce, func(act store.ActRef) {
		if r.signal(ctx, act) {
			mu.Lock()
			defer mu.Unlock()
			delivered = append(delivered, act.ID)
		}
	})
	err := r.Book.ActsDelivered(context.WithoutCancel(ctx), delivered)
	r.report(err, "the delivery of acts was not written", "acts", len(delivered))
	return len(acts) == r.batch(actsBatch)
}

// signal tells the document, and says whether Temporal has it now: a signal it accepted
// is not lost. Where the document is closed nobody will ever judge the act, so its
// outcome is written here.
func (r *Relay) signal(ctx context.Context, act store.ActRef) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeMax)
	defer cancel()
	err := r.Engine.Signal(ctx, act.Document, act.ID)
	crash.At("act.signalled")
	if f, ok := fault.As(err); ok && f.Code == engine.CodeFinal {
		_, err = r.Book.RefuseAct(ctx, act.ID, approval.Outcome{Code: f.Code, Kind: string(f.Kind), Args: f.Args})
	}
	if fault.CodeOf(err) == unattended {
		err = r.startAgain(ctx, act.Document)
	}
	r.Count.done(&r.Count.acts, err)
	r.report(err, "an act was not delivered", "act", act.ID, "document", act.Document)
	return err == nil
}

// unattended says that the record holds the document open while its workflow is over.
const unattended = "document.unattended"

// startAgain gives a workflow back to a document whose own was terminated. The
// act stays in the inbox and is delivered to it on its next turn.
func (r *Relay) startAgain(ctx context.Context, document string) error {
	start, err := r.Book.StartOf(ctx, document)
	if err != nil {
		return err
	}
	err = r.Engine.Start(ctx, engine.StartRequest(start))
	r.report(err, "an ended workflow was not started again", "document", document)
	return fault.New(fault.Busy, unattended)
}

func (r *Relay) drainStarts(ctx context.Context) bool {
	starts, ok := claim(ctx, r, "starts", r.batch(startsBatch), r.Book.ClaimStarts)
	if !ok {
		return false
	}
	each(starts, startsAtOnce, func(start store.Start) { r.start(ctx, start) })
	return len(starts) == r.batch(startsBatch)
}

// congested says whether workers are so far behind that starts must wait. Not
// knowing is no congestion: the starts themselves will say that Temporal is away.
// The figure is Temporal's estimate, so it holds starts back for a while, not for
// ever.
func (r *Relay) congested(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeMax)
	defer cancel()
	waiting, err := r.Engine.Backlog(ctx)
	now := time.Now()
	if err != nil || waiting <= backlogMax || now.Sub(r.started) > backlogPatience {
		r.started = now
		return false
	}
	return true
}

func (r *Relay) start(ctx context.Context, start store.Start) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeMax)
	defer cancel()
	err := r.Engine.Start(ctx, engine.StartRequest(start))
	crash.At("start.delivered")
	if err == nil {
		err = r.Book.StartDone(ctx, start.Document)
	}
	r.Count.done(&r.Count.starts, err)
	r.report(err, "a document was not started", "document", start.Document)
}

func (r *Relay) drainNotices(ctx context.Context) bool {
	told := r.Courier.Round(ctx, r.batch(noticesBatch))
	r.Count.notices.Add(int64(told.Delivered))
	r.Count.failures.Add(int64(told.Failed))
	return told.More
}

// reasonMax bounds what is kept of a failure, in bytes.
const reasonMax = 300

func reason(err error) string {
	text := err.Error()
	return text[:min(len(text), reasonMax)]
}

func (r *Relay) report(err error, what string, about ...any) {
	if err == nil {
		return
	}
	logger := r.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Warn("relay: "+what, append(about, "error", err)...)
}

// claim takes a batch, and logs where it cannot.
func claim[T any](
	ctx context.Context, r *Relay, what string, limit int, from func(context.Context, int) ([]T, error),
) ([]T, bool) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeMax)
	defer cancel()
	rows, err := from(ctx, limit)
	if ctx.Err() == nil {
		r.report(err, "a queue was not read", "queue", what)
	}
	if len(rows) > 0 {
		crash.At(what + ".claimed")
	}
	return rows, err == nil && len(rows) > 0
}

// each works on all rows, some at once, and waits for the last.
func each[T any](rows []T, atOnce int, work func(T)) {
	var workers sync.WaitGroup
	next := make(chan T)
	for range min(atOnce, len(rows)) {
		workers.Go(func() {
			for row := range next {
				work(row)
			}
		})
	}
	for _, row := range rows {
		next <- row
	}
	close(next)
	workers.Wait()
}
