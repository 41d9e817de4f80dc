package desk

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// startMax bounds how long a submitter waits for the workflow's start; the
// relay starts what was not started by then.
const startMax = 2 * time.Second

// Detail is one document with what is open in it.
type Detail struct {
	store.Document
	Tasks    []store.Task
	StandsIn []delegation.Rule // by which the reader may decide open tasks of others now
	Copied   []cc.Copy         // every copy that was made, those taken back among them
}

// Object is the document as access judges it for its reader.
func (d Detail) Object() access.Object {
	o := objectOf(d.Document, d.Tasks)
	for _, r := range d.StandsIn {
		o.Delegates = append(o.Delegates, r.Delegate)
	}
	o.Copied = d.copiedNow()
	return o
}

// copiedNow are the people whose copies stand.
func (d Detail) copiedNow() []string {
	var people []string
	for _, c := range d.Copied {
		if c.RemovedAt.IsZero() {
			people = append(people, c.Person)
		}
	}
	return people
}

func objectOf(doc store.Document, tasks []store.Task) access.Object {
	o := access.Object{Entity: doc.Entity, Department: doc.Department, Owners: []string{doc.Submitter, doc.Requester}}
	for _, t := range tasks {
		o.Assignees = append(o.Assignees, t.Assignee)
		if t.DecidedBy != "" {
			o.Assignees = append(o.Assignees, t.DecidedBy)
		}
	}
	return o
}

