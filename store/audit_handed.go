package store

import (
	"context"
	"encoding/json"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/evidence"
)

// reviewHandovers proves of every item who was asked about it at each time: each handover
// is on record, by somebody who might, to somebody who gains nothing by the right.
func (a *auditor) reviewHandovers(ctx context.Context, f *reviewFile) error {
	recorded, proved := 0, 0
	for _, e := range f.events {
		if e.Kind == ReviewHanded {
			recorded++
		}
	}
	for _, i := range f.items {
		asks := i.Reviewer
		var last reviewHanded
		for n := 1; n <= i.Handed; n++ {
			e, there := f.events[handoverCause(i.No, n)]
			last = reviewHanded{}
			if !there || json.Unmarshal(e.Data, &last) != nil {
				break
			}
			if err := a.handedOn(ctx, f, i, asks, e, last); err != nil {
				return err
			}
			asks, proved = last.To, proved+1
		}
		if last.No != i.Handed || last.Reassignment != i.Handover || !last.At.Equal(i.HandedAt) ||
			i.State != certification.Open && i.HandedAt.After(i.At) {
			a.found(f.stream, 0, "review.handover_differs", "who is asked about item %d is not what its events say", i.No)
		}
	}
	if recorded != proved {
		a.found(f.stream, 0, "review.handover_differs", "%d handovers are on record, and %d took place", recorded, proved)
	}
	return nil
}

// handedOn proves one handover against the organisation of then.
func (a *auditor) handedOn(ctx context.Context, f *reviewFile, i CertificationItem, asks string, e evidence.Event,
	told reviewHanded) error {
	whole, err := a.organisationAt(ctx, f, told.At)
	if err != nil {
		return err
	}
	present := whole.At(told.At)
	r := told.Reassignment
	r.Administers, _ = access.Can(access.SubjectOf(present, r.By), access.GrantDecide, access.Object{Entity: i.Entity})
	before := certification.Standing{Item: i.Item, State: certification.Open, Asks: asks, Handed: told.No - 1}
	wrong := f.Reassign(before, r, present, told.At)
	for _, person := range []string{r.By, r.To} {
		if wrong == nil {
			wrong = certification.Impartial(present, f.rules, i.Person, person, told.At)
		}
	}
	if wrong != nil || e.Actor != r.By || told.From != asks || string(mustJSON(told.Item)) != string(mustJSON(i.Item)) ||
		e.Cause != handoverCause(i.No, told.No) {
		a.found(f.stream, e.Seq, "review.own", "%s handed item %d to %s, which was not theirs to do", r.By, i.No, r.To)
	}
	return nil
}
