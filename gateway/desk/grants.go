package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Rights is what somebody may do in the house, and how they came to it.
type Rights struct {
	Person  org.Person
	Grants  []store.Sourced   // in force and to come
	History []store.RoleGrant // granted here, or taken away here, the newest first
	Heads   []org.Department  // whose head they are
	Posts   []org.Post
}

// personsRights is the object of a person's rights: theirs, and their manager's to know.
func personsRights(s *org.Snapshot, person string) access.Object {
	o := access.Object{Entity: s.People[person].Entity, Owners: []string{person}}
	if manager, ok := s.Manager(person); ok {
		o.Owners = append(o.Owners, manager.ID)
	}
	return o
}

// Rights tells what somebody may do.
//
// Errors: NotFound person.not_found where one may not know of it.
func (d *Desk) Rights(ctx context.Context, who auth.Who, person string) (Rights, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return Rights{}, err
	}
	p, known := snapshot.People[person]
	if may, _ := access.Can(who.Subject, access.GrantRead, personsRights(snapshot, person)); !known || !may {
		return Rights{}, fault.New(fault.NotFound, "person.not_found")
	}
	rights := Rights{Person: p}
	if rights.Grants, err = d.Store.SourcedGrants(ctx, 0, person); err != nil {
		return Rights{}, err
	}
	now := d.now()
	rights.Grants = slices.DeleteFunc(rights.Grants, func(g store.Sourced) bool {
		return !g.Until.IsZero() && !now.Before(g.Until)
	})
	if rights.History, err = d.Store.RoleGrants(ctx, person); err != nil {
		return Rights{}, err
	}
	for _, department := range snapshot.Departments {
		if department.Head == person {
			rights.Heads = append(rights.Heads, department)
		}
	}
	slices.SortFunc(rights.Heads, func(a, b org.Department) int { return strings.Compare(a.ID, b.ID) })
	for _, post := range snapshot.Posts {
		if post.Person == person {
			rights.Posts = append(rights.Posts, post)
		}
	}
	return rights, nil
}

// RequestRole asks for a role, for oneself, for somebody who answers to one, or as an
// administrator for anybody; an administrator who is neither approves it.
//
// Safe to repeat with the same key. Errors: Forbidden access.denied; those of
// access.RoleRequest.Check; Conflict idempotency.reused.
func (d *Desk) RequestRole(ctx context.Context, who auth.Who, r access.RoleRequest, key Key) (
	store.ProposalRow, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return store.ProposalRow{}, err
	}
	o := personsRights(snapshot, r.Person)
	o.Entity = r.Entity
	if err := need(who, access.GrantRequest, o); err != nil {
		return store.ProposalRow{}, err
	}
	r.From, r.Until = r.From.UTC().Truncate(time.Second), r.Until.UTC().Truncate(time.Second)
	r.Reason = strings.TrimSpace(r.Reason)
	return d.askRight(ctx, who, proposal.Grant, r.Person, r, key)
}

// RevokeGrant asks that a right be taken away, as RequestRole asks for one.
//
// Safe to repeat with the same key. Errors: NotFound grant.not_found where one may not
// know of it; Forbidden access.denied; those of access.Revocation.Check.
func (d *Desk) RevokeGrant(ctx context.Context, who auth.Who, person, grant, reason string, key Key) (
	store.ProposalRow, error) {
	r, err := d.revocable(ctx, who, person, grant, reason, access.GrantRequest)
	if err != nil {
		return store.ProposalRow{}, err
	}
	return d.askRight(ctx, who, proposal.Revocation, person, r, key)
}

// RevokeAtOnce takes a right away by one administrator's word, for an emergency:
// every administrator is told.
//
// Safe to repeat with the same key. Errors: as RevokeGrant.
func (d *Desk) RevokeAtOnce(ctx context.Context, who auth.Who, person, grant, reason string, key Key) error {
	r, err := d.revocable(ctx, who, person, grant, reason, access.GrantDecide)
	if err != nil {
		return err
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	return d.Store.RevokeAtOnce(ctx, r, who.Person.ID, idem)
}

// revocable is the right of somebody that is to be taken away, if one may.
func (d *Desk) revocable(ctx context.Context, who auth.Who, person, grant, reason, permission string) (
	access.Revocation, error) {
	rights, err := d.Rights(ctx, who, person)
	if err != nil {
		return access.Revocation{}, fault.New(fault.NotFound, "grant.not_found")
	}
	whole := org.Snapshot{}
	for _, g := range rights.Grants {
		whole.Grants = append(whole.Grants, g.Grant)
	}
	r, err := access.RevocationOf(&whole, person, grant, strings.TrimSpace(reason))
	if err != nil {
		return r, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return r, err
	}
	o := personsRights(snapshot, person)
	o.Entity = r.Entity
	return r, need(who, permission, o)
}

func (d *Desk) askRight(ctx context.Context, who auth.Who, kind proposal.Kind, person string, asked any, key Key) (
	store.ProposalRow, error) {
	payload, err := evidence.Canonical(asked)
	if err != nil {
		return store.ProposalRow{}, err
	}
	hash, err := evidence.HashOf(asked)
	if err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	return d.Store.Propose(ctx, store.ProposalInput{
		ID: idOf(who, key), Kind: kind, Subject: person, Hash: hash, Payload: string(payload), Maker: who.Person.ID,
		Idem: idem,
	})
}

// RightRequests lists what was asked about rights, the newest first: as an
// administrator or an auditor all of one's entities, else one's own.
func (d *Desk) RightRequests(ctx context.Context, who auth.Who, f store.ProposalFilter) (
	store.Page[store.ProposalRow], error) {
	scope, err := needAny(who, access.GrantRead)
	if err != nil {
		return store.Page[store.ProposalRow]{}, err
	}
	f.Rights = &scope
	return d.Store.Proposals(ctx, f)
}

// RightRequest is one of them.
//
// Errors: NotFound proposal.not_found.
func (d *Desk) RightRequest(ctx context.Context, who auth.Who, id string) (store.ProposalRow, error) {
	p, err := d.theirs(ctx, who, id)
	if err == nil && !p.Kind.OfRights() {
		err = fault.New(fault.NotFound, "proposal.not_found")
	}
	return p, err
}

// AskedRole is what a proposal asks for about rights: a role to give, or the one to take away.
func AskedRole(p store.ProposalRow) access.RoleRequest {
	var r access.RoleRequest
	_ = json.Unmarshal([]byte(p.Payload), &r) // written by ourselves; a revocation has the same names
	return r
}

// rightsObject is what a decision on a proposal about rights is judged by.
func rightsObject(p store.ProposalRow) access.Object {
	return access.Object{Entity: AskedRole(p).Entity, Owners: []string{p.Subject, p.Maker}}
}

// decideRight is the second person's word on a right.
func (d *Desk) decideRight(ctx context.Context, who auth.Who, p store.ProposalRow, v proposal.Verdict, key Key) (
	store.ProposalRow, error) {
	if err := need(who, access.GrantDecide, rightsObject(p)); err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	v.Checker = who.Person.ID
	return d.Store.Decide(ctx, p.ID, v, idem)
}
