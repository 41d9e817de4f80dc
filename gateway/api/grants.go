package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) grants() {
	const tag = "Rights"
	add(a, operation{"read-rights", http.MethodGet, "/people/{id}/rights", tag,
		"Which roles somebody has, from where and since when", 0}, a.readRights)
	add(a, operation{"request-role", http.MethodPost, "/grants", tag,
		"Ask for a role, dated; an administrator who neither asks nor gets it approves the proposal", 201}, a.requestRole)
	add(a, operation{"list-right-requests", http.MethodGet, "/grants/requests", tag,
		"What was asked about rights, the newest first", 0}, a.listRightRequests)
	add(a, operation{"revoke-grant", http.MethodPost, "/people/{id}/rights/{grant}/revoke", tag,
		"Ask that a right be taken away; or, in an emergency, take it away at once and tell every administrator", 0},
		a.revokeGrant)
	add(a, operation{"explain-access", http.MethodGet, "/access/explain", tag,
		"Why somebody may do something, or why not", 0}, a.explain)
}

// HeldGrant is a role that somebody has.
type HeldGrant struct {
	Grant      string     `json:"grant" doc:"Names it among those of the person"`
	Role       string     `json:"role"`
	Entity     string     `json:"entity,omitempty" doc:"None: every entity"`
	Department string     `json:"department,omitempty" doc:"And those below it; none: the whole entity"`
	Source     string     `json:"source" enum:"house,file,directory" doc:"Two people here, a file, or a directory"`
	Since      *time.Time `json:"since,omitempty"`
	Until      *time.Time `json:"until,omitempty" doc:"The first instant at which it does not hold any more"`
}

// PastGrant is a right that was granted here or taken away here.
type PastGrant struct {
	HeldGrant
	Reason    string     `json:"reason,omitempty"`
	Maker     string     `json:"maker,omitempty" doc:"Who asked for it"`
	Checker   string     `json:"checker,omitempty" doc:"Who approved it"`
	GrantedAt *time.Time `json:"granted_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"When it was taken away"`
	EndedBy   string     `json:"ended_by,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`
	Alone     bool       `json:"alone,omitempty" doc:"One administrator took it away at once"`
}

// PersonRights is what somebody may do.
type PersonRights struct {
	Person  Person      `json:"person"`
	Grants  []HeldGrant `json:"grants" nullable:"false" doc:"In force and to come"`
	History []PastGrant `json:"history" nullable:"false" doc:"Granted or taken away here, the newest first"`
	Heads   []string    `json:"heads" nullable:"false" doc:"The departments they head"`
}

// PersonIDInput names a person.
type PersonIDInput struct {
	Asked
	ID string `path:"id" maxLength:"200"`
}

// RightsOutput is what somebody may do.
type RightsOutput struct{ Body PersonRights }

