package approval

import (
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
//
// Errors: Invalid evidence.not_canonical.
func (a Act) Challenge() (string, error) {
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
