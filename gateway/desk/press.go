package desk

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// The faults of what is pressed on a card.
var _ = fault.Register(map[string]fault.Entry{
	"im.not_yours": {Kind: fault.Forbidden},
	"im.card_old":  {Kind: fault.Conflict},
	"im.on_page":   {Kind: fault.Conflict},
})

// Pressed is what became of a press.
type Pressed struct {
	Person string // who pressed; "" where nobody of ours did
	Locale string // theirs
	Acted  Acted
}

// pressTries is how often a press is judged anew where the organisation moved between
// judging and committing.
const pressTries = 3

// Press carries a press on a card: what the card says is not believed, and who pressed
// it is judged as of now. channel is the platform's name, which the act keeps.
//
// Safe to repeat: one card and verdict are one act. It does not wait for Temporal, and
// what is refused leaves nothing in the inbox. Errors: Forbidden im.not_yours for
// whoever is not the one whom the card was shown to; Conflict im.card_old, im.on_page;
// and those of Decide.
func (d *Desk) Press(ctx context.Context, app, channel string, click im.Click) (Pressed, error) {
	card, person, at, err := d.pressed(ctx, app, click)
	if err != nil {
		return d.strange(ctx, card, person), err
	}
	var got Pressed
	for range pressTries {
		got, err = d.press(ctx, card, at, channel, click)
		if fault.CodeOf(err) != "store.busy" {
			break
		}
	}
	return got, d.afterPress(ctx, card, click, err)
}

// pressed finds the card of a press and whom its account means, and proves that they may press it.
func (d *Desk) pressed(ctx context.Context, app string, click im.Click) (
	card store.IMCard, person string, at time.Time, err error) {
	card, verdict, at, err := d.Store.IMPressed(ctx, store.HashToken(click.Token))
	if err == nil {
		person, err = d.Store.IMPerson(ctx, app, click.Operator)
		theirs := card.App == app && card.Person == person && card.Platform == click.Operator && card.ID == click.Sent.Card
		if err == nil && theirs && verdict == string(click.Verdict) {
			return card, person, at, nil
		}
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return card, person, at, err
	}
	return card, person, at, fault.New(fault.Forbidden, "im.not_yours")
}

// strange is somebody who pressed what is not theirs. They are told so in their own
// language where we know them, and in the card's where we do not.
func (d *Desk) strange(ctx context.Context, card store.IMCard, person string) Pressed {
	got := Pressed{Person: person, Locale: card.Locale}
	if snapshot, err := d.Snapshot(ctx); err == nil && snapshot.People[person].Locale != "" {
		got.Locale = snapshot.People[person].Locale
	}
	return got
}

func (d *Desk) press(ctx context.Context, card store.IMCard, at time.Time, channel string, click im.Click) (
	Pressed, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return Pressed{}, err
	}
	who, err := auth.Known(snapshot, card.Person)
	if err != nil {
		return Pressed{Person: card.Person, Locale: card.Locale}, fault.New(fault.Forbidden, "im.not_yours")
	}
	got := Pressed{Person: card.Person, Locale: who.Person.Locale}
	key := Key{Route: "im/" + card.App, Key: card.ID + "/" + string(click.Verdict),
		Body: map[string]string{"card": card.ID}}
	if !at.Before(card.ExpiresAt) {
		got.Acted, err = d.earlier(ctx, *who, key, fault.New(fault.Conflict, "im.card_old"))
		return got, err
	}
	if click.Verdict != im.Approve && strings.TrimSpace(click.Reason) == "" {
		// Before it is an act, which its key would hold for good: the page asks.
		return got, fault.New(fault.Invalid, "act.opinion_required", fault.Field("opinion"))
	}
	got.Acted, err = d.Decide(ctx, *who, Decision{
		Task: card.Task, Act: approval.Name(click.Verdict), Round: card.Round, ContentHash: card.ContentHash,
		Opinion: click.Reason, Channel: channel, Later: true,
	}, key)
	return got, err
}

// onPage are the refusals that a page can do something about.
var onPage = map[string]bool{
	"act.sign_in_again": true, "act.passkey_required": true, "im.card_old": true, "act.person_only": true,
}

// afterPress notes what the press told of the card, so that it soon says what is.
func (d *Desk) afterPress(ctx context.Context, card store.IMCard, click im.Click, refused error) error {
	kind := fault.KindOf(refused)
	if refused != nil && (kind == fault.Busy || kind == fault.Unknown || kind == fault.Internal) {
		return refused // the platform tells it again, or they press again
	}
	if fault.CodeOf(refused) == "im.not_yours" {
		return refused // whoever left says nothing of the card either
	}
	want := ""
	if code := fault.CodeOf(refused); onPage[code] || refused != nil && kind == fault.Invalid {
		want = store.IMWantPage
		refused = fault.New(fault.Conflict, "im.on_page")
	}
	sent, err := json.Marshal(click.Sent)
	if err == nil {
		err = d.Store.IMCardTold(ctx, card.ID, string(sent), want)
	}
	if err != nil && refused == nil {
		return nil // it is decided; that the card does not say so yet mends itself
	}
	return cmpError(err, refused)
}
