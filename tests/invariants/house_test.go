package invariants_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
	"github.com/countersign/countersign/tests/invariants"
)

// house is a database that was filled by the product, without a fault.
type house struct {
	t       testing.TB
	ctx     context.Context
	store   *store.Store
	address string
	signer  evidence.Signer
	org     int64
	people  org.Snapshot
	journal string
	told    invariants.Acknowledged
	ids     map[string]string // documents, by what became of them
}

// build fills a database with documents in every state, and closes the store.
func build(t testing.TB) *house {
	s, address := storetest.Open(t)
	h := &house{
		t: t, ctx: t.Context(), store: s, address: address, ids: map[string]string{},
		journal: filepath.Join(t.TempDir(), "journal.jsonl"),
		signer:  evidence.Signer{KeyID: "k1", Key: ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))},
	}
	require.NoError(t, os.WriteFile(h.journal, nil, 0o600))
	require.NoError(t, s.SavePublicKey(h.ctx, h.signer.KeyID, h.signer.Public()))
	h.organise()
	h.ids["closed"] = h.close()
	h.ids["pending"] = h.wait()
	h.ids["rejected"] = h.reject()
	h.ids["again"] = h.again()
	h.ids["straight"] = h.straight()
	h.ids["spared"] = h.spared()
	h.ids["withdrawn"] = h.withdraw()
	h.ids["parked"] = h.park()
	h.ids["queue"] = h.queue()
	h.ids["delegated"] = h.delegated()
	h.ids["signed in"] = h.signedIn()
	h.ids["sealed"] = h.sealed()
	h.ids["copied"] = h.copied()
	h.ids["planned copies"] = h.policyCopied()
	h.ids["late"] = h.late()
	h.ids["sanctioned"] = h.sanctioned()
	h.ids["unplanned"] = h.unplanned()
	h.ids["resolved"] = h.resolved()
	h.propose()
	h.ids["intervened"] = h.intervened()
	h.ids["voided"] = h.voided()
	h.ids["handed"] = h.handed()
	h.ids["part"], h.ids["split"] = h.counted()
	h.granted()
	h.ids["reversed"] = h.reversed()
	h.ids["reviewed"] = h.reviewed()
	h.tell()
	require.NoError(t, s.Close())
	return h
}

func (h *house) organise() {
	people := map[string]org.Person{}
	for _, id := range []string{"li", "wu", "chen", "zhang", "zhang2", "an", "bo", "lu", "wei", "xu"} {
		people[id] = org.Person{ID: id, Name: id, Entity: "cn", Department: "sales", Active: true}
	}
	twin := people["zhang"]
	twin.Aliases = []string{"zhang2"}
	people["zhang"] = twin
	h.people = org.Snapshot{
		People:      people,
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "wu"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
		Suppliers:   map[string]org.Supplier{},
		Grants: []org.Grant{
			{Person: "an", Role: "admin"}, {Person: "lu", Role: "admin"}, {Person: "zhang", Role: "finance_clerk", Entity: "cn"},
			{Person: "zhang", Role: "finance_head"}, {Person: "zhang2", Role: "finance_head"},
			{Person: "wu", Role: "finance_head", Entity: "cn"}, // not for every entity
		},
	}
	version, err := h.store.ReplaceOrganisation(h.ctx, h.people, "test:1")
	require.NoError(h.t, err)
	h.org = version
}

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

func contentOf(title string, minor int64) document.Content {
	return document.Content{
		Type: "expense", Title: title, Reason: "客户拜访 <visit>", Entity: "cn", Department: "sales", Submitter: "li",
		Requester: "li", Payee: document.Payee{Kind: document.PayeeEmployee, ID: "li", Name: "李", Account: "6222…"},
		Currency: "CNY", Urgency: document.Normal, Total: yuan(minor), BaseTotal: yuan(minor),
		Lines: []document.Line{{No: 1, Category: "travel", Description: "train", Date: "2026-11-02", Amount: yuan(minor), Tax: yuan(0)}},
	}
}

