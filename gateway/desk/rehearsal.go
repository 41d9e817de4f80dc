package desk

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/rehearsal"
	"github.com/countersign/countersign/store"
)

// Rehearsal is a document that somebody plays through: what it is about, and what was
// done in it so far. 演练
type Rehearsal struct {
	Type  string
	Asked rehearsal.Asked
	Start time.Time
	Deeds []rehearsal.Deed
}

// Rehearsed is where a rehearsal stands.
type Rehearsed struct {
	rehearsal.Scene
	Type    *doctype.Type
	Content document.Content

	// Voucher is what would be booked, once it is approved; Whys explain its entries. Fault is
	// why there is none.
	Voucher *voucher.Voucher
	Whys    []booking.Why
	Mapping string
	Fault   *fault.Fault
}

// MayRehearse says whether somebody may play a person's documents: their own, or those of
// whomever they may look up.
func MayRehearse(who auth.Who, person org.Person) bool {
	if person.ID == who.Person.ID {
		return true
	}
	place := access.Object{Entity: person.Entity, Department: person.Department}
	ok, _ := access.Can(who.Subject, access.PeopleRead, place)
	return ok && person.Active
}

// Rehearse plays a generated document through the policy, the organisation and the
// calendars in force. It reads, and keeps nothing: no document, no notice, no act, and
// nobody outside is called.
//
// Errors: Forbidden access.denied, also for whom one may not rehearse; Invalid
// act.to_unknown or act.to_several with the field for, what the type refuses, and the
// policy's own.
func (d *Desk) Rehearse(ctx context.Context, who auth.Who, in Rehearsal) (Rehearsed, error) {
	if _, err := needAny(who, access.PolicyRead); err != nil {
		return Rehearsed{}, err
	}
	company, err := d.Snapshot(ctx)
	if err != nil {
		return Rehearsed{}, err
	}
	if in.Asked.Requester, err = personMeant(company, in.Asked.Requester); err != nil {
		return Rehearsed{}, atField(err, "for")
	}
	person := company.People[in.Asked.Requester]
	if !MayRehearse(who, person) {
		return Rehearsed{}, need(who, access.PeopleRead, access.Object{Entity: person.Entity})
	}
	t, err := d.Type(ctx, in.Type)
	if err != nil {
		return Rehearsed{}, err
	}
	done := Rehearsed{Type: t}
	rates := d.rates(ctx, d.today(company, person.Entity))
	zone, err := time.LoadLocation(zoneOf(company, person.Entity))
	if err != nil {
		zone = time.UTC
	}
	if done.Content, err = rehearsal.Content(t, in.Asked, company, d.now().In(zone), rates); err != nil {
		return Rehearsed{}, err
	}
	stage, err := d.stage(ctx, t, company, rates)
	if err != nil {
		return Rehearsed{}, err
	}
	stage.Content, stage.Start, stage.Words = done.Content, in.Start, in.Asked.Words
	stage.Number = t.NumberPrefix + "-" + d.today(company, person.Entity)[:len("2006")] + "-000000"
	if done.Scene, err = rehearsal.Play(stage, in.Deeds); err != nil {
		return Rehearsed{}, err
	}
	return d.rehearsedVoucher(ctx, done)
}

// stage is what every rehearsal of a type is played on.
func (d *Desk) stage(ctx context.Context, t *doctype.Type, company *org.Snapshot, rates doctype.Rates) (
	rehearsal.Stage, error) {
	p, version, err := d.policyInForce(ctx, t.Policy)
	if err != nil {
		return rehearsal.Stage{}, err
	}
	calendars, err := d.Store.Calendars(ctx)
	return rehearsal.Stage{
		Policy: p, Version: version, Org: company, Calendars: calendars,
		Rates: func(from, to money.Currency) (string, bool) {
			rate, known := rates(from, to)
			return rate.Value, known
		},
	}, err
}

// rehearsedVoucher adds what would be booked to a rehearsal that is approved.
func (d *Desk) rehearsedVoucher(ctx context.Context, done Rehearsed) (Rehearsed, error) {
	if done.State.Status != approval.Approved {
		return done, nil
	}
	mapping, row, err := d.mappingOf(ctx, done.Type.ID)
	done.Mapping = row.ID
	if err == nil {
		var made voucher.Voucher
		made, done.Whys, err = d.explain(ctx, mapping, store.Document{
			ID: rehearsal.Document, Number: done.State.Number, Revision: done.State.Revision, Content: done.Content,
			Entity: done.Content.Entity,
		}, voucher.Accrual)
		done.Voucher = &made
	}
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.NotFound) {
		done.Voucher, done.Fault, err = nil, f, nil
	}
	return done, err
}
