package pages

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

type grantRow struct {
	Key, Role, Reach, Source string
	Since, Until             stamp
	Coming                   bool
	MayRevoke, MayAtOnce     bool
}

type pastGrantRow struct {
	Role, Reach, Maker, Checker, Reason, EndedBy, EndReason string

	Claims string // the provider whose sign-in brought it, in words

	Granted, Until, Ended stamp
	House, Alone          bool
}

type personView struct {
	ID, Name, Email, Entity, Department, Limit string

	Edit, Leave string // where the reader may change them, or look what they leave behind; "" where they may not
	Kept        bool   // a directory keeps them

	Active  bool
	Chain   []personLink // whom they answer to, the nearest first
	Reports []personLink
	Heads   []string
	Posts   []string

	Known   bool // the reader may know of their rights
	Grants  []grantRow
	History []pastGrantRow

	MayAsk bool
	Form   roleForm
	Choice []offer // roles
	Reach  []offer
	Wrong  string
	Key    string

	KeepsKeys bool // the reader may take a lost passkey of theirs away
	Own       bool // theirs are the reader's own
	Passkeys  []heldPasskeyRow

	Permissions []offer // of the question why
	Document    string
	Answer      string
	Allowed     bool
}

type offer struct {
	Value, Text string
	Chosen      bool
}

// roleForm is a request for a role as somebody types it.
type roleForm struct{ Role, Reach, From, Until, Reason string }

// showPerson handles GET /organisation/people/:id.
func showPerson(v *visit) error { return v.person(http.StatusOK, v.param("id"), roleForm{}, "") }