// submit submits, and starts the workflow as the relay would say it.
func (h *house) submit(c document.Content) approval.State {
	hash, err := c.Hash()
	require.NoError(h.t, err)
	d, err := h.store.Submit(h.ctx, store.SubmitInput{Actor: c.Submitter, Content: c, Hash: hash, NumberPrefix: "EXP"})
	require.NoError(h.t, err)
	require.NoError(h.t, h.store.StartDone(h.ctx, d.ID))
	h.told.Submissions = append(h.told.Submissions, invariants.Submission{Document: d.ID})
	events, err := h.store.Events(h.ctx, d.ID, 0, 0)
	require.NoError(h.t, err)
	s, err := approval.FoldAll(events)
	require.NoError(h.t, err)
	return s
}

// do judges a command, records it and folds what was recorded.
func (h *house) do(s approval.State, c approval.Command) approval.State {
	drafts, err := s.Judge(c, time.Now())
	require.NoError(h.t, err)
	require.NotEmpty(h.t, drafts)
	request := approval.RecordRequest{
		Document: s.Document, Expected: s.Seq, Cause: c.Cause(), Drafts: drafts, Copies: s.CopiesDue(c, drafts),
	}
	if a, is := c.(approval.Act); is {
		request.Act = &a
	}
	if _, is := c.(approval.HandedOver); is {
		request.Yield = true
	}
	if struck, is := c.(approval.Struck); is && struck.Due {
		request.Deadline = struck.Task
	}
	got, err := h.store.Record(h.ctx, request, stampNow)
	require.NoError(h.t, err)
	require.Empty(h.t, got.Waiting)
	return s.Fold(got.Events)
}

// stampNow reads deadlines as milliseconds, with one reminder after half the time.
func stampNow(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	if d.Clock.Due.Count > 0 && (d.Moved == nil || !d.Moved.Recounted) {
		d.DueAt = at.Add(time.Duration(d.Clock.Due.Count) * time.Millisecond)
		d.RemindAt = []time.Time{at.Add(time.Duration(d.Clock.Due.Count) * time.Millisecond / 2)}
	}
	return d, nil
}

// commit signs an act and puts it into the inbox, as the gateway does.
func (h *house) commit(a approval.Act) approval.Act {
	a.ID = uuid.Must(uuid.NewV7()).String()
	signature, err := h.signer.Sign(a)
	require.NoError(h.t, err)
	_, fresh, err := h.store.CommitAct(h.ctx, store.ActRow{Act: a, Signature: signature})
	require.NoError(h.t, err)
	require.True(h.t, fresh)
	return a
}

// act commits an act and lets it take effect.
func (h *house) act(s approval.State, a approval.Act) approval.State {
	a.Document = s.Document
	a = h.commit(a)
	h.told.Acts = append(h.told.Acts, invariants.Act{ID: a.ID, Document: s.Document, Status: 200})
	return h.do(s, a)
}

// decide acts on an open task of a person, or of those they act for.
func (h *house) decide(s approval.State, name approval.Name, who, behalf string) approval.State {
	asked := who
	if behalf != "" {
		asked = behalf
	}
	for _, task := range s.OpenTasks() {
		if task.Assignee == asked {
			return h.act(s, approval.Act{
				Name: name, Task: task.ID, Round: s.Round, ContentHash: s.ContentHash, Actor: who, OnBehalfOf: behalf,
				Opinion: "看过了",
			})
		}
	}
	h.t.Fatalf("%s is not asked", asked)
	return s
}

// step is one step of a plan that asks people.
func step(id string, mode approval.Mode, people ...string) approval.Step {
	s := approval.Step{ID: id, Title: map[string]string{"en": id}, Need: approval.NeedsPeople, Reason: "true", Mode: mode}
	for _, p := range people {
		s.Approvers = append(s.Approvers, approval.Approver{Person: p, Via: "user"})
	}
	return s
}

func (h *house) plan(s approval.State, steps ...approval.Step) approval.State {
	return h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
		Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org,
		Interested: []string{"li"}, Admins: []string{"an"}, Steps: steps, Then: []string{approval.ThenAccrue},
	}})
}

