package desk

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Intervention is what an administrator wants done to a document. 管理员干预
type Intervention struct {
	Document    string
	Ruling      string // reassign, jump, replan, release, void
	Round       int    // what they saw
	ContentHash string
	Opinion     string // why
	Channel     string
	Task        string    // to be reassigned or left; or as whose assignee the clock was stopped
	To          []string  // of reassign: account, address or whole name
	ToStep      string    // of jump
	Expires     time.Time // of the proposal, where two are needed; zero: proposal.LifeDefault from now
}

// Intervened is the answer: what became of the act, or the proposal that another
// administrator must approve first.
type Intervened struct {
	Acted
	Proposal *store.ProposalRow // nil where one administrator was enough
}

// Intervene does to a document what its people cannot do by themselves. Where it
// is about money nothing happens yet: it is proposed to a second administrator, and
// what the rules would refuse whoever approves it is no proposal.
//
// Safe to repeat with the same key. Errors: NotFound document.not_found, Forbidden
// access.denied, intervention.interested, Invalid act.to_unknown, act.to_several,
// proposal.bad_expiry, and the rules' own.
func (d *Desk) Intervene(ctx context.Context, who auth.Who, in Intervention, key Key) (Intervened, error) {
	detail, err := d.mine(ctx, who, in.Document, access.DocumentIntervene)
	if err != nil {
		return Intervened{}, err
	}
	if err := d.uninvolved(ctx, who.Person.ID, detail.Document); err != nil {
		return Intervened{}, err
	}
	act := approval.Act{
		Name: approval.Intervene, Document: detail.ID, Ruling: in.Ruling, Task: in.Task, Round: in.Round,
		ContentHash: in.ContentHash, Opinion: strings.TrimSpace(in.Opinion), Channel: in.Channel, ToStep: in.ToStep,
	}
	if act.To, err = d.meant(ctx, in.To); err != nil {
		return Intervened{}, err
	}
	state, err := d.State(ctx, detail.ID)
	if err != nil {
		return Intervened{}, err
	}
	if !state.TwoPeople() {
		acted, err := d.act(ctx, who, act, key, func() error { return finality(detail.Document) })
		return Intervened{Acted: acted}, err
	}
	life := proposal.LifeDefault
	if !in.Expires.IsZero() {
		life = in.Expires.Sub(d.now())
	}
	p, err := d.proposeAct(ctx, who, state, act, life, key)
	return Intervened{Proposal: &p}, err
}

// proposeAct keeps an intervention for a second administrator.
func (d *Desk) proposeAct(ctx context.Context, who auth.Who, state approval.State, act approval.Act,
	life time.Duration, key Key) (store.ProposalRow, error) {
	id := idOf(who, key)
	_, err := d.Store.Proposal(ctx, id)
	if fault.CodeOf(err) == "proposal.not_found" { // else a repeat finds its first answer
		tried := act
		tried.ID, tried.Actor = id, who.Person.ID
		err := state.Intervenable(tried, d.now())
		if f, refused := fault.As(err); refused {
			err = d.Named(ctx, who, act.Document, f)
		}
		if err != nil {
			return store.ProposalRow{}, err
		}
	}
	payload, hash, err := store.Proposed(act)
	if err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	return d.Store.Propose(ctx, store.ProposalInput{
		ID: id, Kind: proposal.Intervention, Subject: act.Document, Hash: hash, Payload: payload, Base: act.Round,
		Note: act.Opinion, Maker: who.Person.ID, Life: life, Idem: idem,
	})
}

// uninvolved refuses who submitted a document, whom it is for and who is paid by
// it, with whatever account. The database holds it too.
//
// Errors: Forbidden intervention.interested.
func (d *Desk) uninvolved(ctx context.Context, person string, doc store.Document) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, interested := range PartiesOf(doc) {
		if person == interested || snapshot.Same(person, interested) {
			return fault.New(fault.Forbidden, "intervention.interested", fault.Arg("person", person))
		}
	}
	return nil
}

// PartiesOf are who submitted a document, whom it is for, and who is paid by it.
func PartiesOf(doc store.Document) []string {
	people := []string{doc.Submitter, doc.Requester}
	if doc.Payee.Kind == document.PayeeEmployee {
		people = append(people, doc.Payee.ID)
	}
	return people
}

// Interventions lists what was proposed for a document, the newest first, for whoever
// may read what is proposed there: administrators, and auditors, who act on none.
func (d *Desk) Interventions(ctx context.Context, who auth.Who, id string) ([]store.ProposalRow, error) {
	detail, err := d.mine(ctx, who, id, access.PolicyReview)
	if err != nil {
		return nil, err
	}
	return d.Store.Interventions(ctx, detail.ID)
}

// Meant is the act that an intervention proposes, without who does it.
func Meant(p store.ProposalRow) (approval.Act, error) {
	var act approval.Act
	err := json.Unmarshal([]byte(p.Payload), &act)
	return act, err
}

