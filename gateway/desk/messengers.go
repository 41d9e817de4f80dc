package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{"im.unknown_app": {Kind: fault.NotFound}})

// Messenger is a messaging app of the house. 即时通讯应用
type Messenger struct {
	ID, Title string
	SignsIn   bool // people sign in through it
}

// Linked is how somebody stands with a messaging app.
type Linked struct {
	Messenger
	Link  *store.IMLink // nil = they are not linked
	Apart bool          // they do not want to be
}

// LinkedApps are the messaging apps of the house, and who the reader is in them.
// A program sees none.
func (d *Desk) LinkedApps(ctx context.Context, who auth.Who) ([]Linked, error) {
	if person := inPerson(who) == nil; !person || len(d.Messengers) == 0 {
		return nil, nil
	}
	links, err := d.Store.IMLinks(ctx, who.Person.ID)
	if err != nil {
		return nil, err
	}
	apart, err := d.Store.IMApart(ctx, who.Person.ID)
	if err != nil {
		return nil, err
	}
	var all []Linked
	for _, m := range d.Messengers {
		one := Linked{Messenger: m, Apart: slices.Contains(apart, m.ID)}
		if at := slices.IndexFunc(links, func(l store.IMLink) bool { return l.App == m.ID }); at >= 0 {
			one.Link = &links[at]
		}
		all = append(all, one)
	}
	return all, nil
}

// Unlink ends the reader's link with an app: it shows them no cards and signs them in no
// more, until they want to be linked again.
//
// Safe to repeat. Errors: NotFound im.unknown_app; Forbidden act.person_only.
func (d *Desk) Unlink(ctx context.Context, who auth.Who, app string) error {
	if err := d.ownApp(who, app); err != nil {
		return err
	}
	return d.Store.UnlinkIM(ctx, app, who.Person.ID)
}

// LinkAgain lets the next matching of people link the reader with an app.
//
// Safe to repeat. Errors: as Unlink.
func (d *Desk) LinkAgain(ctx context.Context, who auth.Who, app string) error {
	if err := d.ownApp(who, app); err != nil {
		return err
	}
	return d.Store.LinkIMAgain(ctx, app, who.Person.ID)
}

func (d *Desk) ownApp(who auth.Who, app string) error {
	if err := inPerson(who); err != nil {
		return err
	}
	if !slices.ContainsFunc(d.Messengers, func(m Messenger) bool { return m.ID == app }) {
		return fault.New(fault.NotFound, "im.unknown_app")
	}
	return nil
}
