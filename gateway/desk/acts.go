package desk

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// Acted is the answer to an act: applied, or recorded and being applied.
type Acted struct {
	ID       string
	Document string
	Name     approval.Name
	NewHash  string // of the content it made, for a sanction and an amendment
	Pending  bool   // recorded and signed; ask again under the id
	Outcome  approval.Outcome
}

// Decision is what somebody decided about a task.
type Decision struct {
	Task        string
	Act         approval.Name // approve, reject, return
	Round       int           // what they saw
	ContentHash string
	Opinion     string
	Channel     string

	To     []string // whom: accounts, addresses or whole names
	Where  string   // before, after, beside: of an added signer
	ToStep string   // of a return: the step, "" for the submitter
	Back   string   // of a return: restart or straight
	Extra  string   // of an extension: how much longer

	Lines   []document.Approved // of a sanction, in the order of the lines
	Changes []document.Change   // of an amendment; what the fields were is not read

	Passkey *passkey.Assertion // what their passkey signed, where it is asked for

	// Later answers as soon as the act is committed: nobody waits for Temporal. What is
	// refused early is not committed at all.
	Later bool
}

// mayBeDelegated are the acts on a task that whoever decides for another may do. To
// hand a task on would be to delegate it once more, and nobody does that.
var mayBeDelegated = []approval.Name{
	approval.Approve, approval.Reject, approval.Return, approval.Sanction, approval.Amend,
}

// Decide carries a decision on a task, or whatever else an approver does with it.
//
// Safe to repeat with the same key. Errors: NotFound task.not_found where one
// may not know of it, Forbidden access.denied, Conflict task.stale saying who
// decided what and when, Forbidden delegation.* where a delegation to them does not
// hold now, act.sign_in_again, act.passkey_required, act.person_only, passkey.*, and the
// rules' own.
func (d *Desk) Decide(ctx context.Context, who auth.Who, in Decision, key Key) (Acted, error) {
	task, rule, err := d.deciding(ctx, who, in.Task)
	if err == nil {
		err = d.stillAsked(ctx, task)
	}
	if err != nil {
		return d.earlier(ctx, who, key, err)
	}
	if rule.ID != "" && !slices.Contains(mayBeDelegated, in.Act) {
		return Acted{}, fault.New(fault.Forbidden, "delegation.decides_only", fault.Arg("act", string(in.Act)))
	}
	act, err := d.meansTo(ctx, who, task, rule, in)
	if err != nil {
		return Acted{}, err
	}
	fresh, err := d.withSignIn(who, task, &act)
	if err != nil {
		return d.earlier(ctx, who, key, err)
	}
	next, err := d.patch(ctx, task, in, &act)
	if err != nil {
		return d.earlier(ctx, who, key, err)
	}
	if err := d.withPasskey(ctx, who, task, in, &act); err != nil {
		return d.earlier(ctx, who, key, err)
	}
	if err := d.keep(ctx, who, next, &act); err != nil {
		return d.earlier(ctx, who, key, err)
	}
	if err := d.meansSomething(ctx, act); err != nil {
		return d.earlier(ctx, who, key, err)
	}
	what := intent{act: act, key: key, delegation: rule.ID, fresh: fresh, later: in.Later}
	if in.Act != approval.Retract && in.Act != approval.RemoveSigner { // they are of a task that may be decided
		what.early = func() error { return d.staleness(ctx, task, in) }
	}
	return d.carry(ctx, who, what)
}

// meansTo is the act that somebody asks for, before it is proved whose it is.
func (d *Desk) meansTo(ctx context.Context, who auth.Who, task store.Task, rule delegation.Rule, in Decision) (
	approval.Act, error) {
	act := approval.Act{
		Name: in.Act, Document: task.Document, Task: in.Task, Round: in.Round, ContentHash: in.ContentHash,
		Actor: who.Person.ID, OnBehalfOf: rule.Person, Opinion: in.Opinion, Channel: in.Channel,
		Where: in.Where, ToStep: in.ToStep, Back: in.Back, Extra: in.Extra,
	}
	if task.Assignee == approval.AdminQueue {
		act.OnBehalfOf = approval.AdminQueue // TaskDecide on the queue is the admins' alone
	}
	var err error
	act.To, err = d.meant(ctx, in.To)
	return act, err
}

