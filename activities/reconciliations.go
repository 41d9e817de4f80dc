package activities

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/store"
)

// The codes of reconciliation.
const (
	CodeNoBooks  = "reconciliation.no_connection"
	CodeBadRange = "reconciliation.bad_range"
)

var _ = fault.Register(map[string]fault.Entry{
	CodeNoBooks:  {Kind: fault.Invalid, Args: []string{"connection"}},
	CodeBadRange: {Kind: fault.Invalid, Args: []string{"max"}},
})

// Limits of one reconciliation.
const (
	ReconcileDaysMost    = 400 // days of one comparison
	reconcileDaysDefault = 35  // that the nightly one looks back
	reconcileWindow      = 7   // days compared by one activity
)

// Connection is one ERP company, with the legal entities that are booked in it.
type Connection struct {
	ID       string
	Entities []string
	Ledger
}

// Reconciliations are the activities that compare both sides. They change nothing in
// any ERP, but for PostAgain. 对账
type Reconciliations struct {
	Book        ReconciliationBook
	Connections map[string]Connection // by id
	Days        int                   // that the nightly one looks back; 0 = 35
	Zone        *time.Location        // whose today ends it; nil = UTC
	Now         func() time.Time      // nil = time.Now
}

// ReconciliationBook is the part of the store that Reconciliations needs.
type ReconciliationBook interface {
	BeginReconciliation(ctx context.Context, r store.Reconciliation) error
	EndReconciliation(ctx context.Context, r store.Reconciliation) error
	SaveDifferences(ctx context.Context, found []store.FoundDifference) error
	PostedVouchers(ctx context.Context, entities []string, from, until string, after store.VoucherRow) (
		[]store.VoucherRow, error)
	VouchersNamed(ctx context.Context, references []string) ([]store.VoucherRow, error)
	VouchersShort(ctx context.Context, shorts []string) ([]store.VoucherRow, error)
	RulingOn(ctx context.Context, id string) (store.Ruling, reconciliation.Kind, error)
	EndRuling(ctx context.Context, r store.Ruling) error
	LastAttempt(ctx context.Context, reference string) (store.Attempt, bool, error)
	AttemptStore
}

// ReconcileInput says what is to be compared.
type ReconcileInput struct {
	Run        string `json:"run,omitempty"` // its id; the schedule has none to give, then it is the workflow run's
	Connection string `json:"connection"`
	From       string `json:"from,omitempty"`  // YYYY-MM-DD, both included; "" = as many days as are configured
	Until      string `json:"until,omitempty"` // "" = today
	By         string `json:"by,omitempty"`    // who asked; "" for the schedule
}

// Begun is a comparison that is on record, cut into ranges of days.
type Begun struct {
	Run   string    `json:"run"`
	Spans []DaySpan `json:"spans"`
}

// DaySpan is a range of days, both included.
type DaySpan struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// BeginReconciliation puts on record that both sides are compared, and says which
// days are compared by which call. Safe to repeat.
//
// Errors: Invalid reconciliation.no_connection, reconciliation.bad_range.
func (r *Reconciliations) BeginReconciliation(ctx context.Context, in ReconcileInput) (Begun, error) {
	connection, found := r.Connections[in.Connection]
	if !found {
		return Begun{}, answer(ctx, fault.New(fault.Invalid, CodeNoBooks, fault.Arg("connection", in.Connection)))
	}
	spans, err := r.spans(in)
	if err != nil {
		return Begun{}, answer(ctx, err)
	}
	err = r.Book.BeginReconciliation(ctx, store.Reconciliation{
		ID: in.Run, Connection: in.Connection, Entities: connection.Entities, From: spans[0].From,
		Until: spans[len(spans)-1].Until, AskedBy: in.By,
	})
	return Begun{Run: in.Run, Spans: spans}, answer(ctx, err)
}

// spans cuts the days into ranges that one call compares.
func (r *Reconciliations) spans(in ReconcileInput) ([]DaySpan, error) {
	last, first, err := r.days(in)
	if err != nil {
		return nil, err
	}
	var spans []DaySpan
	for from := first; !from.After(last); from = from.AddDate(0, 0, reconcileWindow) {
		until := from.AddDate(0, 0, reconcileWindow-1)
		if until.After(last) {
			until = last
		}
		spans = append(spans, DaySpan{from.Format(time.DateOnly), until.Format(time.DateOnly)})
	}
	return spans, nil
}

func (r *Reconciliations) days(in ReconcileInput) (last, first time.Time, err error) {
	zone := cmp.Or(r.Zone, time.UTC)
	if in.Until == "" {
		in.Until = today(r.now(), zone.String())
	}
	bad := fault.New(fault.Invalid, CodeBadRange, fault.Arg("max", strconv.Itoa(ReconcileDaysMost)), fault.Field("from"))
	if last, err = time.Parse(time.DateOnly, in.Until); err != nil {
		return last, first, bad
	}
	if in.From == "" {
		in.From = last.AddDate(0, 0, 1-cmp.Or(r.Days, reconcileDaysDefault)).Format(time.DateOnly)
	}
	if first, err = time.Parse(time.DateOnly, in.From); err != nil {
		return last, first, bad
	}
	if first.After(last) || last.Sub(first) >= ReconcileDaysMost*24*time.Hour {
		return last, first, bad
	}
	return last, first, nil
}

func (r *Reconciliations) now() time.Time {
	if r.Now != nil {
		return r.Now().UTC()
	}
	return time.Now().UTC()
}

// Compared is how many vouchers of each side were compared.
type Compared struct {
	Ours   int64 `json:"ours"`
	Theirs int64 `json:"theirs"`
}

// EndReconciliationInput says how a comparison ended; Code "" is well.
type EndReconciliationInput struct {
	Compared
	Run    string `json:"run"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// EndReconciliation puts on record how it ended. Safe to repeat.
func (r *Reconciliations) EndReconciliation(ctx context.Context, in EndReconciliationInput) error {
	state := store.ReconciliationDone
	if in.Code != "" {
		state = store.ReconciliationFailed
	}
	return answer(ctx, r.Book.EndReconciliation(ctx, store.Reconciliation{
		ID: in.Run, State: state, Code: in.Code, Detail: in.Detail, Ours: in.Ours, Theirs: in.Theirs,
	}))
}

// Reconcile compares a range from its beginning to its end in this process, as the
// workflow does over many: for an operator whose Temporal or worker is away.
func (r *Reconciliations) Reconcile(ctx context.Context, in ReconcileInput) (string, error) {
	begun, err := r.BeginReconciliation(ctx, in)
	if err != nil {
		return "", err
	}
	end := EndReconciliationInput{Run: begun.Run}
	for _, span := range begun.Spans {
		var done Compared
		done, err = r.CompareDays(ctx, CompareInput{Run: begun.Run, Connection: in.Connection, DaySpan: span})
		if err != nil {
			end.Code, end.Detail = failure(err)
			break
		}
		end.Ours, end.Theirs = end.Ours+done.Ours, end.Theirs+done.Theirs
	}
	if ended := r.EndReconciliation(context.WithoutCancel(ctx), end); err == nil {
		err = ended
	}
	return begun.Run, err
}

func failure(err error) (code, words string) {
	f, ok := fault.As(wire.In(err))
	if !ok {
		return erp.CodeUnavailable, err.Error()
	}
	if until := f.Args[port.ArgUntil]; until != "" && f.Args["words"] == "" {
		return erp.CodeUnavailable, "rests until " + until
	}
	return f.Code, detail(f)
}