// decideIntervention is the second administrator's word. An approval commits the
// act, with both their names in it, in the transaction that approves; then it is
// delivered as any act is. What the rules say of it stands in the proposal's Outcome.
func (d *Desk) decideIntervention(ctx context.Context, who auth.Who, p store.ProposalRow, v proposal.Verdict, key Key) (
	store.ProposalRow, error) {
	detail, err := d.mine(ctx, who, p.Subject, access.DocumentIntervene)
	if err != nil {
		return store.ProposalRow{}, err
	}
	if err := d.uninvolved(ctx, who.Person.ID, detail.Document); err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	v.Checker = who.Person.ID
	if !v.Approve {
		return d.Store.Decide(ctx, p.ID, v, idem)
	}
	if err := d.stillAdmin(ctx, p); err != nil {
		return store.ProposalRow{}, err
	}
	row, err := d.approved(p, who, channelOf(who))
	if err == nil {
		err = d.notTheirs(ctx, row.Act)
	}
	if err != nil {
		return store.ProposalRow{}, err
	}
	decided, err := d.Store.ApproveIntervention(ctx, row, v, idem)
	if err != nil || decided.Outcome != nil || decided.Checker != who.Person.ID {
		return decided, err
	}
	if refused := finality(detail.Document); refused != nil {
		_, err = d.refuse(ctx, row.Act, refused)
	} else {
		_, err = d.deliver(ctx, row.Act)
	}
	if err != nil {
		if _, refused := fault.As(err); !refused {
			slog.WarnContext(ctx, "intervention not delivered yet; the relay will", "act", p.ID, "error", err.Error())
		}
	}
	return d.Store.Proposal(ctx, p.ID)
}

// notTheirs refuses the approval of who would get the task by it: the rules would take no
// decision of theirs, so it would be approved and nothing done. It stays for another.
//
// Errors: Conflict intervention.to_approver.
func (d *Desk) notTheirs(ctx context.Context, act approval.Act) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, to := range act.To {
		if to == act.Actor || snapshot.Same(to, act.Actor) {
			return fault.New(fault.Conflict, "intervention.to_approver")
		}
	}
	return nil
}

// channelOf says how an act came.
func channelOf(who auth.Who) string {
	if who.Token != "" {
		return "api"
	}
	return "web"
}

// approved is the signed act that an approval commits.
func (d *Desk) approved(p store.ProposalRow, who auth.Who, channel string) (store.ActRow, error) {
	act, err := Meant(p)
	if err != nil {
		return store.ActRow{}, err
	}
	act.ID, act.Actor, act.Maker, act.Channel = p.ID, who.Person.ID, p.Maker, channel
	canonical, err := evidence.Canonical(act)
	if err != nil {
		return store.ActRow{}, err
	}
	signature, err := d.Signer.Sign(act)
	return store.ActRow{Act: act, Canonical: string(canonical), Signature: signature, OrgVersion: who.Version,
		Until: who.Until}, err
}

// stillAdmin refuses what was proposed by somebody who may propose it no more.
//
// Errors: Conflict intervention.maker_gone.
func (d *Desk) stillAdmin(ctx context.Context, p store.ProposalRow) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	holds := func(a org.Person) bool { return a.ID == p.Maker }
	if !slices.ContainsFunc(snapshot.Holders(access.Admin, p.Entity), holds) {
		return fault.New(fault.Conflict, "intervention.maker_gone", fault.Arg("maker", p.Maker))
	}
	return nil
}

// Replan shows what planning a document's route anew would make of it: the route
// it has, and the one it would get now.
//
// Errors: NotFound document.not_found, Forbidden access.denied; Conflict
// document.not_pending where there is no route to replace; policy's own.
func (d *Desk) Replan(ctx context.Context, who auth.Who, id string) (has, gets approval.Plan, err error) {
	detail, err := d.mine(ctx, who, id, access.DocumentIntervene)
	if err != nil {
		return has, gets, err
	}
	state, err := d.State(ctx, detail.ID)
	if err != nil {
		return has, gets, err
	}
	if state.Status != approval.Pending || state.Plan == nil {
		return has, gets, fault.New(fault.Conflict, "document.not_pending", fault.Arg("status", string(detail.Status)))
	}
	claim, err := detail.Content.AsClaimed() // as the route itself is found
	if err != nil {
		return has, gets, err
	}
	gets, err = d.routeAsIs(ctx, claim, id, state.Round+1)
	return *state.Plan, gets, err
}

// mayKnow says whether somebody may know of a proposal: an intervention is for those who
// may read what is proposed for its document's entity; a right for those of its entity, for who
// asked for it and for whose it is. A reversal is known by its voucher alone.
func mayKnow(who auth.Who, p store.ProposalRow) bool {
	if p.Kind.OfRights() {
		ok, _ := access.Can(who.Subject, access.GrantRead, rightsObject(p))
		return ok
	}
	if p.Kind == proposal.Reversal {
		return false // its room is beside its voucher
	}
	if p.Kind == proposal.Intervention {
		ok, _ := access.Can(who.Subject, access.PolicyReview, access.Object{Entity: p.Entity})
		return ok
	}
	return access.Has(who.Subject, access.PolicyReview)
}

// theirs is a proposal that somebody may know of.
//
// Errors: NotFound proposal.not_found.
func (d *Desk) theirs(ctx context.Context, who auth.Who, id string) (store.ProposalRow, error) {
	missing := fault.New(fault.NotFound, "proposal.not_found")
	if uuid.Validate(id) != nil {
		return store.ProposalRow{}, missing
	}
	p, err := d.Store.Proposal(ctx, id)
	if err == nil && !mayKnow(who, p) {
		err = missing
	}
	return p, err
}