func (v *visit) person(status int, id string, form roleForm, wrong string) error {
	p, err := v.found(id)
	if err != nil {
		return err
	}
	view := personView{
		ID: p.ID, Name: p.Name, Email: p.Email, Entity: v.entity(p.Entity), Department: v.department(p.Department),
		Limit: v.limitText(p), Active: p.Active, Form: form, Wrong: wrong, Key: random(),
	}
	if v.may(access.OrganisationInspect, access.Object{Entity: p.Entity}) {
		view.Leave = handoverAt + "?person=" + url.QueryEscape(id)
		kept, err := v.desk().Store.KeptByDirectory(v.r.Context(), id)
		if err != nil {
			return err
		}
		view.Kept = kept[id]
	}
	if v.desk().MayEditIn(v.who, p.Entity) == nil {
		view.Edit = personAt(id) + "/edit"
	}
	for _, m := range v.org.Chain(id) {
		view.Chain = append(view.Chain, v.personLink(m))
	}
	for _, other := range v.org.People {
		if other.Manager == id && other.Active && len(view.Reports) < peopleShown {
			view.Reports = append(view.Reports, v.personLink(other))
		}
	}
	slices.SortFunc(view.Reports, func(a, b personLink) int { return cmp.Compare(a.Name, b.Name) })
	rights, err := v.desk().Rights(v.r.Context(), v.who, id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err == nil {
		v.rightsOf(&view, p, rights)
	}
	if err := v.lostPasskeys(&view); err != nil {
		return err
	}
	return v.show(status, p.Name, view)
}

func (v *visit) rightsOf(view *personView, p org.Person, rights desk.Rights) {
	view.Known = true
	home := v.who.Person.Entity
	o := access.Object{Owners: []string{p.ID, p.Manager}}
	for _, g := range rights.Grants {
		o.Entity = g.Entity
		view.Grants = append(view.Grants, grantRow{
			Key: access.Key(g.Grant), Role: v.t("role." + g.Role), Reach: desk.ReachText(g.Grant, v.org, v.locale),
			Source: v.t("page.source." + g.Source), Since: v.stamp(g.Since, home), Until: v.lastDay(g.Until, home),
			Coming: v.now.Before(g.From), MayRevoke: v.may(access.GrantRequest, o), MayAtOnce: v.may(access.GrantDecide, o),
		})
	}
	for _, g := range rights.History {
		row := pastGrantRow{
			Role:   v.t("role." + g.Role),
			Reach:  desk.ReachText(org.Grant{Entity: g.Entity, Department: g.Department}, v.org, v.locale),
			Reason: g.Reason, EndReason: g.EndReason, Granted: v.stamp(g.GrantedAt, home), Until: v.lastDay(g.Until, home),
			Ended: v.stamp(g.EndedAt, home), House: g.Source == store.GrantedInHouse, Alone: g.Alone(),
		}
		if g.Maker != "" {
			row.Maker, row.Checker = v.name(g.Maker), v.name(g.Checker)
		}
		if g.EndedBy != "" {
			row.EndedBy = v.name(g.EndedBy)
		}
		v.claimed(&row, g)
		view.History = append(view.History, row)
	}
	for _, d := range rights.Heads {
		view.Heads = append(view.Heads, v.department(d.ID))
	}
	for _, post := range rights.Posts {
		of := v.department(post.Department)
		if post.CostCenter != "" {
			of = post.CostCenter
		}
		view.Posts = append(view.Posts, v.optional("role."+post.Role, post.Role)+" · "+of)
	}
	o.Entity = p.Entity
	view.MayAsk = p.Active && v.may(access.GrantRequest, o)
	v.offers(view, p)
	v.answer(view)
}

// offers fills what the forms offer.
func (v *visit) offers(view *personView, p org.Person) {
	for _, role := range access.Roles() {
		if role != access.Employee {
			view.Choice = append(view.Choice, offer{role, v.t("role." + role), role == view.Form.Role})
		}
	}
	add := func(value string, g org.Grant) {
		view.Reach = append(view.Reach, offer{value, desk.ReachText(g, v.org, v.locale), value == view.Form.Reach})
	}
	add(p.Entity+"/", org.Grant{Entity: p.Entity})
	for _, d := range slices.Sorted(maps.Keys(v.org.Departments)) {
		entity := v.org.Departments[d].Entity
		add(entity+"/"+d, org.Grant{Entity: entity, Department: d})
	}
	for _, e := range slices.Sorted(maps.Keys(v.org.Entities)) {
		if e != p.Entity {
			add(e+"/", org.Grant{Entity: e})
		}
	}
	add("/", org.Grant{})
	for _, permission := range access.Permissions() {
		view.Permissions = append(view.Permissions, offer{permission, v.permission(permission),
			permission == v.r.URL.Query().Get("may")})
	}
}

// answer says why they may do what the reader asks about, or why not.
func (v *visit) answer(view *personView) {
	query := v.r.URL.Query()
	if query.Get("may") == "" {
		return
	}
	view.Document = query.Get("document")
	q := desk.WhyQuestion{Person: view.ID, Permission: query.Get("may"), Document: view.Document}
	if q.Document == "" {
		q.Entity, q.Department = v.org.People[view.ID].Entity, v.org.People[view.ID].Department
	}
	e, err := v.desk().Explain(v.r.Context(), v.who, q)
	if f, ok := fault.As(err); ok {
		view.Answer = v.faultText(f)
		return
	}
	view.Allowed, view.Answer = e.Allowed, desk.WhyText(e, q, v.org, v.locale)
}

// revokeGrant handles POST /organisation/people/:id/grants/:grant/revoke.
func revokeGrant(v *visit) error {
	id, grant, reason := v.param("id"), v.param("grant"), v.asked("reason")
	key := v.key("revoke-grant", id, grant, reason, v.asked("how"))
	if v.asked("how") == "at_once" {
		_, err := again(func() (struct{}, error) {
			return struct{}{}, v.desk().RevokeAtOnce(v.r.Context(), v.who, id, grant, reason, key)
		})
		return v.rightAnswered(err, id, personAt(id), "right_revoked")
	}
	p, err := again(func() (store.ProposalRow, error) {
		return v.desk().RevokeGrant(v.r.Context(), v.who, id, grant, reason, key)
	})
	return v.rightAnswered(err, id, grantAt(p.ID), "right_asked")
}

// rightAnswered answers a form about somebody's rights.
func (v *visit) rightAnswered(err error, person, to, flash string) error {
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		return v.person(problem.Status(f), person, roleForm{}, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(to, flash)
}

// day is an instant that was chosen as a day where the reader is; false where it is none.
func (v *visit) day(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.ParseInLocation(time.DateOnly, text, v.zone(v.who.Person.Entity))
	return at, err == nil
}
