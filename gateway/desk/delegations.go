package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// DelegationInput is a delegation that somebody asks for.
type DelegationInput struct {
	Person   string // whose tasks; "" for one's own
	Delegate string
	From     time.Time // zero: from now on
	Until    time.Time
	Types    []string // none means every type
	Cap      money.Amount
	Reason   string // an admin must give one
}

// NewDelegation puts a rule in force: for oneself, or, with a reason, for
// somebody of an entity that one administers.
//
// Safe to repeat with the same key. Errors: those of delegation.Check; Invalid
// delegation.unknown_person, document.type_unknown; Forbidden access.denied.
func (d *Desk) NewDelegation(ctx context.Context, who auth.Who, in DelegationInput, key Key) (delegation.Rule, error) {
	in.Person = cmp.Or(in.Person, who.Person.ID)
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return delegation.Rule{}, err
	}
	if err := need(who, access.DelegationManage, delegationObject(snapshot, in.Person)); err != nil {
		return delegation.Rule{}, err
	}
	if err := d.delegable(ctx, snapshot, in); err != nil {
		return delegation.Rule{}, err
	}
	if in.Person != who.Person.ID && snapshot.Same(in.Delegate, who.Person.ID) {
		return delegation.Rule{}, delegation.ToMaker()
	}
	types := slices.Clone(in.Types)
	slices.Sort(types)
	return d.Store.MakeDelegation(ctx, delegation.Rule{
		ID: idOf(who, key), Person: in.Person, Delegate: in.Delegate, From: in.From.UTC(), Until: in.Until.UTC(),
		Types: slices.Compact(types), Cap: in.Cap, Reason: strings.TrimSpace(in.Reason), MadeBy: who.Person.ID,
	})
}

// delegable judges what only the organisation and the types in force can tell.
func (d *Desk) delegable(ctx context.Context, snapshot *org.Snapshot, in DelegationInput) error {
	for _, asked := range []struct{ field, person string }{{"person", in.Person}, {"delegate", in.Delegate}} {
		if !snapshot.Active(asked.person) {
			return unknownPerson(asked.field, asked.person)
		}
	}
	if snapshot.Same(in.Person, in.Delegate) {
		return delegation.Self()
	}
	base := currencyOf(snapshot, snapshot.People[in.Person].Entity)
	if in.Cap.Currency != "" && in.Cap.Currency != base {
		return fault.New(fault.Invalid, "delegation.cap_currency", fault.Field("cap"), fault.Arg("currency", string(base)))
	}
	for _, id := range in.Types {
		if _, err := d.Type(ctx, id); err != nil {
			if f, ok := fault.As(err); ok {
				f.Field = "types"
			}
			return err
		}
	}
	return nil
}

// UnknownDelegate is the fault of a delegation to somebody who does not work here.
func UnknownDelegate(person string) *fault.Fault { return unknownPerson("delegate", person) }

func unknownPerson(field, person string) *fault.Fault {
	return fault.New(fault.Invalid, "delegation.unknown_person", fault.Field(field), fault.Arg("person", person))
}

// delegationObject is a person's delegations as access judges them.
func delegationObject(snapshot *org.Snapshot, owners ...string) access.Object {
	return access.Object{Entity: snapshot.People[owners[0]].Entity, Owners: owners}
}

// DelegationList says which rules are asked for.
type DelegationList struct {
	Person string // whose; "" for one's own
	ForMe  bool   // those by which one decides for others, instead
}

// Delegations lists rules, the newest first: one's own, those given to one, or
// those of somebody whose delegations one may read.
func (d *Desk) Delegations(ctx context.Context, who auth.Who, in DelegationList) ([]delegation.Rule, error) {
	in.Person = cmp.Or(in.Person, who.Person.ID)
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := need(who, access.DelegationRead, delegationObject(snapshot, in.Person)); err != nil {
		return nil, err
	}
	if in.ForMe {
		return d.Store.Delegations(ctx, store.DelegationFilter{Delegate: in.Person})
	}
	return d.Store.Delegations(ctx, store.DelegationFilter{Person: in.Person})
}

// RevokeDelegation takes a rule back at once: whose it is, or an admin with a
// reason.
//
// Safe to repeat. Errors: NotFound delegation.not_found, also where one may not
// know of it; Forbidden access.denied for the delegate; those of
// delegation.CheckRevocation.
func (d *Desk) RevokeDelegation(ctx context.Context, who auth.Who, id, reason string) (delegation.Rule, error) {
	missing := fault.New(fault.NotFound, "delegation.not_found")
	if uuid.Validate(id) != nil {
		return delegation.Rule{}, missing
	}
	rule, err := d.Store.Delegation(ctx, id)
	if err != nil {
		return delegation.Rule{}, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return delegation.Rule{}, err
	}
	known := delegationObject(snapshot, rule.Person, rule.Delegate)
	if ok, _ := access.Can(who.Subject, access.DelegationRead, known); !ok {
		return delegation.Rule{}, missing
	}
	if err := need(who, access.DelegationManage, delegationObject(snapshot, rule.Person)); err != nil {
		return delegation.Rule{}, err
	}
	return d.Store.RevokeDelegation(ctx, id, who.Person.ID, strings.TrimSpace(reason))
}
