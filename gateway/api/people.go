package api

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

func (a *API) people() {
	const tag = "People"
	add(a, operation{"me", http.MethodGet, "/me", tag, "Who asks, and what they may do", 0},
		a.me)
	add(a, operation{"list-people", http.MethodGet, "/people", tag, "Find people to choose from", 0},
		a.listPeople)
	add(a, operation{"list-suppliers", http.MethodGet, "/suppliers", tag, "Find suppliers to choose from", 0},
		a.listSuppliers)
	add(a, operation{"list-notices", http.MethodGet, "/notices", tag, "What one was told", 0},
		a.listNotices)
}

// Grant is a role within a legal entity.
type Grant struct {
	Role   string `json:"role"`
	Entity string `json:"entity,omitempty" doc:"None: every entity"`
}

// Me is who asks.
type Me struct {
	Person      Person   `json:"person"`
	Roles       []Grant  `json:"roles" nullable:"false"`
	Permissions []string `json:"permissions" nullable:"false" doc:"What they may do for something at all"`
	Locale      string   `json:"locale" doc:"The language of this answer"`
	Machine     bool     `json:"machine" doc:"Asked with a token"`
}

// Person is a person as others see them.
type Person struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Email      string `json:"email,omitempty" doc:"Only for who may read people"`
	Entity     string `json:"entity"`
	Department string `json:"department"`
	Manager    string `json:"manager,omitempty"`
}

func personOf(p org.Person) Person {
	return Person{p.ID, p.Name, p.Email, p.Entity, p.Department, p.Manager}
}

// MeInput asks for nothing.
type MeInput struct{ Asked }

// MeOutput is who asks.
type MeOutput struct{ Body Me }

// me handles GET /me.
func (a *API) me(ctx context.Context, _ *MeInput) (*MeOutput, error) {
	who, _ := auth.Of(ctx)
	out := Me{
		Person: personOf(who.Person), Roles: []Grant{}, Permissions: []string{}, Locale: i18n.Locale(ctx),
		Machine: who.Subject.Machine,
	}
	for _, g := range who.Subject.Roles {
		out.Roles = append(out.Roles, Grant{g.Role, g.Entity})
	}
	for _, permission := range access.Permissions() {
		if access.Has(who.Subject, permission) {
			out.Permissions = append(out.Permissions, permission)
		}
	}
	return &MeOutput{Body: out}, nil
}

// FindInput looks for somebody.
type FindInput struct {
	Asked
	Query string `query:"q" maxLength:"100" doc:"Part of a name or id"`
}

// PeopleOutput is the people found.
type PeopleOutput struct{ Body List[Person] }

// listPeople handles GET /people.
func (a *API) listPeople(ctx context.Context, in *FindInput) (*PeopleOutput, error) {
	who, _ := auth.Of(ctx)
	people, err := a.desk.People(ctx, who, in.Query)
	if err != nil {
		return nil, err
	}
	return &PeopleOutput{Body: listOf(people, "", nil, personOf)}, nil
}

// Supplier is a payee outside the house.
type Supplier struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Account string `json:"account" doc:"Its last characters"`
	Entity  string `json:"entity,omitempty" doc:"None: every entity"`
}

// SuppliersOutput is the suppliers found.
type SuppliersOutput struct{ Body List[Supplier] }

// listSuppliers handles GET /suppliers.
func (a *API) listSuppliers(ctx context.Context, in *FindInput) (*SuppliersOutput, error) {
	who, _ := auth.Of(ctx)
	suppliers, err := a.desk.Suppliers(ctx, who, in.Query)
	if err != nil {
		return nil, err
	}
	each := func(s org.Supplier) Supplier { return Supplier(s) }
	return &SuppliersOutput{Body: listOf(suppliers, "", nil, each)}, nil
}

// Notice is one message to the one who asks.
type Notice struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind"`
	Document  string            `json:"document,omitempty"`
	Text      string            `json:"text" doc:"In the caller's language"`
	Args      map[string]string `json:"args,omitempty"`
	CreatedAt *time.Time        `json:"created_at,omitempty"`
	SentAt    *time.Time        `json:"sent_at,omitempty"`
	ReadAt    *time.Time        `json:"read_at,omitempty"`
}

// NoticesInput asks for a page of notices.
type NoticesInput struct {
	Asked
	Cursor string `query:"cursor" maxLength:"500"`
}

// NoticesOutput is a page of notices.
type NoticesOutput struct{ Body List[Notice] }

// listNotices handles GET /notices.
func (a *API) listNotices(ctx context.Context, in *NoticesInput) (*NoticesOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.Notices(ctx, who, in.Cursor)
	if err != nil {
		return nil, err
	}
	snapshot, err := a.desk.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	each := func(n store.Notice) Notice {
		words := maps.Clone(n.Data)
		for _, key := range []string{"by", "for", "to", "person", "delegate"} { // the arguments keep their ids
			if words[key] != "" {
				words[key] = namesOf(ctx, snapshot, words[key])
			}
		}
		if what := words["what"]; what != "" {
			words["what"] = i18n.T(ctx, "what."+what, nil)
		}
		return Notice{
			ID: n.ID, Kind: n.Kind, Document: n.Document, Text: i18n.T(ctx, "notice."+n.Kind+".subject", words),
			Args: n.Data, CreatedAt: instant(n.CreatedAt), SentAt: instant(n.SentAt), ReadAt: instant(n.ReadAt),
		}
	}
	return &NoticesOutput{Body: listOf(page.Items, page.Next, page.Total, each)}, nil
}

// namesOf says who is meant by ids that commas part.
func namesOf(ctx context.Context, people *org.Snapshot, ids string) string {
	var names []string
	for id := range strings.SplitSeq(ids, ",") {
		name := id
		if p, known := people.People[id]; known {
			name = p.Name
		} else if i18n.Shipped().Has(i18n.English, "actor."+id) {
			name = i18n.T(ctx, "actor."+id, nil)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
