package api

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy"
)

func (a *API) replans() {
	add(a, operation{
		"preview-replans", http.MethodGet, "/replans", "Types and policies",
		"How the routes of documents under way on older versions would differ; nothing is changed", 0,
	}, a.previewReplans)
	add(a, operation{
		"replan-these", http.MethodPost, "/replans", "Types and policies",
		"Plan documents under way anew by the version in force, each by an intervention of its own; what is about money " +
			"is proposed to another administrator", 0,
	}, a.replanThese)
}

// ReplanTheseInput names documents as they were seen.
type ReplanTheseInput struct {
	Keyed
	Body struct {
		Documents []desk.ReplanThis `json:"documents" minItems:"1" maxItems:"50" nullable:"false"`
		Opinion   string            `json:"opinion" minLength:"1" maxLength:"2000" doc:"Why"`
	}
}

// ReplanResult is what became of one document.
type ReplanResult struct {
	Document string `json:"document"`
	State    string `json:"state" enum:"done,pending,proposed,waits,refused"`
	Proposal string `json:"proposal,omitempty" doc:"That another administrator must approve"`
	Code     string `json:"code,omitempty" doc:"Why it was refused"`
	Text     string `json:"text,omitempty" doc:"The same, in the caller's language"`
}

// ReplanTheseOutput is what became of each.
type ReplanTheseOutput struct{ Body List[ReplanResult] }

// replanThese handles POST /replans.
func (a *API) replanThese(ctx context.Context, in *ReplanTheseInput) (*ReplanTheseOutput, error) {
	who, _ := auth.Of(ctx)
	results, err := a.desk.ReplanThese(ctx, who, in.Body.Documents, in.Body.Opinion,
		keyOf("replan-these", in.IdempotencyKey))
	if err != nil {
		return nil, err
	}
	each := func(r desk.ReplanResult) ReplanResult {
		shown := ReplanResult{Document: r.Document, State: r.State, Proposal: r.Proposal}
		if r.Fault != nil {
			shown.Code, shown.Text = r.Fault.Code, problem.Text(ctx, r.Fault)
		}
		return shown
	}
	return &ReplanTheseOutput{Body: listOf(results, "", nil, each)}, nil
}

// ReplansInput asks what a version would do to documents under way.
type ReplansInput struct {
	Paged
	Policy   string `query:"policy" required:"true" minLength:"1" maxLength:"64" doc:"Its id"`
	Version  int    `query:"version" minimum:"0" doc:"The one in force where left out"`
	Proposal string `query:"proposal" maxLength:"64" doc:"Ask of what this proposes instead"`
}

// Replanned is one document under way, and how its route would differ.
type Replanned struct {
	Document  string `json:"document"`
	Number    string `json:"number"`
	Title     string `json:"title"`
	Entity    string `json:"entity"`
	Requester string `json:"requester"`
	Step      string `json:"step" doc:"Where it waits"`
	Version   int    `json:"version" doc:"Of the policy that it follows"`
	Round     int    `json:"round"`
	Hash      string `json:"content_hash"`
	Proposal  string `json:"proposal,omitempty" doc:"Of planning it anew, that waits for another administrator"`
	Proposed  string `json:"proposal_hash,omitempty" doc:"What approving it must name"`
	Maker     string `json:"proposed_by,omitempty"`
	policy.Rerouting
	Text   string `json:"text" doc:"What differs, in the caller's language"`
	Follow string `json:"follows" doc:"The path it follows, in the caller's language"`
	Would  string `json:"would_follow" doc:"The path it would follow"`
}

// Replans is the preview.
type Replans struct {
	Policy  string             `json:"policy"`
	Version int                `json:"version" doc:"That they would follow"`
	Counts  *desk.ReplanCounts `json:"counts,omitempty" doc:"Of all of them, with the first page"`
	Items   []Replanned        `json:"items" nullable:"false"`
	Next    string             `json:"next,omitempty" doc:"The cursor of the next page"`
}

// ReplansOutput is the preview.
type ReplansOutput struct{ Body Replans }

// previewReplans handles GET /replans.
func (a *API) previewReplans(ctx context.Context, in *ReplansInput) (*ReplansOutput, error) {
	who, _ := auth.Of(ctx)
	preview, err := a.desk.PreviewReplans(ctx, who, desk.ReplansInput{
		Policy: in.Policy, Version: in.Version, Proposal: in.Proposal, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	snapshot, err := a.desk.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	name := func(id string) string {
		if p, known := snapshot.People[id]; known {
			return p.Name
		}
		return id
	}
	body := Replans{Policy: preview.Policy, Version: preview.Version, Counts: preview.Counts, Next: preview.Next,
		Items: []Replanned{}}
	for _, one := range preview.Items {
		row := Replanned{
			Document: one.ID, Number: one.Number, Title: one.Title, Entity: one.Entity, Requester: one.Requester,
			Step: one.Step, Version: one.Plan.PolicyVersion, Rerouting: one.Rerouting,
			Round: one.Round, Hash: one.ContentHash, Proposal: one.Waiting.ID, Proposed: one.Waiting.Hash,
			Maker: one.Waiting.Maker,
		}
		row.Text, row.Follow, row.Would = one.Words(i18n.Locale(ctx), name)
		body.Items = append(body.Items, row)
	}
	return &ReplansOutput{Body: body}, nil
}
