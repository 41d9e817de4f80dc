// Package activitiestest is the store's Record in memory, and the activities
// around it without an outside, for tests of workflows and workers.
package activitiestest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/approval/approvaltest"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// Book is store.Record in memory: the steps of docs/contracts.md, with the real
// chain and the real core. It is safe for concurrent use.
type Book struct {
	Now      func() time.Time
	OnRecord func(cause string) // called before Record does anything; nil = not

	mu      sync.Mutex
	streams map[string][]evidence.Event
	causes  map[string]approval.Recorded // by stream and cause
	inbox   map[string]*store.ActRow
	forged  map[string]bool
	swapped map[string]bool
	lose    int
	copied  map[string][]string // who was copied in, by document

	entities map[string]string // by document

	calendars []store.CalendarVersion // after the first
	records   int
	reads     int
}

// NewBook makes an empty book with a clock.
func NewBook(now func() time.Time) *Book {
	return &Book{
		Now: now, streams: map[string][]evidence.Event{}, causes: map[string]approval.Recorded{},
		copied: map[string][]string{}, entities: map[string]string{},
		inbox: map[string]*store.ActRow{}, forged: map[string]bool{}, swapped: map[string]bool{},
	}
}

// Submit begins a document's stream. Zhao is the submitter.
func (b *Book) Submit(id, number string) {
	cny := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	b.Begin(id, approval.SubmittedDraft("zhao", "hash1", approval.SubmittedData{
		Number: number, Type: "expense", Title: "Train to Shanghai", Entity: "CN01", Department: "D1",
		Submitter: "zhao", Requester: "zhao", Payee: "zhao", Urgency: "normal", Total: cny(82000), BaseTotal: cny(82000),
	}))
}

// Begin begins a document's stream with a submission.
func (b *Book) Begin(id string, submitted evidence.Draft) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seal(id, approval.SubmitCause, []evidence.Draft{submitted})
}

// BookIn says whose document it is.
func (b *Book) BookIn(id, entity string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entities[id] = entity
}

// Forge makes the signature of an act bad.
func (b *Book) Forge(act string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forged[act] = true
}

// Swap makes the stored content another than the one that an act names.
func (b *Book) Swap(act string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.swapped[act] = true
}

// Lose loses the next answers of Record, after the commit.
func (b *Book) Lose(answers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lose = answers
}

// Copied lists who was copied in on a document by its policy.
func (b *Book) Copied(id string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.copied[id])
}

// Records says how often Record committed, and how often an act was read.
func (b *Book) Records() (records, reads int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records, b.reads
}

func (b *Book) seal(id, cause string, drafts []evidence.Draft) []evidence.Event {
	var prev evidence.Event
	if events := b.streams[id]; len(events) > 0 {
		prev = events[len(events)-1]
	}
	sealed, err := evidence.Seal(prev, drafts, cause, b.Now().UTC().Truncate(time.Microsecond), id)
	if err != nil {
		panic(err)
	}
	b.streams[id] = append(b.streams[id], sealed...)
	return sealed
}

// Commit puts an act into the inbox, as the gateway does.
func (b *Book) Commit(a approval.Act) approval.Act {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inbox[a.ID] = &store.ActRow{Act: a, ReceivedAt: b.Now()}
	return a
}

