package approval

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// unauthorized is HTTP's status of who must sign in, here: once more.
const unauthorized = 401

// FreshSignIn says how fresh the sign-in of whoever decides must be. 二次认证
type FreshSignIn struct {
	Seconds int      `json:"seconds"`       // between signing in and the reception of the act, at most
	Classes []string `json:"acr,omitempty"` // one of these authentication context classes; none: whichever
}

// SignIn is how an actor signed in, as the identity provider told it. It is signed
// with the act: the evidence of a fresh sign-in.
type SignIn struct {
	Issuer string    `json:"issuer"`        // who says so
	At     time.Time `json:"at"`            // when they proved who they are: auth_time
	Class  string    `json:"acr,omitempty"` // how
}

// Within says whether a sign-in was fresh enough at an instant.
func (f *FreshSignIn) Within(in *SignIn, at time.Time) bool {
	return f.accepts(in) && at.Sub(in.At) <= time.Duration(f.Seconds)*time.Second
}

func (f *FreshSignIn) accepts(in *SignIn) bool {
	return in != nil && in.Issuer != "" && !in.At.IsZero() &&
		(len(f.Classes) == 0 || slices.Contains(f.Classes, in.Class))
}

// Refusal is the answer to who must sign in again first.
func (f *FreshSignIn) Refusal() error {
	return fault.New(fault.Forbidden, "act.sign_in_again",
		fault.Arg("max_age", strconv.Itoa(f.Seconds)), fault.Arg("acr_values", strings.Join(f.Classes, " ")))
}

// signedIn says whether a decision carries the sign-in that its plan asks for. How
// old it was is judged when the act is received, by the database's clock, as
// everything that entitles is: what was acknowledged stays good, however late it is
// delivered.
func (s State) signedIn(a Act) bool {
	return s.Plan == nil || s.Plan.SignIn == nil || s.Plan.SignIn.accepts(a.SignIn)
}
