package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// The limits of one's own passkeys.
const (
	PasskeyNameMax = 100 // characters
	PasskeyFresh   = 300 // seconds since signing in, to add or remove one

	invited = "add" // the challenge of an invitation is its own nonce
)

// ListPasskeys lists somebody's own passkeys, those removed too; no program sees them.
func (d *Desk) ListPasskeys(ctx context.Context, who auth.Who) ([]store.Passkey, error) {
	if err := inPerson(who); err != nil {
		return nil, err
	}
	return d.Store.Passkeys(ctx, who.Person.ID)
}

// InvitePasskey is what a browser is asked for, to make a passkey.
//
// Errors: Forbidden act.person_only, passkey.sign_in_again; Conflict passkey.no_name.
func (d *Desk) InvitePasskey(ctx context.Context, who auth.Who) (options any, err error) {
	if err := d.atTheDoor(who); err != nil {
		return nil, err
	}
	have, err := d.Store.Passkeys(ctx, who.Person.ID)
	if err != nil {
		return nil, err
	}
	options, challenge, err := d.Passkeys.Invite(who.Person, d.Passkeys.Usable(have))
	if err != nil {
		return nil, err
	}
	return options, d.Store.AskPasskey(ctx, challenge, who.Person.ID, invited, auth.QuestionLife)
}

// AddPasskey keeps the passkey with which a browser answered an invitation.
//
// Errors: Forbidden act.person_only, passkey.sign_in_again, passkey.refused; Invalid
// passkey.bad_name; Conflict passkey.expired, passkey.twice, passkey.too_many.
func (d *Desk) AddPasskey(ctx context.Context, who auth.Who, name string, answer []byte) (store.Passkey, error) {
	if err := d.atTheDoor(who); err != nil {
		return store.Passkey{}, err
	}
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > PasskeyNameMax || !utf8.ValidString(name) {
		return store.Passkey{}, fault.New(fault.Invalid, "passkey.bad_name", fault.Field("name"),
			fault.Arg("max", strconv.Itoa(PasskeyNameMax)))
	}
	challenge, err := d.Passkeys.Named(answer)
	if err != nil {
		return store.Passkey{}, err
	}
	if err := d.Store.AnswerPasskey(ctx, challenge, who.Person.ID, invited); err != nil {
		return store.Passkey{}, err
	}
	made, err := d.Passkeys.Read(who.Person, challenge, answer)
	if err != nil {
		return store.Passkey{}, err
	}
	made.Name = name
	return d.Store.AddPasskey(ctx, made)
}

// RemovePasskey takes one of somebody's own passkeys away, at once.
//
// Errors: Forbidden act.person_only, passkey.sign_in_again; NotFound passkey.not_found.
func (d *Desk) RemovePasskey(ctx context.Context, who auth.Who, id string) error {
	if err := d.justSignedIn(who); err != nil {
		return err
	}
	return d.Store.RemovePasskey(ctx, who.Person.ID, id, who.Person.ID)
}

// inPerson refuses programs.
//
// Errors: Forbidden act.person_only, access.denied.
func inPerson(who auth.Who) error {
	if who.Token != "" || who.Subject.Machine {
		return fault.New(fault.Forbidden, "act.person_only")
	}
	return need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}})
}

// JustSignedIn says whether somebody proved a moment ago who they are.
func (d *Desk) JustSignedIn(who auth.Who) bool {
	fresh := approval.FreshSignIn{Seconds: PasskeyFresh}
	return fresh.Within(who.Proved, d.now())
}

// justSignedIn refuses who did not sign in a moment ago: a browser that somebody left
// open gives nobody a passkey, and takes none away.
//
// Errors: Forbidden act.person_only, passkey.sign_in_again.
func (d *Desk) justSignedIn(who auth.Who) error {
	if err := inPerson(who); err != nil {
		return err
	}
	if !d.JustSignedIn(who) {
		return fault.New(fault.Forbidden, "passkey.sign_in_again", fault.Arg("max_age", strconv.Itoa(PasskeyFresh)))
	}
	return nil
}

// atTheDoor is justSignedIn where the house has a name to make passkeys for.
//
// Errors: as justSignedIn; Conflict passkey.no_name.
func (d *Desk) atTheDoor(who auth.Who) error {
	if err := d.justSignedIn(who); err != nil {
		return err
	}
	if d.Passkeys == nil {
		return fault.New(fault.Conflict, "passkey.no_name")
	}
	return nil
}

// asksPasskey says whether an act on a task is signed with a passkey.
func asksPasskey(task store.Task, name approval.Name) bool {
	return task.Passkey && slices.Contains(provedActs, name)
}