// meansSomething refuses to ask for advice without a question, and a way straight back
// from the submitter in a round that was planned before there was one. Such acts were
// taken then and did nothing, so the refusal is not among the rules that replay judges by.
//
// Errors: Invalid act.question_required, act.bad_back, act.back_without_step.
func (d *Desk) meansSomething(ctx context.Context, a approval.Act) error {
	switch {
	case a.Name == approval.Consult && len(a.To) > 0 && strings.TrimSpace(a.Opinion) == "":
		return fault.New(fault.Invalid, "act.question_required", fault.Field("opinion"))
	case a.Name != approval.Return || a.ToStep != "" || a.Back == "" || a.Back == approval.BackRestart:
		return nil
	case a.Back != approval.BackStraight:
		return fault.New(fault.Invalid, "act.bad_back", fault.Field("back"), fault.Arg("back", a.Back))
	}
	state, err := d.State(ctx, a.Document)
	if err == nil && !state.KnowsStraightBack() {
		err = fault.New(fault.Invalid, "act.back_without_step", fault.Field("back"))
	}
	return err
}

// staleness refuses early what the workflow would refuse: what the read model
// says is over, is over, and who ended it, and how.
func (d *Desk) staleness(ctx context.Context, task store.Task, in Decision) error {
	if task.State == approval.TaskOpen {
		if in.Round != task.Round || in.ContentHash != task.ContentHash {
			return fault.New(fault.Conflict, "task.changed")
		}
		return nil
	}
	var err error
	if task.Ended, err = d.Store.TaskEnd(ctx, task.Document, task.ID); err != nil {
		return err
	}
	return approval.TooLate(task.Task, nil, task.DocumentStatus)
}

// Task is one task that somebody may know of: their own, their queue's, or one
// of a document they may read.
func (d *Desk) Task(ctx context.Context, who auth.Who, id string) (store.Task, error) {
	task, err := d.Store.Task(ctx, id)
	if err != nil {
		return store.Task{}, err
	}
	own := access.Object{
		Entity: task.Entity, Owners: []string{task.Submitter, task.Requester},
		Assignees: []string{task.Assignee, task.DecidedBy},
	}
	if ok, _ := access.Can(who.Subject, access.DocumentRead, own); ok {
		return task, nil // the row tells enough: no need to load the document
	}
	if _, err := d.Document(ctx, who, task.Document); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return store.Task{}, fault.New(fault.NotFound, "task.not_found")
		}
		return store.Task{}, err
	}
	return task, nil
}

// Withdraw takes a document back while it is under approval.
func (d *Desk) Withdraw(ctx context.Context, who auth.Who, id, opinion, channel string, key Key) (Acted, error) {
	detail, err := d.mine(ctx, who, id, access.DocumentWithdraw)
	if err != nil {
		return Acted{}, err
	}
	act := approval.Act{Name: approval.Withdraw, Document: detail.ID, Opinion: opinion, Channel: channel}
	return d.act(ctx, who, act, key, func() error { return finality(detail.Document) })
}

// finality refuses early what comes after the end. It never changes, and long
// after a document was closed its workflow is forgotten: nobody else would answer.
func finality(doc store.Document) error {
	if !doc.Status.Final() {
		return nil
	}
	return fault.New(fault.Conflict, "document.final", fault.Arg("status", string(doc.Status)))
}

func (d *Desk) mine(ctx context.Context, who auth.Who, id, permission string) (Detail, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return Detail{}, err
	}
	return detail, need(who, permission, detail.Object())
}

// intent is an act that somebody means to do, once their right to it was judged.
type intent struct {
	act        approval.Act
	key        Key
	delegation string                // the rule by which they do it for another, "" for none
	fresh      *approval.FreshSignIn // that the act's sign-in must be; nil for whatever it is
	early      func() error          // refuses before delivery; nil for nothing
	later      bool                  // see Decision.Later
}

// act carries an act of one's own.
func (d *Desk) act(ctx context.Context, who auth.Who, a approval.Act, key Key, early func() error) (Acted, error) {
	return d.carry(ctx, who, intent{act: a, key: key, early: early})
}

// carry commits, delivers and answers. Commit comes before every other judgement
// but that of rights: what was received is on file, and a repeat finds it.
func (d *Desk) carry(ctx context.Context, who auth.Who, in intent) (Acted, error) {
	if in.later {
		return d.take(ctx, who, in)
	}
	row, fresh, err := d.commit(ctx, who, in)
	crash.At("act.committed")
	if err != nil {
		return Acted{}, err
	}
	acted, err := d.settle(ctx, row, fresh, in.early)
	if f, refused := fault.As(err); refused {
		return acted, d.Named(ctx, who, row.Act.Document, f)
	}
	return acted, err
}

