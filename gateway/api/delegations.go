package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) delegations() {
	const tag = "Delegations"
	add(a, operation{
		"list-delegations", http.MethodGet, "/delegations", tag,
		"Who decides for whom: one's own, or those given to one", 0,
	},
		a.listDelegations)
	add(a, operation{
		"make-delegation", http.MethodPost, "/delegations", tag,
		"Let somebody decide for oneself; an administrator for others, with a reason", 201,
	},
		a.makeDelegation)
	add(a, operation{
		"revoke-delegation", http.MethodPost, "/delegations/{id}/revoke", tag,
		"Take a delegation back at once", 0,
	},
		a.revokeDelegation)
}

// Delegation is the standing rule that one person decides for another.
type Delegation struct {
	ID           string      `json:"id"`
	Person       string      `json:"person" doc:"Whose tasks they are"`
	Delegate     string      `json:"delegate" doc:"Who may decide them"`
	From         *time.Time  `json:"from,omitempty"`
	Until        *time.Time  `json:"until,omitempty" doc:"The first instant at which it does not hold any more"`
	Types        []string    `json:"types" nullable:"false" doc:"Document types; none means every type"`
	Cap          *desk.Money `json:"cap,omitempty" doc:"Documents over more than this are not covered"`
	Reason       string      `json:"reason,omitempty"`
	State        string      `json:"state" enum:"coming,in_force,ended,revoked"`
	MadeBy       string      `json:"made_by"`
	MadeAt       *time.Time  `json:"made_at,omitempty"`
	RevokedBy    string      `json:"revoked_by,omitempty"`
	RevokedAt    *time.Time  `json:"revoked_at,omitempty"`
	RevokeReason string      `json:"revoke_reason,omitempty"`
}

func delegationOf(r delegation.Rule) Delegation {
	return Delegation{
		ID: r.ID, Person: r.Person, Delegate: r.Delegate, From: instant(r.From), Until: instant(r.Until),
		Types: append([]string{}, r.Types...), Cap: desk.MoneyOf(r.Cap), Reason: r.Reason,
		State: string(r.At(time.Now())), MadeBy: r.MadeBy, MadeAt: instant(r.MadeAt),
		RevokedBy: r.RevokedBy, RevokedAt: instant(r.RevokedAt), RevokeReason: r.RevokeReason,
	}
}

// DelegationsInput says which delegations are asked for.
type DelegationsInput struct {
	Asked
	Person string `query:"person" maxLength:"64" doc:"Whose; oneself where left out"`
	Side   string `query:"side" enum:"given,received" doc:"Whom they let decide (the default), or for whom they decide"`
}

// DelegationsOutput is a list of delegations, the newest first.
type DelegationsOutput struct{ Body List[Delegation] }

// listDelegations handles GET /delegations.
func (a *API) listDelegations(ctx context.Context, in *DelegationsInput) (*DelegationsOutput, error) {
	who, _ := auth.Of(ctx)
	rules, err := a.desk.Delegations(ctx, who, desk.DelegationList{Person: in.Person, ForMe: in.Side == "received"})
	if err != nil {
		return nil, err
	}
	return &DelegationsOutput{Body: listOf(rules, "", nil, delegationOf)}, nil
}

// NewDelegationBody is a delegation to be made.
type NewDelegationBody struct {
	Person   string      `json:"person,omitempty" maxLength:"64" doc:"Whose tasks; oneself where left out"`
	Delegate string      `json:"delegate" minLength:"1" maxLength:"64"`
	From     *time.Time  `json:"from,omitempty" doc:"Now where left out, or where it is past"`
	Until    time.Time   `json:"until" doc:"The first instant at which it does not hold any more"`
	Types    []string    `json:"types,omitempty" maxItems:"50" nullable:"false" doc:"Document types; all where left out"`
	Cap      *desk.Money `json:"cap,omitempty" doc:"In the currency of the person's books; none where left out"`
	Reason   string      `json:"reason,omitempty" maxLength:"500" doc:"Needed for somebody else's"`
}

// NewDelegationInput is a delegation to be made.
type NewDelegationInput struct {
	Keyed
	Body NewDelegationBody
}

// DelegationOutput is one delegation.
type DelegationOutput struct{ Body Delegation }

// makeDelegation handles POST /delegations.
func (a *API) makeDelegation(ctx context.Context, in *NewDelegationInput) (*DelegationOutput, error) {
	who, _ := auth.Of(ctx)
	asked := desk.DelegationInput{
		Person: in.Body.Person, Delegate: in.Body.Delegate, Until: in.Body.Until, Types: in.Body.Types,
		Reason: in.Body.Reason,
	}
	if in.Body.From != nil {
		asked.From = *in.Body.From
	}
	if in.Body.Cap != nil {
		var err error
		asked.Cap, err = money.Parse(in.Body.Cap.Amount, money.Currency(in.Body.Cap.Currency))
		if f, ok := fault.As(err); ok {
			f.Field = "cap"
			return nil, f
		}
	}
	rule, err := a.desk.NewDelegation(ctx, who, asked, desk.Key{Route: "make-delegation", Key: in.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return &DelegationOutput{Body: delegationOf(rule)}, nil
}

// RevocationBody says why a delegation is taken back.
type RevocationBody struct {
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"Needed for somebody else's"`
}

// RevocationInput takes a delegation back.
type RevocationInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body RevocationBody
}

// revokeDelegation handles POST /delegations/{id}/revoke.
func (a *API) revokeDelegation(ctx context.Context, in *RevocationInput) (*DelegationOutput, error) {
	who, _ := auth.Of(ctx)
	rule, err := a.desk.RevokeDelegation(ctx, who, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &DelegationOutput{Body: delegationOf(rule)}, nil
}
