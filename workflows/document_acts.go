package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// listen registers every way to speak to a document, before anything blocks: a
// message may come with the first workflow task.
func (r *documentRun) listen(ctx workflow.Context) error {
	for _, name := range Updates() {
		handler := func(ctx workflow.Context, a approval.Act) (approval.Outcome, error) {
			return r.answer(ctx, a)
		}
		options := workflow.UpdateHandlerOptions{
			Description: "A person's act: " + string(name),
			Validator: func(ctx workflow.Context, a approval.Act) error {
				return wire.Out(r.check(ctx, name, a))
			},
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, string(name), handler, options); err != nil {
			return fmt.Errorf("listen for %s: %w", name, err)
		}
	}
	r.signals = workflow.GetSignalChannel(ctx, SignalActRecorded)
	workflow.Go(ctx, r.hearSignals)
	r.world[0] = workflow.GetSignalChannel(ctx, SignalCalendarChanged)
	r.world[1] = workflow.GetSignalChannel(ctx, SignalDirectoryChanged)
	workflow.Go(ctx, r.hearWorld)
	return workflow.SetQueryHandlerWithOptions(ctx, QueryState,
		func() (approval.State, error) { return r.file, nil },
		workflow.QueryHandlerOptions{Description: "The document's state, folded from its events"})
}

// check is the validator of every update. What it refuses leaves no trace in
// the history, so it refuses only what no event we have not seen yet could make
// right: after a crash the record may be ahead of us.
func (r *documentRun) check(ctx workflow.Context, name approval.Name, a approval.Act) error {
	if a.Name != name || a.Document != r.in.Document || a.ID != workflow.GetCurrentUpdateInfo(ctx).ID {
		return fault.New(fault.Invalid, CodeMisaddressed)
	}
	if !r.loaded() {
		return nil
	}
	_, err := r.file.Judge(a, workflow.Now(ctx))
	if err != nil && mendable(err) {
		return nil
	}
	return err
}

// answer applies an act that came as an update, and turns a refusal into an error.
func (r *documentRun) answer(ctx workflow.Context, a approval.Act) (approval.Outcome, error) {
	outcome, err := r.act(ctx, a)
	if err != nil {
		return approval.Outcome{}, wire.Out(wire.In(err))
	}
	if outcome.Code != approval.OK {
		return approval.Outcome{}, wire.Out(refusal(outcome))
	}
	return outcome, nil
}

// act judges, records, then folds, one at a time: the record is the authority
// on order, so a crash between the two leaves nothing to repair.
func (r *documentRun) act(ctx workflow.Context, a approval.Act) (approval.Outcome, error) {
	if err := workflow.Await(ctx, r.loaded); err != nil {
		return approval.Outcome{}, err
	}
	if err := r.turn.Lock(ctx); err != nil {
		return approval.Outcome{}, err
	}
	defer r.turn.Unlock()
	for range behindMax {
		if outcome, seen := r.file.Seen[a.ID]; seen {
			return outcome, nil
		}
		got, err := r.judgeAct(ctx, a)
		if err != nil {
			return approval.Outcome{}, err
		}
		if err := r.fold(ctx, got.Events); err != nil {
			return approval.Outcome{}, err
		}
		if !got.Behind {
			return got.Outcome, nil
		}
	}
	return approval.Outcome{}, fault.New(fault.Busy, CodeBehind)
}

// judgeAct records what an act does, or that it was refused.
func (r *documentRun) judgeAct(ctx workflow.Context, a approval.Act) (approval.Recorded, error) {
	drafts, err := r.file.Judge(a, workflow.Now(ctx))
	if refused, ok := fault.As(err); ok {
		return r.refuse(ctx, a.ID, refused)
	}
	if err != nil {
		return approval.Recorded{}, err
	}
	return r.record(ctx, approval.RecordRequest{
		Cause: a.Cause(), Act: &a, Drafts: drafts, Copies: r.file.CopiesDue(a, drafts),
	})
}

// hearSignals answers signals one after another for as long as the run lasts. It
// never blocks in Receive: a signal handed to a blocked receiver is in no queue
// any more and not in hand yet, and drain would leave it behind.
func (r *documentRun) hearSignals(ctx workflow.Context) {
	for workflow.Await(ctx, func() bool { return r.signals.Len() > 0 }) == nil {
		var told ActRecorded
		if !r.signals.ReceiveAsync(&told) {
			continue // it could not be read, and is gone
		}
		r.answering++
		r.fetch(ctx, told.ID)
		r.answering--
	}
}

// fetch reads an act from the inbox and applies it. The sender is believed in
// nothing: a bad signal is logged and passed over.
func (r *documentRun) fetch(ctx workflow.Context, id string) {
	if err := workflow.Await(ctx, r.loaded); err != nil {
		return
	}
	if _, seen := r.file.Seen[id]; seen {
		return
	}
	read, err := r.readAct(ctx, id)
	switch {
	case err != nil || read.Act.Document != r.in.Document:
	case read.Outcome == nil:
		_, err = r.act(ctx, read.Act)
	case read.Outcome.Code == approval.OK && catchesUp(ctx):
		err = r.catchUp(ctx)
	}
	if f, ok := fault.As(wire.In(err)); ok && (f.Code == CodeForged || f.Code == CodeSwapped) {
		_, err = r.refuse(ctx, id, f) // it can never be recorded
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("an act was passed over", "act", id, "error", err)
	}
}

// catchUp folds what was recorded without this history knowing of it: the worker that
// recorded an act died before its workflow task was completed, and the update that had
// asked for it was lost with the Temporal server.
func (r *documentRun) catchUp(ctx workflow.Context) error {
	if err := r.turn.Lock(ctx); err != nil {
		return err
	}
	defer r.turn.Unlock()
	missing, err := r.eventsAfter(ctx, r.file.Seq)
	if err == nil {
		r.file = r.file.Fold(missing)
	}
	return err
}

// refusal is the fault that an outcome tells of.
func refusal(o approval.Outcome) error {
	return &fault.Fault{Kind: fault.Kind(o.Kind), Code: o.Code, Args: o.Args}
}
