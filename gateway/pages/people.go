package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

const (
	organisationAt = "/organisation"
	peopleAt       = organisationAt + "/people"
)

// rightsRoutes lists the pages of the organisation, and of who may do what in it.
func rightsRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: organisationAt, needs: access.OrganisationRead, nav: "page.nav.organisation",
			template: "organisation", handle: organisation},
		{method: get, path: organisationAt + "/suggest", needs: access.OrganisationRead, handle: suggestPeople},
		{method: get, path: organisationAt + "/roles", needs: access.OrganisationRead, template: "roles", handle: roles},
		{method: get, path: peopleAt + "/:id", needs: access.OrganisationRead, template: "person", handle: showPerson},
		{method: post, path: peopleAt + "/:id/grants/:grant/revoke", needs: access.GrantRequest, template: "person",
			handle: revokeGrant},
		{method: post, path: peopleAt + "/:id/passkeys/:passkey/remove", needs: access.GrantDecide, template: "person",
			handle: takePasskey},
		{method: get, path: grantsAt, needs: access.GrantRead, template: "grants", handle: grants},
		{method: post, path: grantsAt, needs: access.GrantRequest, template: "person", handle: requestRole},
		{method: get, path: grantsAt + "/:id", needs: access.GrantRead, template: "grant", handle: showGrant},
		{method: post, path: grantsAt + "/:id/decide", needs: access.GrantDecide, template: "grant", handle: decideGrant},
	}
}

func personAt(id string) string { return peopleAt + "/" + url.PathEscape(id) }

type personLink struct{ Name, Path, Department, Manager string }

func (v *visit) personLink(p org.Person) personLink {
	link := personLink{Name: p.Name, Path: personAt(p.ID), Department: v.department(p.Department)}
	if p.Manager != "" {
		link.Manager = v.name(p.Manager)
	}
	return link
}

type departmentRow struct {
	Name, Path, Head, HeadPath string

	Edit    string // where the reader may change it; "" where they may not
	Depth   int
	Current bool
}

type entityRow struct{ Name, Currency, Zone string }

type organisationView struct {
	Query, Department string
	People            []personLink
	More              bool // there are more than are shown
	Departments       []departmentRow
	Entities          []entityRow
	Report            bool // the reader may ask who could release how much
	MayEdit, MayTake  bool // change people and departments; take everybody along as a table
}

// organisation handles GET /organisation: who works here, in which department, for which
// company.
func organisation(v *visit) error {
	view := organisationView{Query: v.asked("q"), Report: v.mayReport(),
		MayEdit: v.desk().MayEdit(v.who) == nil, MayTake: access.Has(v.who.Subject, access.OrganisationInspect)}
	of := v.asked("department")
	people, err := v.desk().People(v.r.Context(), v.who, view.Query)
	if err != nil {
		return err
	}
	if of != "" {
		people = nil
		for _, p := range v.org.People {
			if p.Active && p.Department == of {
				people = append(people, p)
			}
		}
		slices.SortFunc(people, func(a, b org.Person) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		view.Department = v.department(of)
	}
	for _, p := range people[:min(len(people), peopleShown)] {
		view.People = append(view.People, v.personLink(p))
	}
	view.More = len(people) >= peopleShown
	view.Departments = v.departmentTree("", of, 0, nil)
	for _, e := range v.org.Entities {
		view.Entities = append(view.Entities, entityRow{v.entity(e.ID), e.Currency, e.Zone})
	}
	slices.SortFunc(view.Entities, func(a, b entityRow) int { return cmp.Compare(a.Name, b.Name) })
	return v.show(http.StatusOK, v.t("page.organisation.title"), view)
}

// Limits of the page of the organisation.
const (
	peopleShown = 50
	depthMost   = 12
)

// departmentTree lists the departments below one, each before those below it.
func (v *visit) departmentTree(parent, current string, depth int, rows []departmentRow) []departmentRow {
	var below []org.Department
	for _, d := range v.org.Departments {
		_, known := v.org.Departments[d.Parent]
		if d.Parent == parent || parent == "" && !known {
			below = append(below, d)
		}
	}
	slices.SortFunc(below, func(a, b org.Department) int { return cmp.Compare(a.ID, b.ID) })
	for _, d := range below {
		row := departmentRow{Name: v.department(d.ID), Depth: depth, Current: d.ID == current,
			Path: organisationAt + "?" + url.Values{"department": {d.ID}}.Encode()}
		if v.desk().MayEditIn(v.who, d.Entity) == nil {
			row.Edit = departmentAt(d.ID) + "/edit"
		}
		if d.Head != "" {
			row.Head, row.HeadPath = v.name(d.Head), personAt(d.Head)
		}
		rows = append(rows, row)
		if depth < depthMost {
			rows = v.departmentTree(d.ID, current, depth+1, rows)
		}
	}
	return rows
}

type roleRow struct {
	Name   string
	Allows []string // permissions in words, with how far
}

type rolesView struct{ Rows []roleRow }

// roles handles GET /organisation/roles: what each role allows.
func roles(v *visit) error {
	var view rolesView
	for _, role := range append(access.Roles(), access.DepartmentHead) {
		row := roleRow{Name: v.t("role." + role)}
		gives := access.Gives(role)
		for _, permission := range access.Permissions() {
			reaches, ok := gives[permission]
			if !ok {
				continue
			}
			var far []string
			for _, r := range reaches {
				far = append(far, v.t("page.reach."+string(r)))
			}
			reach := v.t("why.reach", "reach", strings.Join(far, v.t("page.comma")))
			row.Allows = append(row.Allows, v.permission(permission)+reach)
		}
		view.Rows = append(view.Rows, row)
	}
	return v.show(http.StatusOK, v.t("page.roles.title"), view)
}

func (v *visit) permission(permission string) string {
	return v.t("permission." + strings.ReplaceAll(permission, ":", "."))
}

// found is a person whom the reader may see the page of: who works here, or did.
func (v *visit) found(id string) (org.Person, error) {
	p, ok := v.org.People[id]
	if !ok {
		return p, fault.New(fault.NotFound, "person.not_found")
	}
	scope := access.ScopeFor(v.who.Subject, access.PeopleRead)
	if !scope.All && !slices.Contains(scope.Entities, p.Entity) && id != v.who.Person.ID {
		p.Email, p.Grade = "", 0
	}
	return p, nil
}

// limitText is up to what somebody may approve in their company, "" where nothing says so.
func (v *visit) limitText(p org.Person) string {
	a, ok := v.org.AuthorityOf(p.ID, p.Entity)
	switch {
	case !ok:
		return ""
	case a.Unlimited:
		return v.t("page.person.unlimited")
	}
	amount, err := money.Parse(a.Below, money.Currency(a.Currency))
	if err != nil {
		return a.Below + " " + a.Currency
	}
	return v.t("page.person.below", "amount", shownMoney(amount))
}
