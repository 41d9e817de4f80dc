package api

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) advances() {
	add(a, operation{"list-advances", http.MethodGet, "/advances", "Documents",
		"One's own advances that are not settled", 0}, a.listAdvances)
}

// AdvancesInput says which type of document is to settle them.
type AdvancesInput struct {
	Type string `query:"type" default:"expense" maxLength:"64" doc:"The type of document that settles"`
}

// Advance is an advance that is in the books and not settled.
type Advance struct {
	Document string      `json:"document" doc:"Its id"`
	Number   string      `json:"number"`
	Total    *desk.Money `json:"total"`
	Open     *desk.Money `json:"open" doc:"Less what other documents settle, or ask to"`
}

// AdvancesOutput is somebody's open advances.
type AdvancesOutput struct{ Body List[Advance] }

// listAdvances handles GET /advances.
func (a *API) listAdvances(ctx context.Context, in *AdvancesInput) (*AdvancesOutput, error) {
	who, _ := auth.Of(ctx)
	kind, err := a.desk.Type(ctx, in.Type)
	if err != nil {
		return nil, err
	}
	open, err := a.desk.OpenAdvances(ctx, who, kind, who.Person.Entity, who.Person.ID, "")
	if err != nil {
		return nil, err
	}
	each := func(o document.Advance) Advance {
		return Advance{o.Document, o.Number, desk.MoneyOf(o.Total), desk.MoneyOf(o.Open)}
	}
	return &AdvancesOutput{Body: listOf(open, "", nil, each)}, nil
}
