package workflows_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// book is store.Record in memory, for one document: the steps of
// docs/contracts.md, with the real chain.
type book struct {
	mu     sync.Mutex
	id     string
	now    func() time.Time
	events []evidence.Event
	causes map[string]approval.Recorded
	inbox  map[string]*store.ActRow

	forged  map[string]bool // acts whose signature does not hold
	lose    int             // answers to lose after the commit
	records int             // how often Record committed
	reads   int             // how often an act was read

	onRecord func(cause string) // called before Record does anything
}

func newBook(id string, now func() time.Time) *book {
	b := &book{
		id: id, now: now, causes: map[string]approval.Recorded{},
		inbox: map[string]*store.ActRow{}, forged: map[string]bool{},
	}
	cny := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	b.seal(approval.SubmitCause, []evidence.Draft{approval.SubmittedDraft("zhao", "hash1", approval.SubmittedData{
		Number: "EXP-2026-000001", Type: "expense", Title: "Train to Shanghai", Entity: "CN01", Department: "D1",
		Submitter: "zhao", Requester: "zhao", Payee: "zhao", Urgency: "normal", Total: cny(82000), BaseTotal: cny(82000),
	})})
	return b
}

func (b *book) head() int64 { return int64(len(b.events)) }

func (b *book) seal(cause string, drafts []evidence.Draft) []evidence.Event {
	var prev evidence.Event
	if len(b.events) > 0 {
		prev = b.events[len(b.events)-1]
	}
	sealed, err := evidence.Seal(prev, drafts, cause, b.now().UTC().Truncate(time.Microsecond), b.id)
	if err != nil {
		panic(err)
	}
	b.events = append(b.events, sealed...)
	return sealed
}

// commit puts an act into the inbox, as the gateway does.
func (b *book) commit(a approval.Act) approval.Act {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inbox[a.ID] = &store.ActRow{Act: a, ReceivedAt: b.now()}
	return a
}

// Record is store.Record.
func (b *book) Record(
	_ context.Context, r approval.RecordRequest, stamp store.Stamp,
) (approval.Recorded, error) {
	if b.onRecord != nil {
		b.onRecord(r.Cause)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.causes[r.Cause]; ok {
		return known, nil
	}
	if b.head() > r.Expected {
		return approval.Recorded{Events: slices.Clone(b.events[r.Expected:]), Behind: true}, nil
	}
	if answer, err := b.vouch(r); answer != nil || err != nil {
		return orEmpty(answer), err
	}
	if waiting := b.waiting(r.Deadline); len(waiting) > 0 {
		return approval.Recorded{Waiting: waiting}, nil
	}
	drafts, err := stampAll(r.Drafts, b.now(), stamp)
	if err != nil {
		return approval.Recorded{}, err
	}
	sealed := b.seal(r.Cause, drafts)
	state, err := approval.FoldAll(b.events)
	if err != nil {
		return approval.Recorded{}, err
	}
	got := approval.Recorded{
		Events: sealed, Outcome: approval.Outcome{Code: approval.OK, Status: state.Status, Seq: state.Seq},
	}
	b.causes[r.Cause] = got
	b.records++
	if r.Act != nil {
		b.inbox[r.Act.ID].Outcome = &got.Outcome
	}
	if b.lose > 0 {
		b.lose--
		return approval.Recorded{}, fault.New(fault.Busy, "store.busy")
	}
	return got, nil
}

func orEmpty(r *approval.Recorded) approval.Recorded {
	if r == nil {
		return approval.Recorded{}
	}
	return *r
}

func (b *book) vouch(r approval.RecordRequest) (*approval.Recorded, error) {
	if r.Act == nil {
		return nil, nil
	}
	row, ok := b.inbox[r.Act.ID]
	if !ok || row.Act != *r.Act || b.forged[r.Act.ID] {
		return nil, fault.New(fault.Forbidden, "act.forged", fault.Arg("id", r.Act.ID))
	}
	if row.Outcome != nil {
		return &approval.Recorded{Outcome: *row.Outcome}, nil
	}
	return nil, nil
}

// waiting lists the acts on a task that came before its deadline.
func (b *book) waiting(task string) []string {
	if task == "" {
		return nil
	}
	state, err := approval.FoldAll(b.events)
	if err != nil {
		panic(err)
	}
	var due time.Time
	for _, t := range state.Tasks {
		if t.ID == task {
			due = t.DueAt
		}
	}
	var ids []string
	for id, row := range b.inbox {
		if row.Outcome == nil && row.ReceivedAt.Before(due) && (row.Act.Task == task || row.Act.Task == "") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func stampAll(drafts []evidence.Draft, at time.Time, stamp store.Stamp) ([]evidence.Draft, error) {
	stamped := slices.Clone(drafts)
	for i, d := range stamped {
		if d.Kind != approval.TaskOpened {
			continue
		}
		data, err := approval.Decode[approval.TaskOpenedData](evidence.Event{Data: d.Data})
		if err != nil {
			return nil, err
		}
		if data, err = stamp(at.UTC().Truncate(time.Microsecond), data); err != nil {
			return nil, err
		}
		if stamped[i].Data, err = evidence.Canonical(data); err != nil {
			return nil, err
		}
	}
	return stamped, nil
}

// Act is store.Act.
func (b *book) Act(_ context.Context, id string) (store.ActRow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
	row, ok := b.inbox[id]
	if !ok {
		return store.ActRow{}, fault.New(fault.NotFound, "act.not_found")
	}
	return *row, nil
}

// RefuseAct is store.RefuseAct.
func (b *book) RefuseAct(_ context.Context, id string, o approval.Outcome) (approval.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	row, ok := b.inbox[id]
	if !ok {
		return approval.Outcome{}, fault.New(fault.NotFound, "act.not_found")
	}
	if row.Outcome == nil {
		row.Outcome = &o
	}
	return *row.Outcome, nil
}

// Events is store.Events.
func (b *book) Events(_ context.Context, _ string, after int64, limit int) ([]evidence.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.events[min(after, b.head()):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// Calendars is store.Calendars: one that works day and night.
func (b *book) Calendars(context.Context) ([]*calendar.Calendar, error) {
	all := []calendar.Span{{From: 0, To: 24 * 60}}
	return []*calendar.Calendar{{
		ID: "always", Zone: "UTC", Week: [7][]calendar.Span{all, all, all, all, all, all, all},
	}}, nil
}

// kinds lists what happened, for comparison.
func (b *book) kinds() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kinds []string
	for _, e := range b.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (b *book) state() approval.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	state, err := approval.FoldAll(b.events)
	if err != nil {
		panic(err)
	}
	return state
}

func (b *book) outcome(id string) *approval.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inbox[id].Outcome
}
