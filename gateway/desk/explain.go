package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
)

// WhyQuestion is whether somebody may do something: to a document, or to whatever is of a
// company, or of one of its departments. The document by its number or its id; of a number
// that several companies have given, the person's own company's is meant.
type WhyQuestion struct {
	Person, Permission, Document, Entity, Department string
}

// Explain says why somebody may do something, or why not, to who may know their rights.
//
// Errors: NotFound person.not_found, document.not_found; Invalid explain.unknown_permission.
func (d *Desk) Explain(ctx context.Context, who auth.Who, q WhyQuestion) (access.Explanation, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return access.Explanation{}, err
	}
	may, _ := access.Can(who.Subject, access.GrantRead, personsRights(snapshot, q.Person))
	if _, known := snapshot.People[q.Person]; !known || !may {
		return access.Explanation{}, fault.New(fault.NotFound, "person.not_found")
	}
	if q.Document == "" {
		return d.Why(ctx, q)
	}
	if uuid.Validate(q.Document) != nil {
		scope := access.ScopeFor(who.Subject, access.DocumentRead)
		number, home := strings.ToUpper(strings.TrimSpace(q.Document)), snapshot.People[q.Person].Entity
		if q.Document, err = d.Store.DocumentNumbered(ctx, scope, number, home); err != nil {
			return access.Explanation{}, err
		}
	}
	if _, err := d.Document(ctx, who, q.Document); err != nil {
		return access.Explanation{}, err
	}
	return d.Why(ctx, q)
}

var _ = fault.Register(map[string]fault.Entry{
	"explain.unknown_permission": {Kind: fault.Invalid, Args: []string{"permission"}},
	"explain.inactive":           {Kind: fault.Conflict, Args: []string{"person"}},
})

// Why is Explain for who reads the database anyway.
//
// Errors: Invalid explain.unknown_permission; Conflict explain.inactive; NotFound
// document.not_found.
func (d *Desk) Why(ctx context.Context, q WhyQuestion) (access.Explanation, error) {
	if !slices.Contains(access.Permissions(), q.Permission) {
		return access.Explanation{}, fault.New(fault.Invalid, "explain.unknown_permission", fault.Field("permission"),
			fault.Arg("permission", q.Permission))
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return access.Explanation{}, err
	}
	if !snapshot.Active(q.Person) { // who left is let in nowhere
		return access.Explanation{}, fault.New(fault.Conflict, "explain.inactive", fault.Arg("person", q.Person))
	}
	subject := access.SubjectOf(snapshot, q.Person)
	o := access.Object{Entity: q.Entity, Department: q.Department}
	if q.Document != "" {
		they := auth.Who{Person: snapshot.People[q.Person], Subject: subject}
		if o, err = d.documentFor(ctx, they, q.Document); err != nil {
			return access.Explanation{}, err
		}
	}
	return access.Explain(subject, q.Permission, o), nil
}

// documentFor is a document as access judges it for somebody, who need not read it.
func (d *Desk) documentFor(ctx context.Context, who auth.Who, id string) (access.Object, error) {
	doc, err := d.Store.Document(ctx, access.Scope{All: true}, id)
	if err != nil {
		return access.Object{}, err
	}
	detail := Detail{Document: doc}
	if doc.Status == approval.Draft {
		return access.Object{Owners: []string{doc.Submitter}}, nil
	}
	if detail.Tasks, err = d.Store.DocumentTasks(ctx, id); err != nil {
		return access.Object{}, err
	}
	if detail.StandsIn, err = d.standsIn(ctx, who, detail.Tasks); err != nil {
		return access.Object{}, err
	}
	if detail.Copied, err = d.Store.Copies(ctx, id); err != nil {
		return access.Object{}, err
	}
	return detail.Object(), nil
}

// WhyText is an explanation in words.
func WhyText(e access.Explanation, q WhyQuestion, s *org.Snapshot, locale string) string {
	word := func(key string, args map[string]string) string { return i18n.Shipped().Text(locale, key, args) }
	comma := word("page.comma", nil)
	names := func(roles []string) string {
		var list []string
		for _, role := range roles {
			list = append(list, word("role."+role, nil))
		}
		return strings.Join(list, comma)
	}
	var has []string
	for _, w := range e.Has {
		text := word("role."+w.Role, nil) + word("why.reach", map[string]string{"reach": ReachText(w.Grant, s, locale)})
		if w.Grant.ID == "" && w.Grant.Entity == "" && (w.Role == access.Employee || w.Role == access.DepartmentHead) {
			text = word("role."+w.Role, nil)
		}
		if !slices.Contains(has, text) {
			has = append(has, text)
		}
	}
	return word("why."+e.Reason, map[string]string{
		"person": s.People[q.Person].Name, "permission": word("permission."+strings.ReplaceAll(q.Permission, ":", "."), nil),
		"role": word("role."+e.By.Role, nil), "reach": ReachText(e.By.Grant, s, locale),
		"roles": names(e.Roles), "has": strings.Join(has, comma),
	})
}

// ReachText is how far a grant reaches, in words.
func ReachText(g org.Grant, s *org.Snapshot, locale string) string {
	if g.Entity == "" {
		return i18n.Shipped().Text(locale, "why.everywhere", nil)
	}
	text := i18n.Pick(s.Entities[g.Entity].Name, locale)
	if text == "" {
		text = g.Entity
	}
	if g.Department != "" {
		text += " · " + i18n.Pick(s.Departments[g.Department].Name, locale)
	}
	return text
}