// Document is one document.
//
// Errors: NotFound document.not_found where there is none, and where one may not
// know of it; a draft is nobody's but its author's.
func (d *Desk) Document(ctx context.Context, who auth.Who, id string) (Detail, error) {
	missing := fault.New(fault.NotFound, "document.not_found")
	scope, err := needAny(who, access.DocumentRead)
	if err != nil {
		return Detail{}, err
	}
	if uuid.Validate(id) != nil {
		return Detail{}, missing
	}
	doc, err := d.Store.Document(ctx, scope, id)
	if err != nil {
		return Detail{}, err
	}
	if doc.Status == approval.Draft && doc.Submitter != who.Person.ID {
		return Detail{}, missing
	}
	tasks, err := d.Store.DocumentTasks(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	detail := Detail{Document: doc, Tasks: tasks}
	if detail.StandsIn, err = d.standsIn(ctx, who, tasks); err != nil {
		return Detail{}, err
	}
	if detail.Copied, err = d.Store.Copies(ctx, id); err != nil {
		return Detail{}, err
	}
	if ok, _ := access.Can(who.Subject, access.DocumentRead, detail.Object()); !ok {
		return Detail{}, missing
	}
	return detail, nil
}

// Documents lists the documents one may know of.
func (d *Desk) Documents(ctx context.Context, who auth.Who, f store.DocumentFilter) (
	store.Page[store.Document], error) {
	scope, err := needAny(who, access.DocumentRead)
	if err != nil {
		return store.Page[store.Document]{}, err
	}
	if f.Named, err = d.peopleNamed(ctx, f.Query); err != nil {
		return store.Page[store.Document]{}, err
	}
	return d.Store.Documents(ctx, scope, f)
}

// Draft is what somebody typed so far; ID "" makes a new one.
type Draft struct {
	ID      string
	Content document.Content
	Seen    time.Time // when its author last saw it saved; zero replaces it whatever it is by now
}

// SaveDraft writes what somebody typed so far. A draft may be as wrong as it likes;
// only Submit asks for sense.
//
// Errors: Forbidden document.not_on_behalf; Conflict draft.saved_elsewhere.
func (d *Desk) SaveDraft(ctx context.Context, who auth.Who, in Draft) (store.Document, error) {
	c, err := d.fill(ctx, who, in.Content)
	if err != nil {
		return store.Document{}, err
	}
	if err := d.entered(ctx, who, c); err != nil {
		return store.Document{}, err
	}
	if in.ID != "" && uuid.Validate(in.ID) != nil {
		return store.Document{}, fault.New(fault.NotFound, "draft.not_found")
	}
	return d.Store.SaveDraft(ctx, store.DraftInput{ID: in.ID, Content: c, Owner: who.Person.ID, Seen: in.Seen})
}

// fill puts in what is known of the author, and checks that they may write such
// a document at all.
func (d *Desk) fill(ctx context.Context, who auth.Who, c document.Content) (document.Content, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	c = Filled(c, who.Person.ID, snapshot)
	object := access.Object{Entity: c.Entity, Department: c.Department, Owners: []string{c.Submitter}}
	if err := need(who, access.DocumentCreate, object); err != nil {
		return c, err
	}
	return d.attach(ctx, who, c)
}

// Filled says for a form what its author left out: who it is for, where they
// work, and in what money.
func Filled(c document.Content, submitter string, snapshot *org.Snapshot) document.Content {
	c.Submitter = submitter
	if c.Requester == "" {
		c.Requester = c.Submitter
	}
	requester := snapshot.People[c.Requester]
	if c.Entity == "" {
		c.Entity = requester.Entity
	}
	if c.Department == "" {
		c.Department = requester.Department
	}
	if c.CostCenter == "" {
		c.CostCenter = costCenterOf(snapshot, requester, c.Department)
	}
	if c.Currency == "" {
		c.Currency = currencyOf(snapshot, c.Entity)
	}
	if c.Urgency == "" {
		c.Urgency = document.Normal
	}
	return c
}

func costCenterOf(snapshot *org.Snapshot, requester org.Person, department string) string {
	if requester.CostCenter != "" && requester.Department == department {
		return requester.CostCenter
	}
	return snapshot.Departments[department].CostCenter
}

// attach replaces every attachment by what was stored under its id: a caller
// names files, and never says what they are.
func (d *Desk) attach(ctx context.Context, who auth.Who, c document.Content) (document.Content, error) {
	var err error
	if c.Attachments, err = d.known(ctx, who, c.Attachments, "attachments"); err != nil {
		return c, err
	}
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		field := lineField(i, "attachments")
		if c.Lines[i].Attachments, err = d.known(ctx, who, c.Lines[i].Attachments, field); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (d *Desk) known(ctx context.Context, who auth.Who, list []document.Attachment, field string) (
	[]document.Attachment, error) {
	scope := access.ScopeFor(who.Subject, access.DocumentRead)
	var found []document.Attachment
	for _, a := range list {
		missing := fault.New(fault.Invalid, "attachment.not_found", fault.Arg("id", a.ID), fault.Field(field))
		if uuid.Validate(a.ID) != nil {
			return nil, missing
		}
		row, err := d.Store.Attachment(ctx, scope, a.ID)
		if fault.KindOf(err) == fault.NotFound {
			return nil, missing
		}
		if err != nil {
			return nil, err
		}
		found = append(found, row.Attachment)
	}
	return found, nil
}

// DeleteDraft forgets a draft of one's own.
func (d *Desk) DeleteDraft(ctx context.Context, who auth.Who, id string) error {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return err
	}
	if uuid.Validate(id) != nil {
		return fault.New(fault.NotFound, "draft.not_found")
	}
	return d.Store.DeleteDraft(ctx, access.Scope{Person: who.Person.ID}, id)
}

// Submit turns a draft into a document under approval: validated, completed,
// hashed, numbered, and started.
//
// Safe to repeat with the same key. A workflow that cannot be started now is no
// error: the document is submitted, and the relay starts it.
// Errors: Invalid with everything that is wrong, Conflict document.not_draft.
func (d *Desk) Submit(ctx context.Context, who auth.Who, id string, copies CC, key Key) (store.Document, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return store.Document{}, err
	}
	if err := need(who, access.DocumentSubmit, objectOf(detail.Document, nil)); err != nil {
		return store.Document{}, err
	}
	content := detail.Content
	if detail.Status == approval.Draft {
		if err := d.entered(ctx, who, content); err != nil {
			return store.Document{}, err
		}
		if content, err = d.Complete(ctx, content); err != nil {
			return store.Document{}, err
		}
	}
	in := store.SubmitInput{ID: id, Content: content}
	if in.CC, in.CCRemark, err = d.copiedWith(ctx, who, copies); err != nil {
		return store.Document{}, err
	}
	return d.submit(ctx, who, in, key)
}

