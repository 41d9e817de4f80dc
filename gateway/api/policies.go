package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

func (a *API) policies() {
	const tag = "Types and policies"
	add(a, operation{"list-types", http.MethodGet, "/types", tag, "The document types in force", 0},
		a.listTypes)
	add(a, operation{"list-policies", http.MethodGet, "/policies", tag, "The policies, types or mappings in force", 0},
		a.listPolicies)
	add(a, operation{"read-policy", http.MethodGet, "/policies/{id}", tag, "The text of a policy, a type or a mapping", 0},
		a.readPolicy)
}

// TypesOutput is the document types in force.
type TypesOutput struct{ Body List[doctype.Type] }

// listTypes handles GET /types.
func (a *API) listTypes(ctx context.Context, _ *MeInput) (*TypesOutput, error) {
	types, err := a.desk.Types(ctx)
	if err != nil {
		return nil, err
	}
	each := func(t *doctype.Type) doctype.Type { return *t }
	return &TypesOutput{Body: listOf(types, "", nil, each)}, nil
}

// Policy is one version of a policy.
type Policy struct {
	Kind        string     `json:"kind" enum:"policy,type,mapping"`
	ID          string     `json:"id"`
	Version     int        `json:"version"`
	Hash        string     `json:"hash"`
	PublishedBy string     `json:"published_by,omitempty"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	YAML        string     `json:"yaml,omitempty" doc:"Only of a single policy"`
}

func policyOf(p store.PolicyRow) Policy {
	return Policy{p.Kind, p.ID, p.Version, p.Hash, p.PublishedBy, instant(p.PublishedAt), p.YAML}
}

// Kinded chooses what kind of text is meant.
type Kinded struct {
	Kind string `query:"kind" enum:"policy,type,mapping" doc:"policy where left out"`
}

func (k Kinded) kind() proposal.Kind {
	return proposal.Kind(cmp.Or(k.Kind, string(proposal.Policy)))
}

// PoliciesInput asks for what is in force.
type PoliciesInput struct {
	Asked
	Kinded
}

// PoliciesOutput is the policies in force.
type PoliciesOutput struct{ Body List[Policy] }

// listPolicies handles GET /policies.
func (a *API) listPolicies(ctx context.Context, in *PoliciesInput) (*PoliciesOutput, error) {
	who, _ := auth.Of(ctx)
	rows, err := a.desk.Texts(ctx, who, in.kind())
	if err != nil {
		return nil, err
	}
	short := func(p store.PolicyRow) Policy {
		p.YAML = ""
		return policyOf(p)
	}
	return &PoliciesOutput{Body: listOf(rows, "", nil, short)}, nil
}

// PolicyInput names a policy.
type PolicyInput struct {
	Asked
	Kinded
	ID      string `path:"id" maxLength:"64"`
	Version int    `query:"version" minimum:"0" doc:"The one in force where left out"`
}

// PolicyOutput is one policy.
type PolicyOutput struct{ Body Policy }

// readPolicy handles GET /policies/{id}.
func (a *API) readPolicy(ctx context.Context, in *PolicyInput) (*PolicyOutput, error) {
	who, _ := auth.Of(ctx)
	row, err := a.desk.Text(ctx, who, in.kind(), in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	return &PolicyOutput{Body: policyOf(row)}, nil
}
