package api

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) handovers() {
	const tag = "Hand-over"
	add(a, operation{
		"read-handover", http.MethodGet, "/handovers/{person}", tag,
		"What somebody leaves behind, and what becomes of it", 0,
	},
		a.readHandover)
	add(a, operation{
		"hand-over", http.MethodPost, "/handovers/{person}", tag,
		"Hand over what still waits for somebody who left; safe to repeat", 0,
	},
		a.handOver)
}

// HandoverItem is one thing that somebody leaves behind.
type HandoverItem struct {
	Kind     string `json:"kind" enum:"task,document,clock,delegation,token,sessions,drafts"`
	ID       string `json:"id,omitempty"`
	Document string `json:"document,omitempty"`
	Number   string `json:"number,omitempty"`
	Title    string `json:"title,omitempty"`
	Count    int    `json:"count,omitempty" doc:"How many sessions or drafts"`
	Fate     string `json:"fate" enum:"moves,moves_by_rule,queue,ends,goes_on,other,stuck,revoked,kept"`
	To       string `json:"to,omitempty" doc:"Who takes over or goes on, or the other side of a delegation"`
}

// Handover is everything that somebody leaves behind.
type Handover struct {
	Person string         `json:"person"`
	Active bool           `json:"active" doc:"They work here: this is what would become of everything"`
	Open   int            `json:"open" doc:"Open tasks that wait for them still"`
	Items  []HandoverItem `json:"items" nullable:"false"`
}

// HandoverInput names who leaves.
type HandoverInput struct {
	Asked
	Person string `path:"person" maxLength:"64"`
}

// HandOverInput names who left.
type HandOverInput struct {
	Keyed
	Person string `path:"person" maxLength:"64"`
	Body   struct{}
}

// HandoverOutput is what somebody leaves behind.
type HandoverOutput struct{ Body Handover }

// readHandover handles GET /handovers/{person}.
func (a *API) readHandover(ctx context.Context, in *HandoverInput) (*HandoverOutput, error) {
	who, _ := auth.Of(ctx)
	h, err := a.desk.Handover(ctx, who, in.Person)
	return handoverOf(h), err
}

// handOver handles POST /handovers/{person}.
func (a *API) handOver(ctx context.Context, in *HandOverInput) (*HandoverOutput, error) {
	who, _ := auth.Of(ctx)
	h, err := a.desk.HandOver(ctx, who, in.Person, keyOf("hand-over", in.IdempotencyKey, in.Person))
	return handoverOf(h), err
}

func handoverOf(h desk.Handover) *HandoverOutput {
	body := Handover{Person: h.Person, Active: h.Active, Open: h.Open, Items: []HandoverItem{}}
	for _, item := range h.Items {
		body.Items = append(body.Items, HandoverItem(item))
	}
	return &HandoverOutput{Body: body}
}
