package api

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
)

// Counted is what was added to a document's own amount for its route.
type Counted struct {
	By         []string    `json:"by" doc:"What the others share with it: payee, requester, submitter, category"`
	Days       int         `json:"days" doc:"Calendar days within which they were asked for"`
	From       time.Time   `json:"from"`
	Until      time.Time   `json:"until"`
	Categories []string    `json:"categories,omitempty" doc:"Only lines of these count"`
	Own        *desk.Money `json:"own"`
	Others     *desk.Money `json:"others"`
	Sum        *desk.Money `json:"sum" doc:"The amount by which the route was chosen"`
	Count      int         `json:"count" doc:"How many documents were counted beside it"`
	Text       string      `json:"text" doc:"The same in words"`

	Documents []CountedDocument `json:"documents" nullable:"false" doc:"Those of them that the reader may read"`
}

// CountedDocument is one of the others, as it was counted.
type CountedDocument struct {
	ID          string      `json:"id"`
	Number      string      `json:"number"`
	Revision    int         `json:"revision"`
	ContentHash string      `json:"content_hash"`
	Amount      *desk.Money `json:"amount" doc:"That counted, in its own currency"`
}

func countedOf(c *approval.Counted) *Counted {
	if c == nil {
		return nil
	}
	return &Counted{
		By: c.By, Days: c.Days, From: c.From, Until: c.Until, Categories: c.Categories, Own: desk.MoneyOf(c.Own),
		Others: desk.MoneyOf(c.Others), Sum: desk.MoneyOf(c.Sum), Count: c.Count, Documents: []CountedDocument{},
	}
}

// planSeen is a route as a reader sees it: of what was counted, they see the
// documents that they may read.
func (a *API) planSeen(ctx context.Context, who auth.Who, plan approval.Plan) (Plan, error) {
	seen := planOf(plan)
	if seen.Counted == nil {
		return seen, nil
	}
	seen.Counted.Text = policy.CountedWords(plan.Counted, i18n.Locale(ctx))
	documents, err := a.desk.Counted(ctx, who, plan.Counted)
	for _, one := range documents {
		seen.Counted.Documents = append(seen.Counted.Documents, CountedDocument{
			ID: one.Document, Number: one.Number, Revision: one.Revision, ContentHash: one.Hash,
			Amount: desk.MoneyOf(one.Amount),
		})
	}
	return seen, err
}
