package desk

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// told is whose messages somebody may know of.
type told struct {
	people *org.Snapshot
	within []string // nil = everybody's
}

func (t told) knows(person string) bool { return t.within == nil || slices.Contains(t.within, person) }

// told is cut to the people of the entities that a role covers. To everybody else there is
// no such list.
//
// Errors: NotFound request.no_such_route.
func (d *Desk) told(ctx context.Context, who auth.Who, permission string) (told, error) {
	if !access.Has(who.Subject, permission) {
		return told{}, fault.New(fault.NotFound, "request.no_such_route")
	}
	people, err := d.Snapshot(ctx)
	if err != nil {
		return told{}, err
	}
	t := told{people: people}
	scope := access.ScopeFor(who.Subject, permission)
	if scope.All {
		return t, nil
	}
	t.within = []string{}
	for id, p := range people.People {
		if slices.Contains(scope.Entities, p.Entity) || slices.Contains(scope.Departments, p.Department) {
			t.within = append(t.within, id)
		}
	}
	return t, nil
}

// Deliveries lists messages to people, the newest first. The filter names a person as
// people do.
//
// Errors: NotFound request.no_such_route for who may not; Invalid cursor.bad,
// act.to_unknown, act.to_several.
func (d *Desk) Deliveries(ctx context.Context, who auth.Who, f store.DeliveryFilter) (
	store.Page[store.Delivery], error) {
	t, err := d.told(ctx, who, access.DeliveryRead)
	if err != nil {
		return store.Page[store.Delivery]{}, err
	}
	f.People = t.within
	if _, known := t.people.People[f.Person]; f.Person != "" && !known {
		if f.Person, err = personMeant(t.people, f.Person); err != nil {
			return store.Page[store.Delivery]{}, atField(err, "person")
		}
	}
	return d.Store.Deliveries(ctx, f)
}

// Unreached is somebody whom no message reaches, and why.
type Unreached struct {
	store.DeadAddress
	Address string       // that letters go to; "" for none
	Why     *fault.Fault // what was answered; its code is "" where that is no code of ours
}

// Unreached lists them, the latest first: whom the last message did not reach, and whose
// letters come back.
//
// Errors: NotFound request.no_such_route for who may not.
func (d *Desk) Unreached(ctx context.Context, who auth.Who) ([]Unreached, error) {
	t, err := d.told(ctx, who, access.DeliveryRead)
	if err != nil {
		return nil, err
	}
	return d.unreached(ctx, t)
}

func (d *Desk) unreached(ctx context.Context, t told) ([]Unreached, error) {
	dead, err := d.Store.DeadAddresses(ctx)
	if err != nil {
		return nil, err
	}
	mail, err := d.Store.DeadMail(ctx)
	if err != nil {
		return nil, err
	}
	var all []Unreached
	known := map[string]bool{}
	for _, a := range dead {
		known[a.Person] = true
		all = append(all, Unreached{a, t.people.People[a.Person].Email, answered(a.Failure)})
	}
	for _, a := range mail {
		p := t.people.People[a.Person]
		if !known[a.Person] && strings.EqualFold(strings.TrimSpace(p.Email), a.Address) { // not one they had before
			why := fault.New(fault.Invalid, "mail.dead", fault.Arg("address", a.Address))
			dead := store.DeadAddress{Person: a.Person, Since: a.ChangedAt, Failure: why.Error()}
			all = append(all, Unreached{dead, p.Email, why})
		}
	}
	all = slices.DeleteFunc(all, func(u Unreached) bool { return !t.knows(u.Person) })
	slices.SortStableFunc(all, func(a, b Unreached) int { return cmp.Compare(b.Since.Unix(), a.Since.Unix()) })
	return all, nil
}

// ReachAgain says that somebody can be reached again: letters go to their address, and
// they are tried with what they are owed next. It is kept who said so.
//
// Errors: NotFound request.no_such_route, person.not_found; Conflict delivery.reached.
func (d *Desk) ReachAgain(ctx context.Context, who auth.Who, person string) error {
	t, err := d.told(ctx, who, access.DeliveryManage)
	if err != nil {
		return err
	}
	if !t.knows(person) {
		return fault.New(fault.NotFound, "person.not_found")
	}
	all, err := d.unreached(ctx, t)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(u Unreached) bool { return u.Person == person })
	if at < 0 {
		return fault.New(fault.Conflict, "delivery.reached", fault.Arg("person", person))
	}
	said := store.ReachedAgain{Person: person, By: who.Person.ID, Failure: all[at].Failure}
	return d.Store.ReachAgain(ctx, said, all[at].Address)
}

// ReachesAgain lists who said so of whom, the latest first.
//
// Errors: NotFound request.no_such_route for who may not.
func (d *Desk) ReachesAgain(ctx context.Context, who auth.Who) ([]store.ReachedAgain, error) {
	t, err := d.told(ctx, who, access.DeliveryRead)
	if err != nil {
		return nil, err
	}
	return d.Store.ReachesAgain(ctx, t.within)
}

// What a failure in the log says, as fault.Error writes it: code, kind and arguments.
var (
	saidCode = regexp.MustCompile(`([a-z_]+(?:\.[a-z_]+)+) \([a-z_]+\)`)
	saidArg  = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*")`)
)

// answered reads what a failure in the log says.
func answered(failure string) *fault.Fault {
	at := saidCode.FindStringSubmatchIndex(failure)
	if at == nil {
		return &fault.Fault{Kind: fault.Invalid, Code: strings.TrimSpace(failure)}
	}
	f := fault.New(fault.Invalid, failure[at[2]:at[3]])
	for _, arg := range saidArg.FindAllStringSubmatch(failure[at[1]:], -1) {
		if value, err := strconv.Unquote(arg[2]); err == nil {
			fault.Arg(arg[1], value)(f)
		}
	}
	return f
}

// Answered is why a message was not delivered; nil where it was, or nothing was tried yet.
func Answered(d store.Delivery) *fault.Fault {
	if d.Failure == "" {
		return nil
	}
	return answered(d.Failure)
}
