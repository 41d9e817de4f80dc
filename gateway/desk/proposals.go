package desk

import (
	"context"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
	"github.com/countersign/countersign/store"
)

const kindMapping = "mapping"

// ProposalInput is a text that somebody wants to be the next version.
type ProposalInput struct {
	Kind    proposal.Kind
	Subject string
	YAML    string
	Note    string
	Expires time.Time // zero: proposal.LifeDefault from now
}

// Propose keeps a policy, a document type or a mapping for a second person to
// publish. It is parsed and checked first: what is not fit is no proposal.
//
// Safe to repeat with the same key. Errors: Forbidden access.denied; Invalid with
// everything that is wrong with the text (yaml.*, policy.*, type.*, booking.*),
// proposal.other_subject, proposal.bad_expiry, proposal.too_long; Conflict
// proposal.in_force, idempotency.reused.
func (d *Desk) Propose(ctx context.Context, who auth.Who, in ProposalInput, key Key) (store.ProposalRow, error) {
	if err := need(who, access.PolicyPropose, access.Object{}); err != nil {
		return store.ProposalRow{}, err
	}
	if err := knownKind(in.Kind); err != nil {
		return store.ProposalRow{}, err
	}
	hash, err := d.publishable(ctx, in.Kind, in.Subject, in.YAML)
	if err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	life := proposal.LifeDefault
	if !in.Expires.IsZero() {
		life = in.Expires.Sub(d.now())
	}
	return d.Store.Propose(ctx, store.ProposalInput{
		ID: idOf(who, key), Kind: in.Kind, Subject: in.Subject, Hash: hash, Payload: in.YAML,
		Note: strings.TrimSpace(in.Note), Maker: who.Person.ID, Life: life, Idem: idem,
	})
}

// Proposals lists proposals, the newest first.
func (d *Desk) Proposals(ctx context.Context, who auth.Who, f store.ProposalFilter) (
	store.Page[store.ProposalRow], error) {
	if _, err := needAny(who, access.PolicyReview); err != nil {
		return store.Page[store.ProposalRow]{}, err
	}
	reads := access.ScopeFor(who.Subject, access.PolicyReview)
	f.Interventions = &reads
	return d.Store.Proposals(ctx, f)
}

// Proposal is one proposal with its text.
func (d *Desk) Proposal(ctx context.Context, who auth.Who, id string) (store.ProposalRow, error) {
	p, err := d.theirs(ctx, who, id)
	if err == nil && p.Kind.OfRights() {
		return p, nil
	}
	if _, denied := needAny(who, access.PolicyReview); denied != nil {
		return store.ProposalRow{}, denied
	}
	return p, err
}