// readRights handles GET /people/{id}/rights.
func (a *API) readRights(ctx context.Context, in *PersonIDInput) (*RightsOutput, error) {
	who, _ := auth.Of(ctx)
	rights, err := a.desk.Rights(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := PersonRights{Person: personOf(rights.Person), Grants: []HeldGrant{}, History: []PastGrant{}, Heads: []string{}}
	for _, g := range rights.Grants {
		out.Grants = append(out.Grants, HeldGrant{
			access.Key(g.Grant), g.Role, g.Entity, g.Department, g.Source, instant(g.Since), instant(g.Until),
		})
	}
	for _, g := range rights.History {
		out.History = append(out.History, PastGrant{
			HeldGrant: HeldGrant{
				access.Key(g.Grant()), g.Role, g.Entity, g.Department, g.Origin(), instant(g.From), instant(g.Until),
			},
			Reason: g.Reason, Maker: g.Maker, Checker: g.Checker, GrantedAt: instant(g.GrantedAt),
			EndedAt: instant(g.EndedAt), EndedBy: g.EndedBy, EndReason: g.EndReason, Alone: g.Alone(),
		})
	}
	for _, d := range rights.Heads {
		out.Heads = append(out.Heads, d.ID)
	}
	return &RightsOutput{Body: out}, nil
}

// AskedRight is a right as somebody asks for it, or the one to be taken away.
type AskedRight struct {
	Person     string     `json:"person" maxLength:"200"`
	Role       string     `json:"role" maxLength:"64"`
	Entity     string     `json:"entity,omitempty" maxLength:"64" doc:"None: every entity"`
	Department string     `json:"department,omitempty" maxLength:"64" doc:"And those below it; none: the whole entity"`
	From       *time.Time `json:"from,omitempty" doc:"From the approval on where left out"`
	Until      *time.Time `json:"until,omitempty" doc:"Half-open; for good where left out"`
	Reason     string     `json:"reason" maxLength:"2000"`
}

func askedRightOf(p store.ProposalRow) *AskedRight {
	r := desk.AskedRole(p)
	return &AskedRight{r.Person, r.Role, r.Entity, r.Department, instant(r.From), instant(r.Until), r.Reason}
}

// RequestRoleInput asks for a role.
type RequestRoleInput struct {
	Keyed
	Body AskedRight
}

// requestRole handles POST /grants.
func (a *API) requestRole(ctx context.Context, in *RequestRoleInput) (*ProposalOutput, error) {
	who, _ := auth.Of(ctx)
	b := in.Body
	r := access.RoleRequest{Person: b.Person, Role: b.Role, Entity: b.Entity, Department: b.Department, Reason: b.Reason}
	if b.From != nil {
		r.From = *b.From
	}
	if b.Until != nil {
		r.Until = *b.Until
	}
	return proposalAnswer(a.desk.RequestRole(ctx, who, r, keyOf("request-role", in.IdempotencyKey, r)))
}

// listRightRequests handles GET /grants/requests.
func (a *API) listRightRequests(ctx context.Context, in *ProposalsInput) (*ProposalsOutput, error) {
	who, _ := auth.Of(ctx)
	filter := store.ProposalFilter{Cursor: in.Cursor, Limit: in.Limit}
	if in.Open {
		filter.Only = store.OnlyOpen
	}
	page, err := a.desk.RightRequests(ctx, who, filter)
	if err != nil {
		return nil, err
	}
	return &ProposalsOutput{Body: listOf(page.Items, page.Next, page.Total, proposalOf)}, nil
}

// RevokeBody says why a right goes.
type RevokeBody struct {
	Reason string `json:"reason" maxLength:"2000"`
	AtOnce bool   `json:"at_once,omitempty" doc:"By an administrator alone, in an emergency: every administrator is told"`
}

// RevokeGrantInput names a right and says why it goes.
type RevokeGrantInput struct {
	Keyed
	ID    string `path:"id" maxLength:"200"`
	Grant string `path:"grant" maxLength:"200"`
	Body  RevokeBody
}

// RevokedBody is what became of it.
type RevokedBody struct {
	Revoked  bool      `json:"revoked" doc:"It is gone; else a second person decides on the proposal"`
	Proposal *Proposal `json:"proposal,omitempty"`
}

// RevokedOutput is what became of it.
type RevokedOutput struct{ Body RevokedBody }

// revokeGrant handles POST /people/{id}/rights/{grant}/revoke.
func (a *API) revokeGrant(ctx context.Context, in *RevokeGrantInput) (*RevokedOutput, error) {
	who, _ := auth.Of(ctx)
	key := keyOf("revoke-grant", in.IdempotencyKey, in.ID, in.Grant, in.Body)
	if in.Body.AtOnce {
		err := a.desk.RevokeAtOnce(ctx, who, in.ID, in.Grant, in.Body.Reason, key)
		if err != nil {
			return nil, err
		}
		return &RevokedOutput{Body: RevokedBody{Revoked: true}}, nil
	}
	p, err := a.desk.RevokeGrant(ctx, who, in.ID, in.Grant, in.Body.Reason, key)
	if err != nil {
		return nil, err
	}
	shown := proposalOf(p)
	return &RevokedOutput{Body: RevokedBody{Proposal: &shown}}, nil
}
