package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) proposals() {
	const tag = "Types and policies"
	add(a, operation{
		"propose", http.MethodPost, "/policies/{kind}/{id}/proposals", tag,
		"Propose the next version of a policy, a document type or a mapping; another person publishes it", 201,
	}, a.propose)
	add(a, operation{"list-proposals", http.MethodGet, "/proposals", tag, "Proposals, the newest first", 0},
		a.listProposals)
	add(a, operation{"read-proposal", http.MethodGet, "/proposals/{id}", tag, "A proposal with its text", 0},
		a.readProposal)
	add(a, operation{
		"approve-proposal", http.MethodPost, "/proposals/{id}/approve", tag,
		"Publish what another person proposed as the next version, carry out their intervention, or grant or take away " +
			"the right they asked for", 0,
	}, a.approveProposal)
	add(a, operation{
		"refuse-proposal", http.MethodPost, "/proposals/{id}/refuse", tag,
		"Refuse what another person proposed, with a reason", 0,
	}, a.refuseProposal)
}

// Proposal is something that needs a second person.
type Proposal struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind" enum:"policy,type,mapping,calendar,intervention,grant,revocation"`
	Subject   string     `json:"subject" doc:"Id of the text, the document or the person it is about"`
	State     string     `json:"state" enum:"open,approved,refused,expired"`
	Hash      string     `json:"hash" doc:"Of the text, as its version will have"`
	Base      int        `json:"base" doc:"The version in force when it was proposed; 0 for none"`
	Note      string     `json:"note,omitempty"`
	Maker     string     `json:"maker" doc:"Who proposed it"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Checker   string     `json:"checker,omitempty" doc:"Who decided"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Reason    string     `json:"reason,omitempty" doc:"Of the one who decided"`
	Version   int        `json:"version,omitempty" doc:"The version it became"`
	YAML      string     `json:"yaml,omitempty" doc:"Only of a single proposal that is a text; of a calendar as JSON"`

	Intervention *Intervention `json:"intervention,omitempty" doc:"Only of a single proposal that is an intervention"`
	Right        *AskedRight   `json:"right,omitempty" doc:"Only of a grant and of a revocation"`
	Outcome      *ActOutcome   `json:"outcome,omitempty" doc:"Of an approved intervention; none yet: being applied"`
}

// ActOutcome is what the rules said of an act.
type ActOutcome struct {
	Code   string            `json:"code" doc:"ok, or why it was refused"`
	Args   map[string]string `json:"args,omitempty"`
	Status string            `json:"status,omitempty" doc:"The document's status after it"`
}

func proposalOf(p store.ProposalRow) Proposal {
	out := Proposal{
		ID: p.ID, Kind: string(p.Kind), Subject: p.Subject, State: string(p.StateNow()), Hash: p.Hash, Base: p.Base,
		Note: p.Note, Maker: p.Maker, CreatedAt: instant(p.Created), ExpiresAt: instant(p.Expires), Checker: p.Checker,
		DecidedAt: instant(p.Decided), Reason: p.Reason, Version: p.Version, YAML: p.Payload,
	}
	if p.Kind.OfRights() {
		out.YAML, out.Right = "", askedRightOf(p)
		return out
	}
	if p.Kind != proposal.Intervention {
		return out
	}
	out.YAML = ""
	if meant, err := desk.Meant(p); err == nil && p.Payload != "" {
		out.Intervention = &Intervention{
			meant.Ruling, meant.Task, meant.To, meant.ToStep, meant.Opinion, meant.Round, meant.ContentHash,
		}
	}
	if o := p.Outcome; o != nil {
		out.Outcome = &ActOutcome{o.Code, o.Args, string(o.Status)}
	}
	return out
}

