package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// standsIn lists the rules by which somebody may decide an open task of these
// now, for its assignee. A rule holds while both its people work here, and never
// on a document in which somebody is interested, under whichever account.
func (d *Desk) standsIn(ctx context.Context, who auth.Who, tasks []store.Task) ([]delegation.Rule, error) {
	if !slices.ContainsFunc(tasks, func(t store.Task) bool { return t.State == approval.TaskOpen }) {
		return nil, nil
	}
	rules, err := d.Store.Delegations(ctx, store.DelegationFilter{Delegate: who.Person.ID, Live: true})
	if err != nil || len(rules) == 0 {
		return nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var holding []delegation.Rule
	for _, t := range tasks {
		if t.State != approval.TaskOpen || interestedIn(snapshot, t, who.Person.ID) {
			continue
		}
		for _, r := range delegation.InForce(rules, d.now(), t.Type, t.BaseClaimed) {
			if r.Person == t.Assignee && snapshot.Active(r.Person) && !slices.ContainsFunc(holding, same(r)) {
				holding = append(holding, r)
			}
		}
	}
	return holding, nil
}

func same(r delegation.Rule) func(delegation.Rule) bool {
	return func(o delegation.Rule) bool { return o.ID == r.ID }
}

// interestedIn says early what the rules of approval say: who submitted it, or
// for whom it is, never decides. The payee is theirs to know.
func interestedIn(snapshot *org.Snapshot, t store.Task, person string) bool {
	return snapshot.Same(person, t.Submitter) || snapshot.Same(person, t.Requester)
}

// principals are those for whom somebody decides by rules in force now, whatever
// the document.
func (d *Desk) principals(ctx context.Context, who auth.Who) ([]string, error) {
	rules, err := d.Store.Delegations(ctx, store.DelegationFilter{Delegate: who.Person.ID, Live: true})
	if err != nil || len(rules) == 0 {
		return nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, r := range rules {
		if r.At(d.now()) == delegation.Current && snapshot.Active(r.Person) && !slices.Contains(people, r.Person) {
			people = append(people, r.Person)
		}
	}
	return people, nil
}

// deciding finds a task that somebody may decide: their own, their queue's, or
// by the rule it answers with, somebody else's.
//
// Errors: NotFound task.not_found, Forbidden access.denied; to whom it was once
// delegated, Forbidden with the reason why that rule does not hold now.
func (d *Desk) deciding(ctx context.Context, who auth.Who, id string) (store.Task, delegation.Rule, error) {
	task, err := d.Task(ctx, who, id)
	if err == nil {
		err = need(who, access.TaskDecide, access.Object{Entity: task.Entity, Assignees: []string{task.Assignee}})
		if err == nil {
			return task, delegation.Rule{}, nil
		}
	}
	if kind := fault.KindOf(err); kind != fault.NotFound && kind != fault.Forbidden {
		return store.Task{}, delegation.Rule{}, err
	}
	stored, findErr := d.Store.Task(ctx, id)
	if findErr != nil {
		return store.Task{}, delegation.Rule{}, err
	}
	rule, delegated, vetErr := d.vet(ctx, who, stored)
	if !delegated {
		return store.Task{}, delegation.Rule{}, cmpError(vetErr, err)
	}
	if vetErr == nil {
		vetErr = need(who, access.TaskDecide, access.Object{Entity: stored.Entity, Delegates: []string{rule.Delegate}})
	}
	return stored, rule, vetErr
}

// stillAsked refuses what somebody would do with an open task that a role gave to its
// assignee, who does not hold it any more: it is about to be handed over.
//
// Errors: Forbidden task.role_ended.
func (d *Desk) stillAsked(ctx context.Context, t store.Task) error {
	role, _ := access.RoleOf(t.Way())
	if role == "" || t.State != approval.TaskOpen || t.Assignee == approval.AdminQueue || t.For != "" {
		return nil
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	at := access.RolePlace{Entity: t.Entity, Department: t.Department}
	if access.StillHeld(snapshot, t.Way(), t.Assignee, at) {
		return nil
	}
	return fault.New(fault.Forbidden, "task.role_ended", fault.Arg("person", t.Assignee), fault.Arg("role", role))
}

// vet finds the rule by which somebody decides a task for its assignee now;
// delegated is false where there never was one between the two.
func (d *Desk) vet(ctx context.Context, who auth.Who, t store.Task) (
	rule delegation.Rule, delegated bool, err error) {
	rules, err := d.Store.Delegations(ctx, store.DelegationFilter{Person: t.Assignee, Delegate: who.Person.ID})
	if err != nil || len(rules) == 0 {
		return delegation.Rule{}, false, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return delegation.Rule{}, true, err
	}
	if !snapshot.Active(t.Assignee) {
		return delegation.Rule{}, true, fault.New(fault.Forbidden, "delegation.person_left", fault.Arg("person", t.Assignee))
	}
	rule, err = delegation.Vet(rules, delegation.Request{
		Person: t.Assignee, Delegate: who.Person.ID, Now: d.now(), Type: t.Type, Amount: t.BaseClaimed,
	})
	return rule, true, err
}

// earlier answers a repeat of a request that may not be made any more: what was
// received stays good. Otherwise it answers with the refusal.
func (d *Desk) earlier(ctx context.Context, who auth.Who, key Key, refused error) (Acted, error) {
	idem, err := key.of(who)
	if err != nil || key.Key == "" {
		return Acted{}, cmpError(err, refused)
	}
	row, err := d.Store.ActUnder(ctx, idem)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
		return Acted{}, refused
	case err != nil:
		return Acted{}, err
	case row.Outcome == nil:
		return Acted{ID: row.Act.ID, Document: row.Act.Document, Name: row.Act.Name, Pending: true}, nil
	}
	return answer(row.Act, *row.Outcome)
}