// Record is store.Record.
func (b *Book) Record(
	_ context.Context, r approval.RecordRequest, stamp store.Stamp,
) (approval.Recorded, error) {
	if b.OnRecord != nil {
		b.OnRecord(r.Cause)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.causes[r.Document+" "+r.Cause]; ok {
		return known, nil
	}
	events := b.streams[r.Document]
	if int64(len(events)) > r.Expected {
		return approval.Recorded{Events: slices.Clone(events[r.Expected:]), Behind: true}, nil
	}
	if answer, err := b.vouch(r); answer != nil || err != nil {
		return orEmpty(answer), err
	}
	if waiting := b.waiting(r); len(waiting) > 0 {
		return approval.Recorded{Waiting: waiting}, nil
	}
	drafts, err := stampAll(r.Drafts, b.Now(), stamp)
	if err != nil {
		return approval.Recorded{}, err
	}
	sealed := b.seal(r.Document, r.Cause, drafts)
	state, err := approval.FoldAll(b.streams[r.Document])
	if err != nil {
		return approval.Recorded{}, err
	}
	got := approval.Recorded{
		Events: sealed, Entity: b.entities[r.Document],
		Outcome: approval.Outcome{Code: approval.OK, Status: state.Status, Seq: state.Seq},
	}
	b.causes[r.Document+" "+r.Cause] = got
	b.records++
	b.copied[r.Document] = approvaltest.CopyIn(b.copied[r.Document], r.Copies)
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

func (b *Book) vouch(r approval.RecordRequest) (*approval.Recorded, error) {
	if r.Act == nil {
		return nil, nil
	}
	row, ok := b.inbox[r.Act.ID]
	if !ok || !reflect.DeepEqual(row.Act, *r.Act) || b.forged[r.Act.ID] {
		return nil, fault.New(fault.Forbidden, "act.forged", fault.Arg("id", r.Act.ID))
	}
	if row.Outcome != nil {
		return &approval.Recorded{Outcome: *row.Outcome}, nil
	}
	if b.swapped[r.Act.ID] {
		return nil, fault.New(fault.Conflict, "revision.changed")
	}
	return nil, nil
}

// waiting lists the acts that came before the deadline of a task, or all that have
// no outcome.
func (b *Book) waiting(r approval.RecordRequest) []string {
	id, task := r.Document, r.Deadline
	if task == "" && !r.Yield {
		return nil
	}
	state, err := approval.FoldAll(b.streams[id])
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
	for act, row := range b.inbox {
		if row.Act.Document == id && row.Outcome == nil && (r.Yield || row.ReceivedAt.Before(due)) {
			ids = append(ids, act)
		}
	}
	slices.Sort(ids)
	return ids
}

func stampAll(drafts []evidence.Draft, at time.Time, stamp store.Stamp) ([]evidence.Draft, error) {
	stamped := slices.Clone(drafts)
	for i, d := range stamped {
		if !approval.Stamped(d.Kind) {
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
func (b *Book) Act(_ context.Context, id string) (store.ActRow, error) {
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
func (b *Book) RefuseAct(_ context.Context, id string, o approval.Outcome) (approval.Outcome, error) {
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
func (b *Book) Events(_ context.Context, stream string, after int64, limit int) ([]evidence.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.streams[stream]
	rest := events[min(int(after), len(events)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// CalendarVersions is store.CalendarVersions: one that works day and night, as it was
// published last.
func (b *Book) CalendarVersions(context.Context) ([]store.CalendarVersion, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	newest := store.CalendarVersion{Calendar: approvaltest.Always(), Version: 1}
	if len(b.calendars) > 0 {
		newest = b.calendars[len(b.calendars)-1]
	}
	return []store.CalendarVersion{newest}, nil
}

// CalendarAt is store.CalendarAt.
func (b *Book) CalendarAt(_ context.Context, _ string, version int, _ time.Time) (store.CalendarVersion, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.calendars {
		if v.Version == version {
			return v, nil
		}
	}
	return store.CalendarVersion{Calendar: approvaltest.Always(), Version: 1}, nil
}

// Publish makes a calendar the next version, and answers with its number.
func (b *Book) Publish(c *calendar.Calendar) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	version := len(b.calendars) + 2
	b.calendars = append(b.calendars, store.CalendarVersion{Calendar: c, Version: version, SavedAt: b.Now()})
	return version
}

// Stream is a document's events so far.
func (b *Book) Stream(id string) []evidence.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.streams[id])
}

// State is the fold of a document's events.
func (b *Book) State(id string) approval.State {
	state, err := approval.FoldAll(b.Stream(id))
	if err != nil {
		panic(err)
	}
	return state
}

// Outcome is what the inbox holds for an act, nil for nothing yet.
func (b *Book) Outcome(act string) *approval.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inbox[act].Outcome
}

// Inbox is an act as it was committed.
func (b *Book) Inbox(act string) approval.Act {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inbox[act].Act
}

// Decision is a person's decision on their open task, as they see it now.
func (b *Book) Decision(document, id string, name approval.Name, person string) approval.Act {
	state := b.State(document)
	a := approval.Act{
		ID: id, Name: name, Document: document, Actor: person,
		Round: state.Round, ContentHash: state.ContentHash, Opinion: "because",
	}
	for _, t := range state.OpenTasks() {
		if t.Assignee == person {
			a.Task = t.ID
		}
	}
	return a
}
