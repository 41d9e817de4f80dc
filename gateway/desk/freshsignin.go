package desk

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// provedActs are the acts that ask for a fresh sign-in where the plan does: those
// that decide, and those that change what is decided on.
var provedActs = []approval.Name{
	approval.Approve, approval.Reject, approval.Return, approval.Sanction, approval.Amend,
}

// withSignIn puts into a decision how its actor signed in, where the plan asks for it.
// Whoever decides for another proves who they are themselves. How old it may be is
// judged once more, when the act is received.
//
// Errors: Forbidden act.sign_in_again; act.person_only for a program.
func (d *Desk) withSignIn(who auth.Who, task store.Task, act *approval.Act) (*approval.FreshSignIn, error) {
	asked := task.FreshSignIn
	switch {
	case asked == nil || !slices.Contains(provedActs, act.Name):
		return nil, nil
	case who.Token != "" || who.Subject.Machine:
		return nil, fault.New(fault.Forbidden, "act.person_only")
	case !asked.Within(who.Proved, d.now()):
		return nil, asked.Refusal()
	}
	act.SignIn = who.Proved
	return asked, nil
}
