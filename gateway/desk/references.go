package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// approved are the statuses of a document that others may build on.
var approved = []approval.Status{approval.Approved, approval.Parked, approval.Posted, approval.Closed}

// resolve finds the documents that a content names, and freezes which advance it
// settles. How much of that is open is judged where it is held: in store.Submit
// and store.SaveRevision.
//
// Errors: Invalid document.unknown_document, offset.*, each with its field.
func (d *Desk) resolve(ctx context.Context, t *doctype.Type, c document.Content, snapshot *org.Snapshot) (
	document.Content, error) {
	var faults []*fault.Fault
	for _, r := range doctype.References(t, c) {
		ok, err := d.mayName(ctx, r, c, snapshot)
		if err != nil {
			return c, err
		}
		if !ok {
			faults = append(faults, fault.New(fault.Invalid, "document.unknown_document",
				fault.Field(r.Field), fault.Arg("number", r.Number)))
		}
	}
	if c.Offset != nil {
		settled, err := d.settled(ctx, t, c)
		if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
			faults = append(faults, f)
		} else if err != nil {
			return c, err
		}
		c.Offset = settled
	}
	return c, fault.Join(faults)
}

// mayName says whether a document stands behind a number: approved, of a type
// that fits, and the submitter's, the requester's or of the requester's department.
func (d *Desk) mayName(ctx context.Context, r doctype.Reference, c document.Content, snapshot *org.Snapshot) (
	bool, error) {
	for _, person := range []string{c.Submitter, c.Requester} {
		scope := access.Scope{Person: person}
		if department := snapshot.People[c.Requester].Department; department != "" {
			scope.Departments = []string{department}
		}
		doc, err := d.Store.DocumentByNumber(ctx, scope, c.Entity, r.Number)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return false, err
		}
		return slices.Contains(approved, doc.Status) && (len(r.Of) == 0 || slices.Contains(r.Of, doc.Type)), nil
	}
	return false, nil
}

// settled is the offset with the advance that its number names.
func (d *Desk) settled(ctx context.Context, t *doctype.Type, c document.Content) (*document.Offset, error) {
	unknown := fault.New(fault.Invalid, "offset.unknown_advance", fault.Field("offset.advance"),
		fault.Arg("number", c.Offset.Number))
	advance, err := d.Store.Advance(ctx, c.Entity, c.Offset.Number, "")
	if fault.KindOf(err) == fault.NotFound || err == nil && advance.Type != t.Offsets {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	whole := c
	whole.Offset = &document.Offset{Document: advance.Document, Number: advance.Number, Amount: c.Offset.Amount}
	advance.Open = advance.Total // what is open without this document is not known here
	return whole.Offset, advance.Allows(whole)
}

// StillOpen is how much of an advance in the books is not settled yet; false for
// any other document. Whoever may read the document may know.
//
// Errors: NotFound document.not_found.
func (d *Desk) StillOpen(ctx context.Context, doc store.Document, types map[string]*doctype.Type) (
	money.Amount, bool, error) {
	settled := false
	for _, t := range types {
		settled = settled || t.Offsets == doc.Type
	}
	if !settled || doc.Status != approval.Closed || doc.VoucherRef == "" {
		return money.Amount{}, false, nil
	}
	advance, err := d.Store.Advance(ctx, doc.Entity, doc.Number, "")
	return advance.Open, err == nil, err
}

// OpenAdvances lists the advances that a document of somebody may settle; besides
// is the document that is being written again.
func (d *Desk) OpenAdvances(ctx context.Context, who auth.Who, t *doctype.Type, entity, requester, besides string) (
	[]document.Advance, error) {
	if t.Offsets == "" {
		return nil, nil
	}
	owner := access.Object{Entity: entity, Owners: []string{requester}}
	if ok, _ := access.Can(who.Subject, access.DocumentRead, owner); !ok {
		return nil, nil
	}
	return d.Store.OpenAdvances(ctx, t.Offsets, entity, requester, besides)
}
