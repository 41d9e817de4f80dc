package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// apply judges, records and folds a command that is not a person's.
func (r *documentRun) apply(ctx workflow.Context, c approval.Command) error {
	_, err := r.applyYielding(ctx, c)
	return err
}

// applyYielding is apply; it answers with the acts that a deadline or a hand-over
// must wait for.
func (r *documentRun) applyYielding(ctx workflow.Context, c approval.Command) ([]string, error) {
	if err := r.turn.Lock(ctx); err != nil {
		return nil, err
	}
	defer r.turn.Unlock()
	request := approval.RecordRequest{Cause: c.Cause()}
	switch c := c.(type) {
	case approval.Struck:
		if c.Due {
			request.Deadline = c.Task
		}
	case approval.HandedOver, approval.LetGo:
		request.Yield = true
	}
	for range behindMax {
		drafts, err := r.file.Judge(c, workflow.Now(ctx))
		if err != nil || len(drafts) == 0 {
			return nil, err
		}
		request.Drafts, request.Copies = drafts, r.file.CopiesDue(c, drafts)
		got, err := r.record(ctx, request)
		if err != nil {
			return nil, err
		}
		if err := r.fold(ctx, got.Events); err != nil {
			return nil, err
		}
		if !got.Behind {
			return got.Waiting, nil
		}
	}
	return nil, fault.New(fault.Busy, CodeBehind)
}

// record asks for one transition to be recorded.
func (r *documentRun) record(ctx workflow.Context, in approval.RecordRequest) (approval.Recorded, error) {
	in.Document, in.Expected = r.in.Document, r.file.Seq
	var records *activities.Records
	var got approval.Recorded
	err := workflow.ExecuteLocalActivity(writeRecords(ctx, "record "+described(in)), records.Record, in).Get(ctx, &got)
	if err != nil {
		return got, err
	}
	if got.Books != "" {
		r.in.Books = got.Books
	}
	got.Events, err = got.Unpacked(in)
	return got, err
}

// refuse stores the refusal of an act, unless the record is ahead of us.
func (r *documentRun) refuse(ctx workflow.Context, id string, f *fault.Fault) (approval.Recorded, error) {
	in := activities.RefuseActInput{
		Act: id, Document: r.in.Document, Expected: r.file.Seq,
		Outcome: approval.Outcome{
			Code: f.Code, Kind: string(f.Kind), Args: f.Args, Status: r.file.Status, Seq: r.file.Seq,
		},
	}
	var records *activities.Records
	var got approval.Recorded
	ctx = writeRecords(ctx, "record a refusal")
	err := workflow.ExecuteLocalActivity(ctx, records.RefuseAct, in).Get(ctx, &got)
	return got, err
}

// readAct reads an act from the inbox.
func (r *documentRun) readAct(ctx workflow.Context, id string) (activities.ActRead, error) {
	var records *activities.Records
	var read activities.ActRead
	ctx = readRecords(ctx, "read an act from the inbox")
	err := workflow.ExecuteLocalActivity(ctx, records.ReadAct, id).Get(ctx, &read)
	return read, err
}

// fold takes recorded events in. A cause that was answered before brings its own
// events only: where others lie between, they are read as well.
func (r *documentRun) fold(ctx workflow.Context, events []evidence.Event) error {
	r.file = r.file.Fold(events)
	if len(events) == 0 || events[len(events)-1].Seq <= r.file.Seq {
		return nil
	}
	missing, err := r.eventsAfter(ctx, r.file.Seq)
	if err == nil {
		r.file = r.file.Fold(missing)
	}
	return err
}

// opening folds the events recorded so far.
func (r *documentRun) opening(ctx workflow.Context) (approval.State, error) {
	events, err := r.eventsAfter(ctx, 0)
	if err != nil {
		return approval.State{}, err
	}
	state, err := approval.FoldAll(events)
	if err != nil {
		return approval.State{}, fmt.Errorf("fold the recorded events: %w", err)
	}
	return state, nil
}

func (r *documentRun) eventsAfter(ctx workflow.Context, after int64) ([]evidence.Event, error) {
	var records *activities.Records
	var got activities.Opened
	in := activities.OpeningInput{Document: r.in.Document, After: after}
	ctx = readRecords(ctx, "read what was recorded")
	err := workflow.ExecuteLocalActivity(ctx, records.Opening, in).Get(ctx, &got)
	return got.Events, err
}

// described says in words what a record is about.
func described(in approval.RecordRequest) string {
	switch {
	case in.Act != nil:
		return "the act: " + string(in.Act.Name)
	case in.Deadline != "":
		return "a deadline"
	default:
		return in.Cause
	}
}
