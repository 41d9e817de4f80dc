package approval

import (
	"slices"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// sealHead keeps a signed decision apart from whatever else may come to be signed.
const sealHead = "countersign decision v1\n"

// Challenge is what a passkey signs of an act: everything that is decided. That is the
// document, the task, the round and the content seen, the verdict, the opinion, whom it
// names, the patch of a sanction or an amendment with the content it makes, who acts
// and for whom, and our nonce. Left out is what is not decided, or known only later.
// Of acts that are signed at once it is the list of what each of them would be asked.
//
// Errors: Invalid evidence.not_canonical; Forbidden passkey.refused where the act is not
// one of those that were signed at once.
func (a Act) Challenge() (string, error) {
	own, err := a.question()
	if err != nil || a.Passkey == nil || len(a.Passkey.Together) == 0 {
		return own, err
	}
	return passkey.Joint(own, a.Passkey.Together)
}

// Together is the challenge of acts that are signed at once, under one nonce, and what
// goes back with the answer: Assertion.Together.
//
// Errors: as Challenge.
func Together(nonce string, acts ...Act) (challenge string, together []string, err error) {
	for _, a := range acts {
		a.Passkey = &passkey.Assertion{Nonce: nonce}
		own, err := a.question()
		if err != nil {
			return "", nil, err
		}
		together = append(together, own)
	}
	if len(together) == 1 {
		return together[0], nil, nil
	}
	challenge, err = passkey.Joint(together[0], together)
	return challenge, together, err
}

// SignedAs is the place of an act among those that were signed at once: 0 for the first,
// and for one that was signed alone.
//
// Errors: Invalid evidence.not_canonical.
func (a Act) SignedAs() (int, error) {
	own, err := a.question()
	return max(0, slices.Index(a.Passkey.Together, own)), err
}

// SignedBeside says whether the signature of an act may stand for another one too: both
// were signed at once, each as an act of its own.
func (a Act) SignedBeside(b Act) bool {
	one, err1 := a.question()
	other, err2 := b.question()
	return err1 == nil && err2 == nil && one != other && slices.Equal(a.Passkey.Together, b.Passkey.Together) &&
		slices.Contains(a.Passkey.Together, one) && slices.Contains(a.Passkey.Together, other)
}

// question is what a passkey is asked about one act alone.
func (a Act) question() (string, error) {
	nonce := ""
	if a.Passkey != nil {
		nonce = a.Passkey.Nonce
	}
	a.ID, a.Channel, a.Revision = "", "", 0 // the content has its hash
	a.SignIn, a.Maker = nil, ""
	a.Passkey = &passkey.Assertion{Nonce: nonce}
	text, err := evidence.Canonical(a)
	if err != nil {
		return "", err
	}
	return passkey.Challenge(append([]byte(sealHead), text...)), nil
}

// Sealed says whether an act carries a passkey's signature of itself, as far as that
// can be said without the key.
//
// Errors: Forbidden passkey.refused; Invalid evidence.not_canonical.
func (a Act) Sealed() error {
	challenge, err := a.Challenge()
	if err != nil {
		return err
	}
	return a.Passkey.Fits(challenge)
}

// VerifyPasskey proves that a passkey signed what an act decides.
//
// Errors: Forbidden passkey.unknown where the key is not the actor's, passkey.refused.
func (a Act) VerifyPasskey(k passkey.Key) (passkey.Seen, error) {
	if a.Passkey == nil || k.Person != a.Actor {
		return passkey.Seen{}, fault.New(fault.Forbidden, "passkey.unknown")
	}
	challenge, err := a.Challenge()
	if err != nil {
		return passkey.Seen{}, err
	}
	return a.Passkey.Verify(k, challenge)
}

// PasskeyRequired is the answer to who must sign a decision with a passkey.
func PasskeyRequired() error { return fault.New(fault.Forbidden, "act.passkey_required") }

// proved refuses a decision without the sign-in or the passkey that its plan asks for.
// The signature is proved with the key where the act is recorded: the rules know no keys.
func (s State) proved(a Act) error {
	switch {
	case s.Plan == nil:
		return nil
	case !s.signedIn(a):
		return s.Plan.SignIn.Refusal()
	case !s.Plan.Passkey:
		return nil
	case a.Passkey == nil:
		return PasskeyRequired()
	}
	return a.Sealed()
}
