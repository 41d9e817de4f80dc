package desk

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Question is what somebody is asked to sign with a passkey: exactly one decision, or a
// change and the yes on what it makes.
type Question struct {
	Nonce    string   // goes back with the answer
	Together []string // goes back too: what is signed at once; none for one decision
	Options  any      // PublicKeyCredentialRequestOptions, as JSON has them
}

// AskToSign is the question that a decision is signed by, for a few minutes and once.
// It commits nothing; what the rules would refuse anyhow is refused before anybody
// reaches for their passkey. yes, where there is one, is the approval of what a sanction
// or an amendment makes: the same signature covers both, and each is sent with it.
//
// Errors: as Decide; Conflict passkey.none where they have no passkey, passkey.no_name,
// passkey.not_asked where the decision needs none.
func (d *Desk) AskToSign(ctx context.Context, who auth.Who, in Decision, yes *Decision) (Question, error) {
	task, rule, err := d.deciding(ctx, who, in.Task)
	if err != nil {
		return Question{}, err
	}
	if err := d.staleness(ctx, task, in); err != nil {
		return Question{}, err
	}
	if !asksPasskey(task, in.Act) {
		return Question{}, fault.New(fault.Conflict, "passkey.not_asked")
	}
	act, err := d.meansTo(ctx, who, task, rule, in)
	if err != nil {
		return Question{}, err
	}
	if _, err := d.withSignIn(who, task, &act); err != nil {
		return Question{}, err
	}
	if _, err := d.patch(ctx, task, in, &act); err != nil {
		return Question{}, err
	}
	usable, err := d.UsablePasskeys(ctx, who)
	if err != nil {
		return Question{}, err
	}
	if err := d.wouldStand(ctx, who, act); err != nil {
		return Question{}, err
	}
	acts := []approval.Act{act}
	if yes != nil {
		then, err := d.thenYes(ctx, who, task, rule, act, *yes)
		if err != nil {
			return Question{}, err
		}
		acts = append(acts, then)
	}
	return d.ask(ctx, who, usable, acts...)
}

// thenYes is the approval that follows a change at once.
//
// Errors: Invalid request.unknown_property where the act makes no content; and what the
// rules say of its choice of the next approvers.
func (d *Desk) thenYes(ctx context.Context, who auth.Who, task store.Task, rule delegation.Rule, change approval.Act,
	yes Decision) (approval.Act, error) {
	if change.NewHash == "" {
		return approval.Act{}, fault.New(fault.Invalid, "request.unknown_property", fault.Field("then"))
	}
	yes.Task, yes.Act, yes.Round, yes.ContentHash = task.ID, approval.Approve, change.Round, change.ContentHash
	then, err := d.meansTo(ctx, who, task, rule, yes)
	if err != nil {
		return approval.Act{}, err
	}
	switch err := d.wouldStand(ctx, who, then); fault.CodeOf(err) {
	case "act.choice_required", "act.to_not_among": // the rules judge the rest on what the change makes
		return approval.Act{}, err
	}
	then.ContentHash = change.NewHash
	return then, nil
}

// UsablePasskeys are those with which somebody may sign here.
//
// Errors: Forbidden act.person_only; Conflict passkey.no_name, passkey.none.
func (d *Desk) UsablePasskeys(ctx context.Context, who auth.Who) ([]store.Passkey, error) {
	if err := inPerson(who); err != nil {
		return nil, err
	}
	if d.Passkeys == nil {
		return nil, fault.New(fault.Conflict, "passkey.no_name")
	}
	have, err := d.Store.Passkeys(ctx, who.Person.ID)
	if err != nil {
		return nil, err
	}
	usable := d.Passkeys.Usable(have)
	if len(usable) == 0 {
		return nil, fault.New(fault.Conflict, "passkey.none")
	}
	return usable, nil
}

