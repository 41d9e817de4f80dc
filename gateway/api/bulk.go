package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

func (a *API) bulk() {
	add(a, operation{
		"decide-tasks", http.MethodPost, "/tasks/decide", "Tasks and acts",
		"Decide up to 100 tasks, each by itself: one that is refused stops no other", 0,
	},
		a.decideTasks)
}

// BulkAct is what one may decide about many tasks at once.
type BulkAct string

// Schema lists the decisions.
func (BulkAct) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"approve", "reject", "return"}}
}

// BulkDecision is one decision of many: what was seen, and what was decided.
type BulkDecision struct {
	Task        string  `json:"task" minLength:"1" maxLength:"200"`
	Act         BulkAct `json:"act"`
	Round       int     `json:"round" minimum:"1" doc:"The round that was seen"`
	ContentHash string  `json:"content_hash" minLength:"1" maxLength:"64" doc:"The content that was seen"`
	Opinion     string  `json:"opinion,omitempty" maxLength:"2000" doc:"Needed to reject and to return"`
}

// BulkBody is many decisions.
type BulkBody struct {
	Decisions []BulkDecision `json:"decisions" minItems:"1" maxItems:"100" nullable:"false" doc:"Each task once"`
}

// BulkInput is many decisions.
type BulkInput struct {
	Keyed
	Body BulkBody
}

// BulkResult is what became of one decision.
type BulkResult struct {
	Task    string           `json:"task"`
	Result  string           `json:"result" enum:"applied,pending,refused,failed" doc:"failed: send it again, same key"`
	Act     *Act             `json:"act,omitempty" doc:"Of what was not refused: ask again at /acts/{id}"`
	Problem *problem.Problem `json:"problem,omitempty" doc:"Why it was refused or failed, in the caller's language"`
}

// BulkAnswer is what became of each decision, in their order.
type BulkAnswer struct {
	Items   []BulkResult `json:"items" nullable:"false"`
	Applied int          `json:"applied"`
	Pending int          `json:"pending"`
	Refused int          `json:"refused" doc:"Judged, and not decided"`
	Failed  int          `json:"failed" doc:"Not known to be judged: send the call again under its Idempotency-Key"`
}

// BulkOutput is what became of each decision.
type BulkOutput struct{ Body BulkAnswer }

// decideTasks handles POST /tasks/decide.
func (a *API) decideTasks(ctx context.Context, in *BulkInput) (*BulkOutput, error) {
	who, _ := auth.Of(ctx)
	all := make([]desk.Decision, 0, len(in.Body.Decisions))
	for _, one := range in.Body.Decisions {
		all = append(all, desk.Decision{
			Task: one.Task, Act: approval.Name(one.Act), Round: one.Round, ContentHash: one.ContentHash,
			Opinion: one.Opinion, Channel: channel(who),
		})
	}
	results, err := a.desk.DecideAll(ctx, who, all, keyOf("decide-tasks", in.IdempotencyKey, in.Body))
	if err != nil {
		return nil, err
	}
	out := &BulkOutput{Body: BulkAnswer{Items: make([]BulkResult, 0, len(results))}}
	for _, r := range results {
		out.Body.add(ctx, r)
	}
	return out, nil
}

func (b *BulkAnswer) add(ctx context.Context, r desk.BulkResult) {
	item := BulkResult{Task: r.Task}
	answer, err := acted(r.Acted, r.Err)
	switch {
	case err != nil && r.Failed():
		item.Result, item.Problem = "failed", problem.Of(ctx, err)
		problem.Log(ctx, err)
		b.Failed++
	case err != nil:
		item.Result, item.Problem = "refused", problem.Of(ctx, err)
		b.Refused++
	case r.Acted.Pending:
		item.Result, item.Act = "pending", &answer.Body
		b.Pending++
	default:
		item.Result, item.Act = "applied", &answer.Body
		b.Applied++
	}
	b.Items = append(b.Items, item)
}
