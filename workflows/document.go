// Package workflows is what waits and decides. It replays, so nothing here reads
// a clock, a file, a database or a live configuration.
//
//	gateway ──update──▶ Document ──local activity──▶ store.Record ──▶ PostgreSQL
//	relay ───signal──▶     │
//	                       └──activity on effects──▶ ERP
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/domain/approval"
)

// DocumentInput is what a document's workflow begins with, and begins again with
// when its history has grown long.
type DocumentInput struct {
	Document string          `json:"document"`
	State    *approval.State `json:"state,omitempty"` // only believed from the run before
	Shown    Shown           `json:"shown,omitzero"`
	Limits   Limits          `json:"limits,omitzero"`
	Books    string          `json:"books,omitempty"` // the ERP connection of what is to be posted, once known
}

// Shown says what of a document may be read in Temporal's search attributes and
// details, which are kept in the clear.
type Shown struct {
	People bool `json:"people,omitempty"` // who it waits for
}

// Limits are the numbers that tests and drills make smaller. Zero is the default.
type Limits struct {
	RenewAfter   int           `json:"renew_after,omitempty"`    // events until a new history; 0 = as Temporal says
	PostAttempts int32         `json:"post_attempts,omitempty"`  // before a posting is parked; 0 = postAttempts
	PostPauseMax time.Duration `json:"post_pause_max,omitempty"` // between them; 0 = postPauseMax
}

// documentRun is one run of a document's workflow.
type documentRun struct {
	in        DocumentInput
	file      approval.State // folded from recorded events only
	turn      workflow.Mutex // one transition at a time
	alarm     alarm
	signals   workflow.ReceiveChannel
	world     [2]workflow.ReceiveChannel // calendar_changed, directory_changed
	answering int                        // signals being answered
	shown     shown                      // what the search attributes say
}

// Document carries one document from submission to its outcome.
//
// It waits for people, so it may run for months. A rejected document is an
// outcome, not an error; an error here is always a fault of ours.
func Document(ctx workflow.Context, in DocumentInput) (approval.Outcome, error) {
	run := &documentRun{in: in, turn: workflow.NewMutex(ctx)}
	if err := run.listen(ctx); err != nil {
		return approval.Outcome{}, err
	}
	if err := run.resume(ctx); err != nil {
		return approval.Outcome{}, err
	}
	for !run.file.Done() {
		if run.renewalDue(ctx) {
			return run.renew(ctx)
		}
		if err := run.awaitNext(ctx); err != nil {
			return approval.Outcome{}, err
		}
	}
	return run.settle(ctx)
}

// resume takes the state of the run before, or folds the recorded events. A
// state is believed only where Temporal itself says that there was a run before:
// whoever can start workflows must not be able to bring a state of their own.
func (r *documentRun) resume(ctx workflow.Context) error {
	if r.in.State != nil && workflow.GetInfo(ctx).ContinuedExecutionRunID != "" {
		r.file = *r.in.State
		return nil
	}
	for {
		state, err := r.opening(ctx)
		if err == nil {
			r.file = state
			return nil
		}
		if err := r.stall(ctx, "reading what was submitted", err); err != nil {
			return err
		}
	}
}

// loaded says whether the state is there; handlers wait for it.
func (r *documentRun) loaded() bool { return r.file.Seq > 0 }

// awaitNext does the one thing that is next, or waits until there is one.
func (r *documentRun) awaitNext(ctx workflow.Context) error {
	seq := r.file.Seq
	struck := r.file.Strike(workflow.Now(ctx))
	var doing string
	var err error
	switch {
	case r.file.WantsPlan():
		doing, err = "finding the route", r.plan(ctx)
	case len(r.file.Unstaffed()) > 0:
		doing, err = "finding who decides", r.staff(ctx, r.file.Unstaffed()[0])
	case r.file.WantsPosting():
		doing, err = "posting the voucher", r.post(ctx)
	case len(struck) > 0:
		doing, err = "acting on a deadline", r.strike(ctx, struck[0])
	default:
		return r.wait(ctx)
	}
	if err == nil && r.file.Seq == seq {
		err = errNothingRecorded
	}
	if err != nil {
		return r.stall(ctx, doing, err)
	}
	return nil
}

// errNothingRecorded says that a step left no event; without it the loop would spin.
var errNothingRecorded = errors.New("nothing was recorded")

// stall waits a while after a fault of ours, so that it can be mended; nothing
// is given up. Only the end of the workflow itself comes back as an error.
func (r *documentRun) stall(ctx workflow.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	workflow.GetLogger(ctx).Error("document stalled", "doing", doing, "error", err)
	workflow.SetCurrentDetails(ctx, "Stopped while "+doing+". It is tried again every minute; the log says why.")
	seq := r.file.Seq
	again, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(again, stallPause, workflow.TimerOptions{Summary: "try again: " + doing})
	return workflow.Await(ctx, func() bool { return timer.IsReady() || r.file.Seq != seq })
}

// wait lets the document rest until an act changed it, a clock struck, or the
// history became long.
func (r *documentRun) wait(ctx workflow.Context) error {
	r.show(ctx)
	r.alarm.set(ctx, r.file.Wake())
	seq := r.file.Seq
	return workflow.Await(ctx, func() bool {
		return r.file.Seq != seq || r.alarm.rang() || r.renewalDue(ctx)
	})
}

// renewalDue says whether the history is long enough to begin a new one.
func (r *documentRun) renewalDue(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	limit := r.in.Limits.RenewAfter
	return info.GetContinueAsNewSuggested() || limit > 0 && info.GetCurrentHistoryLength() >= limit
}

// renew begins a new history with the same state. No signal and no update is
// left behind: what is in hand is finished first.
func (r *documentRun) renew(ctx workflow.Context) (approval.Outcome, error) {
	if err := r.drain(ctx); err != nil {
		return approval.Outcome{}, err
	}
	next, state := r.in, r.file
	next.State = &state
	return approval.Outcome{}, workflow.NewContinueAsNewError(ctx, Document, next)
}

// settle ends the workflow when nobody waits for an answer any more.
func (r *documentRun) settle(ctx workflow.Context) (approval.Outcome, error) {
	r.show(ctx)
	if err := r.drain(ctx); err != nil {
		return approval.Outcome{}, err
	}
	return approval.Outcome{Code: approval.OK, Status: r.file.Status, Seq: r.file.Seq}, nil
}

// drain waits until every update and every signal was answered.
func (r *documentRun) drain(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool {
		return r.answering == 0 && r.signals.Len() == 0 && r.world[0].Len() == 0 && r.world[1].Len() == 0 &&
			workflow.AllHandlersFinished(ctx)
	})
}
