package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) interventions() {
	const tag = "Interventions"
	add(a, operation{
		"intervene", http.MethodPost, "/documents/{id}/interventions", tag,
		"Reassign a task, jump to a step, plan the route anew, let a stopped clock go on, or void a document; " +
			"what is about money is proposed to another administrator, who approves the proposal", 0,
	}, a.intervene)
	a.alsoAccepted("/documents/{id}/interventions", "200")
	add(a, operation{
		"list-interventions", http.MethodGet, "/documents/{id}/interventions", tag,
		"What was proposed for a document, the newest first", 0,
	}, a.listInterventions)
	add(a, operation{
		"preview-replan", http.MethodGet, "/documents/{id}/replan", tag,
		"The route that a document has, and the one that planning it anew would give it now", 0,
	}, a.previewReplan)
}

// Intervention is what an administrator wants done, as it is proposed.
type Intervention struct {
	Ruling      string   `json:"ruling" enum:"reassign,jump,replan,release,void"`
	Task        string   `json:"task,omitempty" maxLength:"200" doc:"Reassigned or left; or who stopped the clock"`
	To          []string `json:"to,omitempty" maxItems:"1" nullable:"false" doc:"Reassign to: account, e-mail or name"`
	ToStep      string   `json:"to_step,omitempty" maxLength:"200" doc:"Jump to this step"`
	Opinion     string   `json:"opinion" minLength:"1" maxLength:"2000" doc:"Why"`
	Round       int      `json:"round" minimum:"1" doc:"The round that was seen"`
	ContentHash string   `json:"content_hash" minLength:"1" maxLength:"64" doc:"The content that was seen"`
}

// InterventionBody is an intervention to be made or proposed.
type InterventionBody struct {
	Intervention
	ExpiresAt time.Time `json:"expires_at,omitempty" doc:"Of the proposal: 14 days from now where left out, 90 at most"`
}

// InterventionInput is an intervention to be made or proposed.
type InterventionInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body InterventionBody
}

// Intervened is what became of an intervention: an act, or a proposal.
type Intervened struct {
	Act      *Act      `json:"act,omitempty" doc:"Where one administrator was enough"`
	Proposal *Proposal `json:"proposal,omitempty" doc:"Where another administrator must approve it first"`
}

// InterventionOutput is the answer to an intervention.
type InterventionOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where to ask again"`
	Body     Intervened
}

// intervene handles POST /documents/{id}/interventions: 200 where it took effect,
// 202 where it is being applied, or waits for a second administrator.
func (a *API) intervene(ctx context.Context, in *InterventionInput) (*InterventionOutput, error) {
	who, _ := auth.Of(ctx)
	got, err := a.desk.Intervene(ctx, who, desk.Intervention{
		Document: in.ID, Ruling: in.Body.Ruling, Round: in.Body.Round, ContentHash: in.Body.ContentHash,
		Opinion: in.Body.Opinion, Channel: channel(who), Task: in.Body.Task, To: in.Body.To, ToStep: in.Body.ToStep,
		Expires: in.Body.ExpiresAt,
	}, keyOf("intervene", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	if got.Proposal != nil {
		p := proposalOf(*got.Proposal)
		return &InterventionOutput{
			Status: http.StatusAccepted, Location: Base + "/proposals/" + p.ID, Body: Intervened{Proposal: &p},
		}, nil
	}
	out, err := acted(got.Acted, nil)
	return &InterventionOutput{Status: out.Status, Location: out.Location, Body: Intervened{Act: &out.Body}}, err
}

// listInterventions handles GET /documents/{id}/interventions.
func (a *API) listInterventions(ctx context.Context, in *DocumentInput) (*ProposalsOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.Interventions(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &ProposalsOutput{Body: listOf(list, "", nil, proposalOf)}, nil
}

// ReplanOutput is the route that a document has, and the one it would get.
type ReplanOutput struct {
	Body struct {
		Has  Plan `json:"has"`
		Gets Plan `json:"gets"`
	}
}

// previewReplan handles GET /documents/{id}/replan.
func (a *API) previewReplan(ctx context.Context, in *DocumentInput) (*ReplanOutput, error) {
	who, _ := auth.Of(ctx)
	has, gets, err := a.desk.Replan(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &ReplanOutput{}
	if out.Body.Has, err = a.planSeen(ctx, who, has); err != nil {
		return nil, err
	}
	out.Body.Gets, err = a.planSeen(ctx, who, gets)
	return out, err
}
