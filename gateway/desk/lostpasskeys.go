package desk

import (
	"context"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// PasskeysOf lists the passkeys of somebody, those removed too, for the administrators
// who may take a lost one away.
//
// Errors: NotFound passkey.not_found where one may not know of them; Forbidden
// act.person_only.
func (d *Desk) PasskeysOf(ctx context.Context, who auth.Who, person string) ([]store.Passkey, error) {
	if err := d.keepsKeysOf(ctx, who, person); err != nil {
		return nil, err
	}
	return d.Store.Passkeys(ctx, person)
}

// TakePasskey takes a lost passkey of somebody else away, at once: they and every
// administrator are told. Nobody adds one for another.
//
// Safe to repeat with the same key. Errors: NotFound passkey.not_found; Forbidden
// act.person_only, passkey.own; Invalid passkey.bad_reason.
func (d *Desk) TakePasskey(ctx context.Context, who auth.Who, r passkey.Removal, key Key) error {
	if err := d.keepsKeysOf(ctx, who, r.Person); err != nil {
		return err
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	r.By, r.Reason = who.Person.ID, strings.TrimSpace(r.Reason)
	return d.Store.TakePasskey(ctx, r, idem)
}

// keepsKeysOf refuses everybody but an administrator of somebody's company, in person.
func (d *Desk) keepsKeysOf(ctx context.Context, who auth.Who, person string) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	p, known := snapshot.People[person]
	may, _ := access.Can(who.Subject, access.GrantDecide, access.Object{Entity: p.Entity})
	if !known || !may {
		return fault.New(fault.NotFound, "passkey.not_found")
	}
	return inPerson(who)
}