// DecideProposal is the second person's word on a proposal. Before it is approved
// the text is checked again: people may have left since it was proposed.
//
// An intervention is for an administrator, and becomes an act on its document: what
// the rules say of that stands in the Outcome of the answer. A right is for an
// administrator of where it holds who neither asked for it nor has it.
//
// Safe to repeat with the same key. Errors: Forbidden access.denied,
// proposal.own, intervention.interested; NotFound proposal.not_found; Conflict proposal.decided,
// proposal.expired, proposal.changed, proposal.outdated; Invalid
// proposal.reason_required, and whatever is wrong with the text by now.
func (d *Desk) DecideProposal(ctx context.Context, who auth.Who, id string, v proposal.Verdict, key Key) (
	store.ProposalRow, error) {
	publishes := need(who, access.PolicyPublish, access.Object{})
	p, err := d.theirs(ctx, who, id)
	switch {
	case p.Kind.OfRights() && err == nil:
		return d.decideRight(ctx, who, p, v, key)
	case publishes != nil && !access.Has(who.Subject, access.DocumentIntervene):
		return store.ProposalRow{}, publishes
	case err != nil:
		return store.ProposalRow{}, err
	case p.Kind == proposal.Intervention:
		return d.decideIntervention(ctx, who, p, v, key)
	case publishes != nil:
		return store.ProposalRow{}, publishes
	}
	if v.Approve && p.StateNow() == proposal.Open {
		if _, err := d.publishable(ctx, p.Kind, p.Subject, p.Payload); err != nil {
			return store.ProposalRow{}, err
		}
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	v.Checker = who.Person.ID
	return d.Store.Decide(ctx, id, v, idem)
}

// publishable reads and checks a text and tells the hash its version will have.
func (d *Desk) publishable(ctx context.Context, kind proposal.Kind, subject, yaml string) (string, error) {
	var id, hash string
	var err error
	switch kind {
	case proposal.Calendar:
		return calendarFit(subject, yaml)
	case proposal.Policy:
		id, hash, err = d.policyFit(ctx, subject, yaml)
	case proposal.Type:
		id, hash, err = d.typeFit(ctx, subject, yaml)
	case proposal.Mapping:
		id, hash, err = d.mappingFit(ctx, subject, yaml)
	default:
		return "", fault.New(fault.Invalid, "proposal.unknown_kind", fault.Field("kind"), fault.Arg("kind", string(kind)))
	}
	if err != nil {
		return "", err
	}
	if other := sameSubject(subject, id); other != nil {
		return "", other
	}
	return hash, nil
}

// sameSubject refuses a text under another name than its own.
func sameSubject(subject, found string) *fault.Fault {
	if subject == found {
		return nil
	}
	return fault.New(fault.Invalid, "proposal.other_subject", fault.Field("yaml"), fault.Arg("id", subject),
		fault.Arg("found", found))
}

func (d *Desk) policyFit(ctx context.Context, subject, yaml string) (id, hash string, err error) {
	p, err := policy.Parse(subject, []byte(yaml))
	if err != nil {
		return "", "", err
	}
	types, err := d.Types(ctx)
	if err != nil {
		return "", "", err
	}
	return p.ID, p.Hash(), d.policyStands(ctx, p, typesOf(types...))
}

// typeFit also asks whether the policy it names goes well with it: a field that a
// step asks for must stay.
func (d *Desk) typeFit(ctx context.Context, subject, yaml string) (id, hash string, err error) {
	t, err := doctype.Parse(subject, []byte(yaml))
	if err != nil {
		return "", "", err
	}
	places, err := doctype.Places(subject, []byte(yaml))
	if err != nil {
		return "", "", err
	}
	p, _, err := d.policyInForce(ctx, t.Policy)
	if err != nil {
		return "", "", namesNothing(places, "policy", err)
	}
	if t.Mapping != "" {
		if _, err := d.Store.PolicyInForce(ctx, kindMapping, t.Mapping); err != nil {
			return "", "", namesNothing(places, "mapping", err)
		}
	}
	if err := d.policyStands(ctx, p, typesOf(t)); err != nil {
		return "", "", err
	}
	hash, err = evidence.HashOf(t)
	return t.ID, hash, err
}

// mappingFit holds a mapping against its type as it is in force: a category's
// account is published after the category.
func (d *Desk) mappingFit(ctx context.Context, subject, yaml string) (id, hash string, err error) {
	m, err := booking.Parse(subject, []byte(yaml))
	if err != nil {
		return "", "", err
	}
	t, err := d.Type(ctx, m.Type)
	if err != nil {
		return "", "", err
	}
	if wrong := booking.Check(m, t); len(wrong) > 0 {
		return "", "", fault.Join(wrong)
	}
	proof, err := d.proveMapping(ctx, m, t)
	if err != nil {
		return "", "", err
	}
	if len(proof.Faults) > 0 {
		return "", "", fault.Join(proof.Faults)
	}
	hash, err = evidence.HashOf(m)
	return m.ID, hash, err
}

// namesNothing makes a text that names what is not there the request's fault, at its line.
func namesNothing(places *source.Text, field string, err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.NotFound {
		return err
	}
	return places.Fault("proposal.names_nothing", field, fault.Arg("field", field), fault.Arg("id", f.Args["id"]))
}

func typesOf(list ...*doctype.Type) policy.Types {
	types := policy.Types{}
	for _, t := range list {
		types[t.ID] = t
	}
	return types
}

// policyStands answers with every error that the proof finds: a policy that leaves
// some request without an approver is not published. «countersign policy check»
// tells the request.
func (d *Desk) policyStands(ctx context.Context, p *policy.Policy, types policy.Types) error {
	proof, err := d.prove(ctx, p, types)
	if err != nil {
		return err
	}
	var faults []*fault.Fault
	for _, finding := range proof.Findings {
		if finding.Level == policy.LevelError {
			faults = append(faults, finding.Fault)
		}
	}
	return fault.Join(faults)
}

// prove tries a policy on the organisation as it is. Mappings are no part of it:
// a category's account is published after the category.
func (d *Desk) prove(ctx context.Context, p *policy.Policy, types policy.Types) (policy.Proof, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return policy.Proof{}, err
	}
	have, err := d.Store.HavePasskeys(ctx)
	if err != nil {
		return policy.Proof{}, err
	}
	return policy.Prove(p, policy.Ground{Types: types, Org: snapshot, Passkeys: have}), nil
}
