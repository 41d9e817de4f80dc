package desk

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// awayMax is the longest absence that somebody may tell of.
const awayMax = 366 * 24 * time.Hour

// Wishes is how somebody wants to be told.
func (d *Desk) Wishes(ctx context.Context, who auth.Who) (notice.Wishes, error) {
	if err := inPerson(who); err != nil {
		return notice.Wishes{}, err
	}
	return d.Store.Wishes(ctx, who.Person.ID)
}

// SaveWishes keeps how somebody wants to be told.
//
// Errors: Forbidden act.person_only; Invalid wishes.*, with the field.
func (d *Desk) SaveWishes(ctx context.Context, who auth.Who, w notice.Wishes) error {
	if err := inPerson(who); err != nil {
		return err
	}
	if err := d.CheckWishes(w); err != nil {
		return err
	}
	w.AwayFrom, w.AwayUntil = w.AwayFrom.UTC(), w.AwayUntil.UTC()
	return d.Store.SaveWishes(ctx, who.Person.ID, w)
}

// ReadIn keeps the language that somebody reads.
//
// Errors: as SaveWishes.
func (d *Desk) ReadIn(ctx context.Context, who auth.Who, locale string) error {
	w, err := d.Wishes(ctx, who)
	if err != nil || w.Locale == locale {
		return err
	}
	w.Locale = locale
	return d.SaveWishes(ctx, who, w)
}

// CheckWishes judges what somebody wishes for.
//
// Errors: Invalid wishes.*, request.bad_value, with the field.
func (d *Desk) CheckWishes(w notice.Wishes) error {
	if _, known := i18n.Known(w.Locale); w.Locale != "" && !known {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("locale"))
	}
	for _, topic := range w.Muted {
		if !slices.Contains(notice.Choosable(), topic) {
			return fault.New(fault.Invalid, "wishes.not_choosable", fault.Field("muted"), fault.Arg("topic", string(topic)))
		}
	}
	if min(w.QuietFrom, w.QuietUntil) < 0 || max(w.QuietFrom, w.QuietUntil) >= 24*60 {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("quiet_from"))
	}
	if !w.QuietFits() {
		return fault.New(fault.Invalid, "wishes.too_quiet", fault.Field("quiet_from"))
	}
	for urgency, way := range w.Ways {
		if !slices.Contains(notice.Urgencies(), urgency) || !slices.Contains(notice.Ways(urgency), way) {
			return fault.New(fault.Invalid, "wishes.bad_way", fault.Field("ways"), fault.Arg("urgency", string(urgency)))
		}
	}
	if w.DigestHour < 0 || w.DigestHour > 23 {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("digest_hour"))
	}
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "Local" {
		return fault.New(fault.Invalid, "wishes.bad_zone", fault.Field("zone"))
	}
	away := w.AwayUntil.Sub(w.AwayFrom)
	if w.AwayFrom.IsZero() != w.AwayUntil.IsZero() || !w.AwayFrom.IsZero() && (away <= 0 || away > awayMax) {
		return fault.New(fault.Invalid, "wishes.bad_absence", fault.Field("away_until"))
	}
	return nil
}

// OwnAddress is how the reader's address stands, to which letters go.
func (d *Desk) OwnAddress(ctx context.Context, who auth.Who) (store.MailAddress, error) {
	if err := inPerson(who); err != nil {
		return store.MailAddress{}, err
	}
	return d.Store.MailStanding(ctx, who.Person.Email)
}

// WriteAgain lets letters go to the reader's own address once more.
//
// Safe to repeat. Errors: Forbidden act.person_only.
func (d *Desk) WriteAgain(ctx context.Context, who auth.Who) error {
	stands, err := d.OwnAddress(ctx, who)
	if err != nil || stands.State == letter.OK || stands.Address == "" {
		return err
	}
	said := store.ReachedAgain{Person: who.Person.ID, By: who.Person.ID, Failure: stands.Status}
	return d.Store.ReachAgain(ctx, said, who.Person.Email)
}
