// Package storm opens many tasks for few people within a short while, and counts what
// becomes of the notices that they owe.
package storm

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// Options says how large a storm is.
type Options struct {
	Tasks  int           // that are opened
	People int           // who are asked, in turn
	Over   time.Duration // within which
}

const (
	atOnce  = 4 // documents that are written at once
	asker   = "asker"
	entity  = "storm"
	numbers = "STO"
)

// Prepare makes the people, and submits the documents whose tasks are opened later: nobody
// is told anything yet. Their workflows are not wanted.
func Prepare(ctx context.Context, s *store.Store, db *sql.DB, o Options) ([]approval.RecordRequest, error) {
	people := org.Snapshot{People: map[string]org.Person{}, Departments: map[string]org.Department{},
		Entities:  map[string]org.LegalEntity{entity: {ID: entity, Currency: "CNY", Zone: "Asia/Shanghai"}},
		Suppliers: map[string]org.Supplier{}}
	for _, id := range append(Approvers(o), asker) {
		people.People[id] = org.Person{ID: id, Name: id, Email: id + "@example.com", Subject: id, Locale: "en",
			Entity: entity, Active: true}
	}
	if _, err := s.ReplaceOrganisation(ctx, people, "storm"); err != nil {
		return nil, err
	}
	requests := make([]approval.RecordRequest, o.Tasks)
	err := each(ctx, o.Tasks, func(n int) error {
		var err error
		requests[n], err = prepare(ctx, s, n, Approvers(o)[n%o.People])
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `UPDATE starts SET done_at = clock_timestamp()`)
	return requests, err
}

// Approvers are who is asked.
func Approvers(o Options) []string {
	ids := make([]string, o.People)
	for i := range ids {
		ids[i] = fmt.Sprintf("p%04d", i)
	}
	return ids
}

// prepare submits one document, and says what opens its task.
func prepare(ctx context.Context, s *store.Store, n int, approver string) (approval.RecordRequest, error) {
	amount := money.Amount{Minor: 82_000 + int64(n), Currency: "CNY"}
	content := document.Content{
		Type: "expense", Title: fmt.Sprintf("Taxi %d", n), Reason: "storm", Entity: entity, Submitter: asker,
		Requester: asker,
		Payee:     document.Payee{Kind: document.PayeeEmployee, ID: asker, Name: asker}, Currency: "CNY",
		Urgency: document.Normal, Total: amount, BaseTotal: amount, Lines: []document.Line{{No: 1, Category: "travel",
			Date: "2026-11-20", Amount: amount, Tax: money.Amount{Currency: "CNY"}}},
	}
	hash, err := content.Hash()
	if err != nil {
		return approval.RecordRequest{}, err
	}
	d, err := s.Submit(ctx, store.SubmitInput{Actor: asker, Content: content, Hash: hash, NumberPrefix: numbers,
		YearZone: "Asia/Shanghai"})
	if err != nil {
		return approval.RecordRequest{}, err
	}
	events, err := s.Events(ctx, d.ID, 0, 0)
	if err != nil {
		return approval.RecordRequest{}, err
	}
	state, err := approval.FoldAll(events)
	if err != nil {
		return approval.RecordRequest{}, err
	}
	planned := approval.Planned{Plan: approval.Plan{
		Round: 1, Policy: "expense", PolicyVersion: 1, PolicyHash: "storm", OrgVersion: 1,
		Interested: []string{asker},
		Steps: []approval.Step{{
			ID: "one", Title: map[string]string{"en": "Approval"}, Need: approval.NeedsPeople, Mode: approval.AnyOf,
			Clock:     approval.Clock{Calendar: "always", Due: calendar.Duration{Count: 8 * 3600, Unit: calendar.Second}},
			OnTimeout: approval.Timeout{Do: approval.TimeoutReject},
			Approvers: []approval.Approver{{Person: approver, Via: "user"}},
		}}, Then: []string{approval.ThenAccrue},
	}}
	drafts, err := state.Judge(planned, time.Now())
	return approval.RecordRequest{Document: d.ID, Expected: state.Seq, Cause: planned.Cause(), Drafts: drafts}, err
}

// Open opens the tasks evenly over a while, as the product records them.
func Open(ctx context.Context, s *store.Store, requests []approval.RecordRequest, over time.Duration) error {
	began := time.Now()
	pause := over / time.Duration(max(len(requests), 1))
	return each(ctx, len(requests), func(n int) error {
		time.Sleep(time.Until(began.Add(pause * time.Duration(n))))
		_, err := s.Record(ctx, requests[n], stamp)
		return err
	})
}

func stamp(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	d.DueAt = at.Add(8 * time.Hour)
	return d, nil
}

// each works on 0 … n-1, some at once, in order.
func each(ctx context.Context, n int, work func(int) error) error {
	var next atomic.Int64
	var workers sync.WaitGroup
	failed := make(chan error, atOnce)
	for range atOnce {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < n && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := work(int(i)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(failed)
	return <-failed
}

// Tally is what became of the notices of a storm.
type Tally struct {
	Owed, Told, Held int
	Gathering        int // they wait to be told together
	Sending          int // they are in a message that was not delivered yet
	Messages         int // that were delivered
	Most             int // of these, to one person
}

// Lost is what was owed and is nowhere.
func (t Tally) Lost() int { return t.Owed - t.Told - t.Held - t.Gathering - t.Sending }

// Count counts what became of the notices so far.
func Count(ctx context.Context, db *sql.DB) (t Tally, err error) {
	const query = `
		SELECT count(*), count(*) FILTER (WHERE sent_at IS NOT NULL), count(*) FILTER (WHERE sent_at IS NULL AND held <> ''),
		       count(*) FILTER (WHERE sent_at IS NULL AND held = '' AND next_try < 'infinity'),
		       count(*) FILTER (WHERE sent_at IS NULL AND held = '' AND EXISTS (
		           SELECT FROM notice_deliveries d
		           WHERE d.person = n.person AND d.state = 'waiting' AND n.id = ANY (d.notices)))
		FROM notices n WHERE kind = 'task.opened'`
	err = db.QueryRowContext(ctx, query).Scan(&t.Owed, &t.Told, &t.Held, &t.Gathering, &t.Sending)
	if err != nil {
		return t, fmt.Errorf("counting notices: %w", err)
	}
	const messages = `
		SELECT coalesce(sum(n), 0), coalesce(max(n), 0) FROM (
			SELECT count(*) AS n FROM notice_deliveries WHERE state = 'delivered' GROUP BY person) p`
	if err = db.QueryRowContext(ctx, messages).Scan(&t.Messages, &t.Most); err != nil {
		return t, fmt.Errorf("counting messages: %w", err)
	}
	return t, nil
}
