package api

import (
	"context"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
)

// ExplainInput asks whether somebody may do something.
type ExplainInput struct {
	Asked
	Person     string `query:"person" maxLength:"200" doc:"Oneself where left out"`
	Permission string `query:"permission" required:"true" maxLength:"64" doc:"Such as document:read"`
	Document   string `query:"document" maxLength:"64" doc:"To this document, by its number or its id"`
	Entity     string `query:"entity" maxLength:"64" doc:"To what is of this company"`
	Department string `query:"department" maxLength:"64" doc:"To what is of this department"`
}

// Explained is why somebody may do something, or why not.
type Explained struct {
	Allowed bool     `json:"allowed"`
	Reason  string   `json:"reason" doc:"As access.denied tells it"`
	Text    string   `json:"text" doc:"In the caller's language"`
	Role    string   `json:"role,omitempty" doc:"The role that lets them"`
	Grant   string   `json:"grant,omitempty" doc:"The grant that gave it, where it was made in the house"`
	Roles   []string `json:"roles" nullable:"false" doc:"The roles that give this"`
}

// ExplainOutput is why somebody may do something, or why not.
type ExplainOutput struct{ Body Explained }

// explain handles GET /access/explain.
func (a *API) explain(ctx context.Context, in *ExplainInput) (*ExplainOutput, error) {
	who, _ := auth.Of(ctx)
	q := desk.WhyQuestion{Person: in.Person, Permission: in.Permission, Document: in.Document, Entity: in.Entity,
		Department: in.Department}
	if q.Person == "" {
		q.Person = who.Person.ID
	}
	e, err := a.desk.Explain(ctx, who, q)
	if err != nil {
		return nil, err
	}
	snapshot, err := a.desk.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return &ExplainOutput{Body: Explained{
		Allowed: e.Allowed, Reason: e.Reason, Text: desk.WhyText(e, q, snapshot, i18n.Locale(ctx)), Role: e.By.Role,
		Grant: e.By.Grant.ID, Roles: append([]string{}, e.Roles...),
	}}, nil
}