func (d *Desk) settle(ctx context.Context, row store.ActRow, fresh bool, early func() error) (Acted, error) {
	if row.Outcome != nil {
		return answer(row.Act, *row.Outcome)
	}
	if fresh && early != nil {
		if refused := early(); refused != nil {
			return d.refuse(ctx, row.Act, refused)
		}
	}
	return d.deliver(ctx, row.Act)
}

// deliver gives a committed act to its workflow and answers with what became of it.
func (d *Desk) deliver(ctx context.Context, act approval.Act) (Acted, error) {
	outcome, err := d.Engine.Deliver(ctx, act)
	crash.At("act.delivered")
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		if err != nil {
			return d.refuse(ctx, act, err)
		}
	}
	if err != nil {
		if fault.CodeOf(err) != "act.pending" {
			slog.WarnContext(ctx, "act not delivered yet; the relay will", "act", act.ID, "error", err.Error())
		}
		return Acted{
			ID: act.ID, Document: act.Document, Name: act.Name, NewHash: act.NewHash, Pending: true,
		}, nil
	}
	d.Receipts.add(act.ID)
	return answer(act, outcome)
}

func (d *Desk) commit(ctx context.Context, who auth.Who, in intent) (store.ActRow, bool, error) {
	a := in.act
	a.ID = uuid.Must(uuid.NewV7()).String()
	a.Actor = who.Person.ID
	idem, err := in.key.of(who)
	if err != nil {
		return store.ActRow{}, false, err
	}
	canonical, err := evidence.Canonical(a)
	if err != nil {
		return store.ActRow{}, false, err
	}
	signature, err := d.Signer.Sign(a)
	if err != nil {
		return store.ActRow{}, false, err
	}
	return d.Store.CommitAct(ctx, store.ActRow{
		Act: a, Canonical: string(canonical), Signature: signature, Idem: idem, OrgVersion: who.Version, Until: who.Until,
		Delegation: in.delegation, Fresh: in.fresh,
	})
}

// refuse stores why an act was refused, and answers with what is stored: if
// somebody applied it meanwhile, that is the truth.
func (d *Desk) refuse(ctx context.Context, a approval.Act, refused error) (Acted, error) {
	f, ok := fault.As(refused)
	if !ok {
		return Acted{}, refused
	}
	stored, err := d.Store.RefuseAct(ctx, a.ID, approval.Outcome{Code: f.Code, Kind: string(f.Kind), Args: f.Args})
	if fault.CodeOf(err) == "document.unattended" {
		slog.ErrorContext(ctx, "the workflow of an open document is over; an operator must mend it", "document", a.Document)
		return Acted{ID: a.ID, Document: a.Document, Name: a.Name, Pending: true}, nil
	}
	if err != nil {
		return Acted{}, err
	}
	if stored.Code != approval.OK {
		d.Receipts.add(a.ID) // it changed nothing that a workflow would have to know
	}
	return answer(a, stored)
}

// answer is an outcome as the caller gets it: a refusal is an error again.
func answer(a approval.Act, o approval.Outcome) (Acted, error) {
	if o.Code == approval.OK {
		return Acted{ID: a.ID, Document: a.Document, Name: a.Name, NewHash: a.NewHash, Outcome: o}, nil
	}
	return Acted{}, &fault.Fault{Kind: fault.Kind(o.Kind), Code: o.Code, Args: o.Args}
}

// Act is how far an act is, for whom did it and whoever may read its document.
func (d *Desk) Act(ctx context.Context, who auth.Who, id string) (store.ActRow, error) {
	missing := fault.New(fault.NotFound, "act.not_found")
	if uuid.Validate(id) != nil {
		return store.ActRow{}, missing
	}
	row, err := d.Store.Act(ctx, id)
	if err != nil {
		return store.ActRow{}, err
	}
	if row.Act.Actor == who.Person.ID {
		return row, nil
	}
	if _, err := d.Document(ctx, who, row.Act.Document); err != nil {
		return store.ActRow{}, missing
	}
	return row, nil
}

// Release lets the clock of a document run again: by who stopped it, or with what
// the submitter was asked for.
//
// Errors: NotFound document.not_found, and the rules' own.
func (d *Desk) Release(ctx context.Context, who auth.Who, id, opinion, channel string, key Key) (Acted, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return Acted{}, err
	}
	act := approval.Act{Name: approval.Release, Document: detail.ID, Opinion: opinion, Channel: channel}
	return d.act(ctx, who, act, key, nil)
}
