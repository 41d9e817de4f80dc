package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/doctype"
)

// Assessment is what can be said of a content while it is being written.
type Assessment struct {
	Faults  []*fault.Fault       // for which Submit would refuse it now, each with its field
	Limits  []*document.Standard // what each line may cost; nil where nothing says, or the line does not tell enough
	Total   money.Amount         // without a currency where the lines cannot be added
	Advance *document.Advance    // the one it names, as far as it may be settled; Open is without this document
	Reused  []Reuse

	Invoiced []document.Invoiced // lines that claim more or less than their invoices
}

// Assess says what Submit would say of a content now, by the same code, and what it has
// not to be refused for. id is the document that it is the content of; "" for a new one.
//
// Errors: Forbidden without the right to write documents; never what is wrong with the content.
func (d *Desk) Assess(ctx context.Context, who auth.Who, c document.Content, id string) (Assessment, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return Assessment{}, err
	}
	var a Assessment
	blame := func(err error) error {
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid && f.Kind != fault.Forbidden {
			return err
		}
		first := *f
		first.More = nil
		a.Faults = append(append(a.Faults, &first), f.More...)
		return nil
	}
	c, err := d.fill(ctx, who, c)
	if err != nil {
		return a, blame(err)
	}
	if err := blame(d.entered(ctx, who, c)); err != nil {
		return a, err
	}
	if _, err = d.Complete(ctx, c); err != nil {
		if err = blame(err); err != nil {
			return a, err
		}
	}
	if a.Advance, err = d.namedAdvance(ctx, who, c, id); err == nil && a.Advance != nil {
		err = a.Advance.Allows(withAdvance(c, *a.Advance))
	}
	if err != nil {
		if err = blame(err); err != nil {
			return a, err
		}
	}
	return d.measured(ctx, who, c, id, a)
}

// measured adds what the lines may cost, their sum, and what was used before.
func (d *Desk) measured(ctx context.Context, who auth.Who, c document.Content, id string, a Assessment) (
	Assessment, error) {
	t, err := d.Type(ctx, c.Type)
	if err != nil {
		return a, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return a, err
	}
	a.Limits = doctype.Standards(t, c, snapshot, d.rates(ctx, d.today(snapshot, c.Entity)))
	amounts := make([]money.Amount, 0, len(c.Lines))
	for _, l := range c.Lines {
		amounts = append(amounts, l.Amount)
	}
	if total, err := money.Sum(c.Currency, amounts...); err == nil {
		a.Total = total
	}
	if a.Reused, err = d.reused(ctx, who, c, id); err != nil {
		return a, err
	}
	a.Invoiced, err = d.Invoiced(ctx, c)
	return a, err
}

// namedAdvance is the advance that a content names, where its author may know of it; nil
// where there is none: Complete has said so.
func (d *Desk) namedAdvance(ctx context.Context, who auth.Who, c document.Content, id string) (
	*document.Advance, error) {
	if c.Offset == nil || c.Offset.Number == "" {
		return nil, nil //nolint:nilnil // an advance may be none
	}
	t, err := d.Type(ctx, c.Type)
	if err != nil {
		return nil, err
	}
	open, err := d.OpenAdvances(ctx, who, t, c.Entity, c.Requester, id)
	for _, advance := range open {
		if advance.Number == c.Offset.Number {
			return &advance, err
		}
	}
	return nil, err
}

func withAdvance(c document.Content, a document.Advance) document.Content {
	offset := *c.Offset
	offset.Document = a.Document
	c.Offset = &offset
	return c
}
