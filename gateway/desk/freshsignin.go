package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

// provedActs are the acts that ask for a fresh sign-in where the plan does: those
// that decide, and those that change what is decided on.
var provedActs = []approval.Name{
	approval.Approve, approval.Reject, approval.Return, approval.Sanction, approval.Amend,
}

// FreshSignIn is what a document's plan asks of the sign-in of whoever decides, nil
// for nothing, and whether somebody's is fresh enough just now.
func (d *Desk) FreshSignIn(ctx context.Context, who auth.Who, document string) (*approval.FreshSignIn, bool, error) {
	asked, err := d.Store.FreshSignIn(ctx, document)
	if err != nil || asked == nil {
		return nil, true, err
	}
	return asked, asked.Within(who.Proved, d.now()), nil
}

// withSignIn puts into a decision how its actor signed in, where the plan asks for it.
// Whoever decides for another proves who they are themselves. How old it may be is
// judged once more, when the act is received.
//
// Errors: Forbidden act.sign_in_again; act.person_only for a program.
func (d *Desk) withSignIn(ctx context.Context, who auth.Who, act *approval.Act) (*approval.FreshSignIn, error) {
	if !slices.Contains(provedActs, act.Name) {
		return nil, nil
	}
	asked, fresh, err := d.FreshSignIn(ctx, who, act.Document)
	switch {
	case err != nil || asked == nil:
		return nil, err
	case who.Token != "" || who.Subject.Machine:
		return nil, fault.New(fault.Forbidden, "act.person_only")
	case !fresh:
		return nil, asked.Refusal()
	}
	act.SignIn = who.Proved
	return asked, nil
}
