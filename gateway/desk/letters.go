package desk

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// The faults of a letter that asks for a decision.
var _ = fault.Register(map[string]fault.Entry{
	"letter.old":     {Kind: fault.Conflict},
	"letter.used":    {Kind: fault.Conflict},
	"letter.on_page": {Kind: fault.Conflict},
})

// letterChannel marks the acts of those who decided on the page of a letter.
const letterChannel = "mail"

// Asked is what a letter asks somebody, and how that stands now.
type Asked struct {
	Letter store.Letter
	Task   store.Task
	Detail Detail
	Acted  *Acted // what was decided by this letter; nil for nothing
	Why    error  // why nothing can be decided by it any more; nil = it can
	Proof  bool   // a proof is asked for that the document's page takes
}

// Letter is what a link in a letter leads to. The token grants nothing: who asks is
// signed in, and is the one whom the letter was written to.
//
// Errors: NotFound letter.not_found for everybody else, and for a token that is none.
func (d *Desk) Letter(ctx context.Context, who auth.Who, token string) (Asked, error) {
	missing := fault.New(fault.NotFound, "letter.not_found")
	letter, now, err := d.Store.LetterByPage(ctx, store.HashToken(token))
	if err != nil {
		return Asked{}, err
	}
	if letter.Person != who.Person.ID || who.Token != "" {
		return Asked{}, missing
	}
	return d.askedBy(ctx, who, letter, now)
}

// askedBy is what a letter to somebody asks of them, and how that stands now.
//
// Errors: NotFound letter.not_found.
func (d *Desk) askedBy(ctx context.Context, who auth.Who, letter store.Letter, now time.Time) (Asked, error) {
	var err error
	missing := fault.New(fault.NotFound, "letter.not_found")
	asked := Asked{Letter: letter}
	if asked.Task, err = d.Task(ctx, who, letter.Task); err == nil {
		asked.Detail, err = d.Document(ctx, who, letter.Document)
	}
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return Asked{}, missing // it is none of theirs any more
	}
	if err != nil {
		return Asked{}, err
	}
	asked.Proof = asked.Task.FreshSignIn != nil || asked.Task.Passkey
	acted, err := d.earlier(ctx, who, letterKey(letter), fault.New(fault.NotFound, "act.not_found"))
	switch {
	case err == nil:
		asked.Acted, asked.Why = &acted, fault.New(fault.Conflict, "letter.used")
		return asked, nil
	case fault.CodeOf(err) != "act.not_found":
		asked.Why = err // what was decided by it was refused: why
	case !now.Before(letter.ExpiresAt):
		asked.Why = fault.New(fault.Conflict, "letter.old")
	case asked.Task.For != "" || asked.Task.Assignee != who.Person.ID:
		asked.Why = fault.New(fault.Conflict, "letter.on_page")
	default:
		asked.Why = d.staleness(ctx, asked.Task, Decision{Round: letter.Round, ContentHash: letter.ContentHash})
	}
	return asked, nil
}

// letterKey makes every letter good for one decision: a second one, whatever it says,
// meets the first.
func letterKey(l store.Letter) Key {
	return Key{Route: "letter", Key: l.ID, Body: map[string]string{"letter": l.ID}}
}

// DecideByLetter carries what somebody decided on the page of a letter, bound to what
// the letter asked: its task, round and content. It does not wait for Temporal.
//
// Safe to repeat: a letter decides once, and a repeat gets the first answer. Errors:
// those of Letter; Conflict letter.used, letter.old, letter.on_page; those of Decide.
func (d *Desk) DecideByLetter(ctx context.Context, who auth.Who, token string, act approval.Name, opinion string) (
	Acted, error) {
	asked, err := d.Letter(ctx, who, token)
	if err != nil {
		return Acted{}, err
	}
	return d.decideAsked(ctx, who, asked, Decision{Act: act, Opinion: opinion, Channel: letterChannel})
}

// decideAsked decides what a letter asks: in says what, why and by which channel.
func (d *Desk) decideAsked(ctx context.Context, who auth.Who, asked Asked, in Decision) (Acted, error) {
	act := in.Act
	switch {
	case asked.Acted != nil && asked.Acted.Name == act:
		return *asked.Acted, nil
	case asked.Why != nil:
		return Acted{}, asked.Why
	case asked.Proof:
		return Acted{}, fault.New(fault.Conflict, "letter.on_page")
	case act != approval.Approve && act != approval.Reject:
		return Acted{}, fault.New(fault.Invalid, "act.unknown", fault.Arg("act", string(act)))
	}
	in.Task, in.Round, in.ContentHash, in.Later = asked.Letter.Task, asked.Letter.Round, asked.Letter.ContentHash, true
	trial := approval.Act{Name: act, Document: asked.Letter.Document, Task: in.Task, Round: in.Round,
		ContentHash: in.ContentHash, Actor: who.Person.ID, Opinion: in.Opinion}
	if err := d.wouldStand(ctx, who, trial); err != nil {
		return Acted{}, err // a rejection without its reason does not use up the letter
	}
	acted, err := d.Decide(ctx, who, in, letterKey(asked.Letter))
	if err == nil && acted.Name != act { // of two at once, the other came first
		return Acted{}, fault.New(fault.Conflict, "letter.used")
	}
	return acted, err
}