// copiedWith are the people who are copied in with a submission; nobody need be.
func (d *Desk) copiedWith(ctx context.Context, who auth.Who, in CC) ([]string, string, error) {
	if len(in.People) == 0 {
		return nil, "", nil
	}
	people, err := d.copied(ctx, who, in, "cc")
	return people, strings.TrimSpace(in.Remark), err
}

// submit hashes and stores a completed content, then starts its workflow.
func (d *Desk) submit(ctx context.Context, who auth.Who, in store.SubmitInput, key Key) (store.Document, error) {
	var err error
	in.Actor = who.Person.ID
	if in.Idem, err = key.of(who); err != nil {
		return store.Document{}, err
	}
	if in.Hash, err = evidence.HashOf(in.Content); err != nil {
		return store.Document{}, err
	}
	t, err := d.Type(ctx, in.Content.Type)
	if err != nil {
		return store.Document{}, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return store.Document{}, err
	}
	in.NumberPrefix, in.YearZone = t.NumberPrefix, zoneOf(snapshot, in.Content.Entity)
	doc, err := d.Store.Submit(ctx, in)
	crash.At("submit.committed")
	if err != nil {
		return store.Document{}, err
	}
	if !in.Bulk {
		d.start(ctx, doc)
	}
	crash.At("submit.started")
	return doc, nil
}

// start starts the workflow now where it can. Whatever goes wrong here is left
// to the relay: the document is submitted, and the outbox waits for the workflow's
// own first record.
func (d *Desk) start(ctx context.Context, doc store.Document) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), startMax)
	defer stop()
	err := d.Engine.Start(ctx, engine.StartRequest{
		Document: doc.ID, Number: doc.Number, Type: doc.Type, Title: doc.Title, Entity: doc.Entity,
		Department: doc.Department, Urgency: string(doc.Urgency), Submitter: doc.Submitter,
	})
	if err != nil {
		slog.WarnContext(ctx, "workflow not started yet; the relay will", "document", doc.ID, "error", err.Error())
	}
}

func currencyOf(snapshot *org.Snapshot, entity string) money.Currency {
	return money.Currency(snapshot.Entities[entity].Currency)
}

// Complete validates a content and fills in what the house knows better.
//
// Errors: Invalid, every fault with its field.
func (d *Desk) Complete(ctx context.Context, c document.Content) (document.Content, error) {
	t, err := d.Type(ctx, c.Type)
	if err != nil {
		return c, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	today := d.today(snapshot, c.Entity)
	if err := fault.Join(doctype.Validate(t, c, snapshot, today)); err != nil {
		return c, err
	}
	if c, err = d.resolve(ctx, t, c, snapshot); err != nil {
		return c, err
	}
	return doctype.Complete(t, c, snapshot, d.rates(ctx, today))
}

// Submission is a content that was never a draft.
type Submission struct {
	Content document.Content
	CC      CC
	Bulk    bool            // an import: starts after everything interactive
	Origin  document.Origin // of what another system had made
}

// SubmitNew submits a content that was never a draft, as the import does.
func (d *Desk) SubmitNew(ctx context.Context, who auth.Who, asked Submission, key Key) (store.Document, error) {
	c, err := d.finished(ctx, who, asked.Content)
	if err != nil {
		return store.Document{}, err
	}
	in := store.SubmitInput{Content: c, Bulk: asked.Bulk, Origin: asked.Origin}
	if in.CC, in.CCRemark, err = d.copiedWith(ctx, who, asked.CC); err != nil {
		return store.Document{}, err
	}
	return d.submit(ctx, who, in, key)
}

// finished is a content that was never a draft, filled in, judged and completed.
func (d *Desk) finished(ctx context.Context, who auth.Who, c document.Content) (document.Content, error) {
	c, err := d.fill(ctx, who, c)
	if err != nil {
		return c, err
	}
	if err := d.entered(ctx, who, c); err != nil {
		return c, err
	}
	return d.Complete(ctx, c)
}
