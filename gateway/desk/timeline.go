package desk

import (
	"context"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

const eventsPage = 500

// Events is the transition log of a document, in order, whole.
func (d *Desk) Events(ctx context.Context, who auth.Who, id string) ([]evidence.Event, error) {
	if _, err := d.Document(ctx, who, id); err != nil {
		return nil, err
	}
	return d.events(ctx, id)
}

func (d *Desk) events(ctx context.Context, id string) ([]evidence.Event, error) {
	var all []evidence.Event
	for after := int64(0); len(all) < TimelineMax; {
		part, err := d.Store.Events(ctx, id, after, eventsPage)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(part) < eventsPage {
			break
		}
		after = part[len(part)-1].Seq
	}
	return all, nil
}

// SignedWithPasskey are the acts on a document, which the caller may read, that were signed
// with a passkey.
func (d *Desk) SignedWithPasskey(ctx context.Context, who auth.Who, id string) ([]string, error) {
	if _, err := d.Document(ctx, who, id); err != nil {
		return nil, err
	}
	return d.Store.SignedWithPasskey(ctx, id)
}

// State is a document's approval as its events tell it; the caller has judged
// that one may see it.
func (d *Desk) State(ctx context.Context, id string) (approval.State, error) {
	events, err := d.events(ctx, id)
	if err != nil {
		return approval.State{}, err
	}
	if len(events) == 0 {
		return approval.State{}, nil
	}
	return approval.FoldAll(events)
}

// Urge reminds whoever a document waits for; not more than once an hour.
func (d *Desk) Urge(ctx context.Context, who auth.Who, id string, key Key) error {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return err
	}
	if err := need(who, access.DocumentUrge, detail.Object()); err != nil {
		return err
	}
	_, err = d.once(who, key, func() (string, error) {
		return id, d.Store.AddUrge(ctx, id, who.Person.ID, UrgeCooldown)
	})
	return err
}

// idOf is the id of something new: random, or made of the caller's key, so that
// the same request makes the same thing.
func idOf(who auth.Who, key Key) string {
	if key.Key == "" {
		return uuid.Must(uuid.NewV7()).String()
	}
	return uuid.NewSHA1(keySpace, []byte(actorOf(who)+"\x00"+key.Route+"\x00"+key.Key)).String()
}

// keySpace is the namespace of ids made of keys. It is stored for ever.
var keySpace = uuid.MustParse("6f0f7d62-6f7e-4c0b-9d57-0d2a4c8f1b11")

func reused() error { return fault.New(fault.Conflict, "idempotency.reused") }
