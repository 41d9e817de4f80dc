package store_test

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// world is a database with a company, a key, and a hand on everything.
type world struct {
	t      testing.TB
	ctx    context.Context
	s      *store.Store
	root   *sqlx.DB // as superuser
	url    string
	signer evidence.Signer
}

var everything = access.Scope{All: true}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := storetest.New(t)
	w := &world{t: t, ctx: t.Context(), s: s, url: storetest.URL(t)}
	w.root = sqlx.MustOpen("postgres", w.url)
	t.Cleanup(func() { _ = w.root.Close() })
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	w.signer = evidence.Signer{KeyID: "test-1", Key: key}
	require.NoError(t, s.SavePublicKey(w.ctx, w.signer.KeyID, w.signer.Public()))
	_, err = s.ReplaceOrganisation(w.ctx, company(), "test")
	require.NoError(t, err)
	return w
}

func company() org.Snapshot {
	people := map[string]org.Person{}
	for _, id := range []string{"sue", "rob", "ann", "bob", "fin", "adm"} {
		people[id] = org.Person{ID: id, Name: id, Entity: "cn", Department: "sales", Active: true, Subject: "sub-" + id}
	}
	return org.Snapshot{
		People:      people,
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "ann"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
		Suppliers:   map[string]org.Supplier{},
		Grants:      []org.Grant{{Person: "fin", Role: "finance_clerk", Entity: "cn"}, {Person: "adm", Role: "admin"}},
	}
}

func content(title string) document.Content {
	yuan := money.Amount{Minor: 82000, Currency: "CNY"}
	return document.Content{
		Type: "expense", Title: title, Reason: "客户拜访", Entity: "cn", Department: "sales", Submitter: "sue",
		Requester: "sue", Payee: document.Payee{Kind: document.PayeeEmployee, ID: "sue", Name: "Sue"},
		Currency: "CNY", Urgency: document.Normal, Total: yuan, BaseTotal: yuan,
		Lines: []document.Line{
			{No: 1, Category: "travel", Date: "2026-11-20", Amount: yuan, Tax: money.Amount{Currency: "CNY"}},
		},
	}
}

func (w *world) submitInput(c document.Content) store.SubmitInput {
	hash, err := c.Hash()
	require.NoError(w.t, err)
	return store.SubmitInput{Actor: "sue", Content: c, Hash: hash, NumberPrefix: "EXP", YearZone: "Asia/Shanghai"}
}

func (w *world) submit(title string) store.Document {
	w.t.Helper()
	d, err := w.s.Submit(w.ctx, w.submitInput(content(title)))
	require.NoError(w.t, err)
	return d
}

func plan(round int, mode approval.Mode, approvers ...string) approval.Plan {
	step := func(id string, people []string) approval.Step {
		s := approval.Step{
			ID: id, Title: map[string]string{"en": "Step " + id}, Need: approval.NeedsPeople, Mode: mode,
			Clock:     approval.Clock{Calendar: "always", Due: calendar.Duration{Count: 60, Unit: calendar.Second}},
			OnTimeout: approval.Timeout{Do: approval.TimeoutReject},
		}
		for _, p := range people {
			s.Approvers = append(s.Approvers, approval.Approver{Person: p, Via: "user"})
		}
		return s
	}
	return approval.Plan{
		Round: round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: 1,
		Interested: []string{"sue"}, Admins: []string{"adm"},
		Steps: []approval.Step{step("one", approvers), step("two", []string{"fin"})}, Then: []string{approval.ThenAccrue},
	}
}

// stampIn gives every task that opens a deadline so long after.
func stampIn(due time.Duration) store.Stamp {
	return func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
		d.DueAt = at.Add(due)
		d.RemindAt = []time.Time{at.Add(due / 2)}
		return d, nil
	}
}

func (w *world) state(id string) approval.State {
	w.t.Helper()
	events, err := w.s.Events(w.ctx, id, 0, 0)
	require.NoError(w.t, err)
	state, err := approval.FoldAll(events)
	require.NoError(w.t, err)
	return state
}

// request judges a command on the state as it is.
func (w *world) request(id string, c approval.Command) (approval.RecordRequest, error) {
	state := w.state(id)
	drafts, err := state.Judge(c, time.Now())
	r := approval.RecordRequest{
		Document: id, Expected: state.Seq, Cause: c.Cause(), Drafts: drafts, Copies: state.CopiesDue(c, drafts),
	}
	if act, ok := c.(approval.Act); ok {
		r.Act = &act
	}
	if struck, ok := c.(approval.Struck); ok && struck.Due {
		r.Deadline = struck.Task
	}
	return r, err
}

func (w *world) record(id string, c approval.Command) approval.Recorded {
	w.t.Helper()
	r, err := w.request(id, c)
	require.NoError(w.t, err)
	got, err := w.s.Record(w.ctx, r, stampIn(time.Hour))
	require.NoError(w.t, err)
	return got
}

// routed submits a document and gives it a plan.
func (w *world) routed(title string, mode approval.Mode, approvers ...string) store.Document {
	w.t.Helper()
	d := w.submit(title)
	w.record(d.ID, approval.Planned{Plan: plan(1, mode, approvers...)})
	return d
}

// act makes an act on the open task of a person.
func (w *world) act(id string, name approval.Name, actor string) approval.Act {
	w.t.Helper()
	state := w.state(id)
	a := approval.Act{
		ID: uuid.Must(uuid.NewV7()).String(), Name: name, Document: id, Actor: actor, Channel: "api", Opinion: "好",
	}
	for _, task := range state.OpenTasks() {
		if task.Assignee == actor {
			a.Task, a.Round, a.ContentHash = task.ID, state.Round, state.ContentHash
		}
	}
	return a
}

// commit signs an act and puts it into the inbox.
func (w *world) commit(a approval.Act) store.ActRow {
	w.t.Helper()
	row, fresh, err := w.s.CommitAct(w.ctx, w.signed(a))
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	return row
}

func (w *world) signed(a approval.Act) store.ActRow {
	signature, err := w.signer.Sign(a)
	require.NoError(w.t, err)
	return store.ActRow{Act: a, Signature: signature}
}

// do commits an act and records it.
func (w *world) do(id string, name approval.Name, actor string) approval.Recorded {
	w.t.Helper()
	a := w.act(id, name, actor)
	w.commit(a)
	return w.record(id, a)
}

// count counts rows.
func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	require.NoError(w.t, w.root.Get(&n, query, args...))
	return n
}

// clean proves that the audit finds nothing.
func (w *world) clean() {
	w.t.Helper()
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(w.t, err)
	require.Empty(w.t, report.Findings)
	require.Positive(w.t, report.Events)
}

// tamper does what only somebody above the rules can: it turns the triggers off.
func (w *world) tamper(statement string, args ...any) {
	w.t.Helper()
	tx := w.root.MustBegin()
	guarded := []string{"documents", "revisions", "events", "causes", "inbox", "tasks", "counters", "org_rows",
		"delegations", "policies", "proposals", "calendars", "copies", "heirs", "role_grants", "passkeys", "identities", "reversals", "vouchers",
		"certifications", "certification_items"}
	guarded = slices.DeleteFunc(guarded, func(table string) bool { return !strings.Contains(statement, table) })
	for _, table := range guarded {
		tx.MustExec(`ALTER TABLE ` + table + ` DISABLE TRIGGER USER`)
	}
	tx.MustExec(statement, args...)
	for _, table := range guarded {
		tx.MustExec(`ALTER TABLE ` + table + ` ENABLE TRIGGER USER`)
	}
	require.NoError(w.t, tx.Commit())
}