// wouldStand tells why the rules would refuse an act even if it were signed.
func (d *Desk) wouldStand(ctx context.Context, who auth.Who, act approval.Act) error {
	state, err := d.State(ctx, act.Document)
	if err != nil || state.Plan == nil {
		return err
	}
	plan := *state.Plan
	plan.Passkey = false
	state.Plan, act.ID = &plan, "trial"
	_, err = state.Judge(act, d.now())
	if f, refused := fault.As(err); refused {
		return d.Named(ctx, who, act.Document, f)
	}
	return err
}

func (d *Desk) ask(ctx context.Context, who auth.Who, usable []store.Passkey, acts ...approval.Act) (Question, error) {
	nonce := rand.Text()
	challenge, together, err := approval.Together(nonce, acts...)
	if err != nil {
		return Question{}, err
	}
	options, err := d.Passkeys.Ask(challenge, usable)
	if err != nil {
		return Question{}, err
	}
	for place := range acts {
		err := d.Store.AskPasskey(ctx, nonceAt(nonce, place), who.Person.ID, challenge, auth.QuestionLife)
		if err != nil {
			return Question{}, err
		}
	}
	return Question{nonce, together, options}, nil
}

// nonceAt is under which name the question of one of several acts is kept: the answer is
// good once for each.
func nonceAt(nonce string, place int) string {
	if place == 0 {
		return nonce
	}
	return nonce + "." + strconv.Itoa(place)
}

// withPasskey puts into a decision what its actor's passkey signed of it, where the
// plan asks for it: proved, for this house, of this decision, and not used before.
// Whoever decides for another signs with their own.
//
// Errors: Forbidden act.person_only, act.passkey_required, passkey.unknown,
// passkey.refused; Conflict passkey.expired, passkey.no_name.
func (d *Desk) withPasskey(ctx context.Context, who auth.Who, task store.Task, in Decision, act *approval.Act) error {
	switch {
	case !asksPasskey(task, act.Name):
		return nil
	case who.Token != "" || who.Subject.Machine:
		return fault.New(fault.Forbidden, "act.person_only")
	case in.Passkey == nil:
		return approval.PasskeyRequired()
	case d.Passkeys == nil:
		return fault.New(fault.Conflict, "passkey.no_name")
	}
	if err := d.staleness(ctx, task, in); err != nil {
		return err // who signed something else, signed what was then
	}
	signed := *in.Passkey
	act.Passkey = &signed
	key, err := d.Store.PasskeyOf(ctx, signed.Credential)
	if err != nil {
		return err
	}
	seen, err := act.VerifyPasskey(key.Key())
	switch {
	case err != nil:
		return err
	case !key.RemovedAt.IsZero():
		return fault.New(fault.Forbidden, "passkey.unknown")
	case !d.Passkeys.Here(seen.Origin):
		return fault.New(fault.Forbidden, "passkey.refused", fault.Arg("why", passkey.BadOrigin))
	}
	return d.spend(ctx, who, *act, key, seen)
}

// spend takes the question away that was answered, and notes the use of the passkey. A
// counter that did not go on is told to its owner and refuses nothing: keys that are
// synced do not count, and some authenticators begin anew.
func (d *Desk) spend(ctx context.Context, who auth.Who, act approval.Act, key store.Passkey, seen passkey.Seen) error {
	challenge, err := act.Challenge()
	if err != nil {
		return err
	}
	place, err := act.SignedAs()
	if err != nil {
		return err
	}
	err = d.Store.AnswerPasskey(ctx, nonceAt(act.Passkey.Nonce, place), who.Person.ID, challenge)
	if err != nil || place > 0 {
		return err // the passkey was used once, for all of them
	}
	behind, err := d.Store.PasskeyUsed(ctx, key, act.Passkey.Nonce, seen.Counter)
	if behind {
		slog.WarnContext(ctx, "the counter of a passkey did not go on: there may be a copy of it",
			"person", who.Person.ID, "passkey", key.ID, "counter", seen.Counter, "last", key.Counter)
	}
	return err
}
