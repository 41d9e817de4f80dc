// Package activities is every effect on the world, one method an effect, with
// its promises in its comment. Answers go back through package wire: a fault
// keeps its kind and code, and causes stay in this process's log.
package activities

import (
	"context"
	"slices"

	"go.temporal.io/sdk/activity"

	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/store"
)

const (
	eventsPage = 500 // events read at once
	eventsMax  = 20_000
)

// Records are the activities that keep what a document went through. They are
// local: our own database is a millisecond away.
type Records struct {
	Book      RecordBook
	Calendars *Calendars
	Ledgers   Ledgers // say on whose queue a voucher waits; may be nil
}

// RecordBook is the part of the store that Records needs.
type RecordBook interface {
	Record(ctx context.Context, r approval.RecordRequest, stamp store.Stamp) (approval.Recorded, error)
	Act(ctx context.Context, id string) (store.ActRow, error)
	RefuseAct(ctx context.Context, id string, o approval.Outcome) (approval.Outcome, error)
	Events(ctx context.Context, stream string, after int64, limit int) ([]evidence.Event, error)
}

// OpeningInput says which part of a stream is wanted.
type OpeningInput struct {
	Document string `json:"document"`
	After    int64  `json:"after"` // 0 = from the first event
}

// Opened is what was recorded of a document.
type Opened struct {
	Events []evidence.Event `json:"events"`
}

// Opening reads a document's events after one of them.
//
// Safe to repeat. Errors: NotFound document.not_found; Busy.
func (r *Records) Opening(ctx context.Context, in OpeningInput) (Opened, error) {
	events, err := r.eventsAfter(ctx, in.Document, in.After)
	if err == nil && in.After == 0 && len(events) == 0 {
		err = fault.New(fault.NotFound, "document.not_found")
	}
	return Opened{Events: events}, answer(ctx, err)
}

// Record records one transition: events, read model, notices and outcome in one
// transaction.
//
// Safe to repeat: the cause is answered once, with the same events. They travel
// as stamps where the caller has the rest.
// Errors: Forbidden act.forged where the inbox does not vouch for the act; Busy.
// Time: one transaction.
func (r *Records) Record(ctx context.Context, in approval.RecordRequest) (approval.Recorded, error) {
	stamp, err := r.Calendars.stamp(ctx, in.Drafts)
	if err != nil {
		return approval.Recorded{}, answer(ctx, err)
	}
	crash.At("record.asked")
	got, err := r.Book.Record(ctx, in, stamp)
	crash.At("record.committed")
	if err == nil && slices.ContainsFunc(in.Drafts, opensPosting) {
		ledger, _ := r.Ledgers.of(got.Entity) // where there is none, posting says so
		got.Books = ledger.Connection
	}
	return got.Packed(in.Drafts), answer(ctx, err)
}

// opensPosting says whether a transition may leave a voucher to be posted.
func opensPosting(d evidence.Draft) bool {
	return d.Kind == approval.DocumentApproved || d.Kind == approval.VoucherResolved
}

// ActRead is an act as the inbox holds it.
type ActRead struct {
	Act     approval.Act      `json:"act"`
	Outcome *approval.Outcome `json:"outcome,omitempty"` // when it was judged already
}

// ReadAct reads an act from the inbox. Whether its signature holds is for Record
// to say.
//
// Safe to repeat. Errors: NotFound act.not_found; Busy.
func (r *Records) ReadAct(ctx context.Context, id string) (ActRead, error) {
	row, err := r.Book.Act(ctx, id)
	return ActRead{Act: row.Act, Outcome: row.Outcome}, answer(ctx, err)
}

// RefuseActInput says which act is refused, and on what knowledge.
type RefuseActInput struct {
	Act      string           `json:"act"`
	Document string           `json:"document"`
	Expected int64            `json:"expected"` // State.Seq the refusal was judged on
	Outcome  approval.Outcome `json:"outcome"`
}

// RefuseAct stores why an act was refused. Where events were recorded after
// Expected it stores nothing and answers Behind: they might turn it around.
//
// Safe to repeat: an outcome already stored is the answer.
// Errors: NotFound act.not_found, act.forged; Busy.
func (r *Records) RefuseAct(ctx context.Context, in RefuseActInput) (approval.Recorded, error) {
	missing, err := r.eventsAfter(ctx, in.Document, in.Expected)
	if err != nil {
		return approval.Recorded{}, answer(ctx, err)
	}
	if len(missing) > 0 {
		return approval.Recorded{Events: missing, Behind: true}, nil
	}
	outcome, err := r.Book.RefuseAct(ctx, in.Act, in.Outcome)
	return approval.Recorded{Outcome: outcome}, answer(ctx, err)
}

func (r *Records) eventsAfter(ctx context.Context, document string, after int64) ([]evidence.Event, error) {
	var events []evidence.Event
	for len(events) < eventsMax {
		page, err := r.Book.Events(ctx, document, after, eventsPage)
		if err != nil {
			return nil, err
		}
		events = append(events, page...)
		if len(page) < eventsPage {
			return events, nil
		}
		after = page[len(page)-1].Seq
	}
	return nil, fault.New(fault.Internal, CodeTooLong)
}

// answer logs what the other side is not told, and sorts the rest for Temporal.
func answer(ctx context.Context, err error) error {
	if until, rests := gate.Until(err); rests && activity.IsActivity(ctx) {
		return later(ctx, err, until)
	}
	kind := fault.KindOf(err)
	if err != nil && activity.IsActivity(ctx) && (kind == fault.Internal || kind == fault.Busy) {
		activity.GetLogger(ctx).Error("activity failed", "error", err)
	}
	return wire.Out(err)
}