// usual is manager, then two of finance.
func (h *house) usual(s approval.State) approval.State {
	small := approval.Step{ID: "director", Need: approval.Skip, Reason: "amount < 5000"}
	return h.plan(s, step("manager", approval.AnyOf, "wu", "bo"), small, step("finance", approval.AllOf, "zhang", "chen"))
}

func (h *house) approve(s approval.State) approval.State {
	s = h.decide(s, approval.Approve, "wu", "")
	s = h.decide(s, approval.Approve, "zhang", "")
	return h.decide(s, approval.Approve, "chen", "")
}

func (h *house) close() string {
	s := h.post(h.approve(h.usual(h.submit(contentOf("北京出差", 82000)))))
	require.Equal(h.t, approval.Closed, s.Status)
	return s.Document
}

// post intends, posts and settles; the books write their journal.
func (h *house) post(s approval.State) approval.State {
	v := h.intend(s)
	h.book(s.Effect.Reference, "create", "none")
	h.book(s.Effect.Reference, "create", "applied")
	h.book(s.Effect.Reference, "post", "applied")
	v.State, v.ID, v.Number = store.VoucherPosted, "V1", "记-"+s.Number
	require.NoError(h.t, h.store.SaveVoucher(h.ctx, v, store.Ended{}))
	return h.do(s, approval.Settled{
		Reference: s.Effect.Reference, Attempt: s.Effect.Attempt, Posted: true, Number: v.Number, ID: v.ID,
	})
}

func (h *house) intend(s approval.State) store.VoucherRow {
	content, _, err := h.store.Revision(h.ctx, s.Document, s.Revision)
	require.NoError(h.t, err)
	made := voucher.Voucher{
		Reference: s.Effect.Reference, Short: voucher.Short(s.Effect.Reference), Document: s.Document, Number: s.Number,
		Kind: voucher.Accrual, Revision: s.Revision, Entity: s.Entity, Journal: "记", Date: "2026-11-21", Text: "差旅",
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: content.Total, Base: content.BaseTotal},
			{Side: voucher.Credit, Account: "2241", Amount: content.Total, Base: content.BaseTotal, Party: "li"},
		},
	}
	require.NoError(h.t, made.Check())
	text, err := evidence.Canonical(made)
	require.NoError(h.t, err)
	hash, err := evidence.HashOf(made)
	require.NoError(h.t, err)
	require.NoError(h.t, h.store.BeginEffect(h.ctx, store.EffectIntent{
		Reference: made.Reference, Attempt: s.Effect.Attempt, Document: s.Document, Kind: string(made.Kind),
		Entity: s.Entity, Voucher: string(text), Hash: hash,
	}))
	return store.VoucherRow{
		Reference: made.Reference, Document: s.Document, Kind: string(made.Kind), Entity: s.Entity, State: "parked",
		Date: made.Date, Hash: hash, Voucher: string(text),
	}
}

// book writes a line of the sandbox's journal.
func (h *house) book(reference, op, effect string) {
	addLine(h.t, h.journal, map[string]any{
		"at": time.Now().UTC().Format(time.RFC3339Nano), "sandbox": "erp", "ref": reference, "op": op,
		"body_sha256": "", "effect": effect, "reply": "sent", "fault": "",
	})
}