// ProposalBody is a text to be proposed.
type ProposalBody struct {
	YAML      string    `json:"yaml" minLength:"1" maxLength:"65536"`
	Note      string    `json:"note,omitempty" maxLength:"2000" doc:"Why, for the one who decides"`
	ExpiresAt time.Time `json:"expires_at,omitempty" doc:"14 days from now where left out, 90 at most"`
}

// ProposeInput is a text to be proposed.
type ProposeInput struct {
	Keyed
	Kind string `path:"kind" enum:"policy,type,mapping"`
	ID   string `path:"id" maxLength:"64"`
	Body ProposalBody
}

// ProposalOutput is one proposal.
type ProposalOutput struct{ Body Proposal }

func proposalAnswer(p store.ProposalRow, err error) (*ProposalOutput, error) {
	if err != nil {
		return nil, err
	}
	return &ProposalOutput{Body: proposalOf(p)}, nil
}

// propose handles POST /policies/{kind}/{id}/proposals.
func (a *API) propose(ctx context.Context, in *ProposeInput) (*ProposalOutput, error) {
	who, _ := auth.Of(ctx)
	return proposalAnswer(a.desk.Propose(ctx, who, desk.ProposalInput{
		Kind: proposal.Kind(in.Kind), Subject: in.ID, YAML: in.Body.YAML, Note: in.Body.Note, Expires: in.Body.ExpiresAt,
	}, keyOf("propose", in.IdempotencyKey, in.Kind, in.ID, in.Body)))
}

// ProposalsInput asks for proposals.
type ProposalsInput struct {
	Paged
	Open bool `query:"open" doc:"Only those that can be decided"`
}

// ProposalsOutput is a page of proposals.
type ProposalsOutput struct{ Body List[Proposal] }

// listProposals handles GET /proposals.
func (a *API) listProposals(ctx context.Context, in *ProposalsInput) (*ProposalsOutput, error) {
	who, _ := auth.Of(ctx)
	filter := store.ProposalFilter{Cursor: in.Cursor, Limit: in.Limit}
	if in.Open {
		filter.Only = store.OnlyOpen
	}
	page, err := a.desk.Proposals(ctx, who, filter)
	if err != nil {
		return nil, err
	}
	return &ProposalsOutput{Body: listOf(page.Items, page.Next, page.Total, proposalOf)}, nil
}

// ProposalIDInput names a proposal.
type ProposalIDInput struct {
	Asked
	ID string `path:"id" maxLength:"64"`
}

// readProposal handles GET /proposals/{id}.
func (a *API) readProposal(ctx context.Context, in *ProposalIDInput) (*ProposalOutput, error) {
	who, _ := auth.Of(ctx)
	return proposalAnswer(a.desk.Proposal(ctx, who, in.ID))
}

// VerdictBody is a decision on a proposal.
type VerdictBody struct {
	Hash   string `json:"hash,omitempty" maxLength:"64" doc:"Of the text you saw"`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Required to refuse"`
}

// VerdictInput is a decision on a proposal.
type VerdictInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body VerdictBody
}

// approveProposal handles POST /proposals/{id}/approve.
func (a *API) approveProposal(ctx context.Context, in *VerdictInput) (*ProposalOutput, error) {
	return a.decideProposal(ctx, in, true)
}

// refuseProposal handles POST /proposals/{id}/refuse.
func (a *API) refuseProposal(ctx context.Context, in *VerdictInput) (*ProposalOutput, error) {
	return a.decideProposal(ctx, in, false)
}

func (a *API) decideProposal(ctx context.Context, in *VerdictInput, approve bool) (*ProposalOutput, error) {
	who, _ := auth.Of(ctx)
	route := "refuse-proposal"
	if approve {
		route = "approve-proposal"
	}
	verdict := proposal.Verdict{Approve: approve, Hash: in.Body.Hash, Reason: in.Body.Reason}
	return proposalAnswer(a.desk.DecideProposal(ctx, who, in.ID, verdict, keyOf(route, in.IdempotencyKey, in.ID, in.Body)))
}