func addLine(t testing.TB, path string, line any) {
	text, err := json.Marshal(line)
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintf(file, "%s\n", text)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// wait leaves one place of finance open, and an act that was refused.
func (h *house) wait() string {
	s := h.decide(h.usual(h.submit(contentOf("上海", 51000))), approval.Approve, "bo", "")
	s = h.decide(s, approval.Approve, "chen", "")
	late := h.commit(approval.Act{
		Name: approval.Reject, Document: s.Document, Task: s.Tasks[0].ID, Round: 1, ContentHash: s.ContentHash, Actor: "wu",
		Opinion: "too much",
	})
	_, err := s.Judge(late, time.Now())
	require.Error(h.t, err)
	_, err = h.store.RefuseAct(h.ctx, late.ID, approval.Outcome{Code: "task.stale", Kind: "conflict"})
	require.NoError(h.t, err)
	h.told.Acts = append(h.told.Acts, invariants.Act{ID: late.ID, Document: s.Document, Status: 202})
	return s.Document
}

func (h *house) reject() string {
	s := h.decide(h.usual(h.submit(contentOf("礼品", 9900))), approval.Approve, "wu", "")
	return h.decide(s, approval.Reject, "zhang", "").Document
}

// again is returned, and resubmitted with another content.
func (h *house) again() string {
	s := h.decide(h.usual(h.submit(contentOf("会议", 30000))), approval.Return, "wu", "")
	next := contentOf("会议室", 20000)
	hash, err := next.Hash()
	require.NoError(h.t, err)
	n, err := h.store.SaveRevision(h.ctx, store.RevisionInput{Document: s.Document, Actor: "li", Content: next, Hash: hash})
	require.NoError(h.t, err)
	s = h.act(s, approval.Act{Name: approval.Resubmit, Actor: "li", Revision: n, NewHash: hash})
	return h.post(h.approve(h.usual(s))).Document
}

func (h *house) withdraw() string {
	s := h.decide(h.usual(h.submit(contentOf("招待", 12000))), approval.Approve, "wu", "")
	s = h.decide(s, approval.Approve, "zhang", "")
	return h.act(s, approval.Act{Name: approval.Withdraw, Actor: "li", Opinion: "重复"}).Document
}

func (h *house) park() string {
	s := h.approve(h.usual(h.submit(contentOf("广州", 15000))))
	h.intend(s)
	return h.do(s, approval.Settled{Reference: s.Effect.Reference, Code: "erp.closed_period", Detail: "closed"}).Document
}

// resolved was parked, and finance ruled that it be posted on another day.
func (h *house) resolved() string {
	s := h.approve(h.usual(h.submit(contentOf("深圳", 25000))))
	h.intend(s)
	s = h.do(s, approval.Settled{Reference: s.Effect.Reference, Code: "erp.closed_period", Detail: "closed"})
	s = h.act(s, approval.Act{
		Name: approval.Resolve, Actor: "zhang", Effect: s.Effect.Reference, Ruling: approval.RulingRedate, Date: "2026-12-01",
	})
	return h.post(s).Document
}

// queue was decided by an admin on behalf of the queue.
func (h *house) queue() string {
	s := h.plan(h.submit(contentOf("武汉", 1000)), step("fallback", approval.AnyOf, approval.AdminQueue))
	return h.post(h.decide(s, approval.Approve, "an", approval.AdminQueue)).Document
}

// late was reminded, escalated, and then approved by the clock.
func (h *house) late() string {
	first := step("manager", approval.AnyOf, "wu")
	first.Clock.Due.Count, first.OnTimeout.Do = 1500, approval.TimeoutEscalate
	second := step("finance", approval.AllOf, "chen")
	second.Clock.Due.Count, second.OnTimeout.Do = 1, approval.TimeoutApprove
	s := h.plan(h.submit(contentOf("成都", 7000)), first, second)
	task := s.OpenTasks()[0]
	time.Sleep(time.Until(task.RemindAt[0]))
	s = h.do(s, s.Strike(time.Now())[0])
	time.Sleep(time.Until(task.DueAt))
	struck := s.Strike(time.Now())[0]
	struck.To = []approval.Approver{{Person: "bo", Via: "manager:1"}}
	s = h.do(s, struck)
	s = h.decide(s, approval.Approve, "bo", "")
	time.Sleep(time.Until(s.DueAt()))
	return h.post(h.do(s, s.Strike(time.Now())[0])).Document
}

// unplanned found no route twice.
func (h *house) unplanned() string {
	s := h.submit(contentOf("火星", 700))
	s = h.do(s, approval.Unplanned{Round: 1, Code: "policy.no_match", Admins: []string{"an"}})
	s = h.act(s, approval.Act{Name: approval.Resolve, Actor: "an", Effect: s.PlanReference(), Ruling: approval.RulingRetry})
	return h.do(s, approval.Unplanned{Round: 1, Attempt: 1, Code: "policy.no_match", Admins: []string{"an"}}).Document
}
