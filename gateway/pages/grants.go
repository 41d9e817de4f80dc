package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const grantsAt = "/grants"

func grantAt(id string) string { return grantsAt + "/" + url.PathEscape(id) }

// askedRow is something asked about somebody's rights.
type askedRow struct {
	ID, Path, Person, PersonPath, Role, Reach, Maker, Checker, Reason, Refusal, State string

	Takes                                  bool // it takes the right away
	Shortens                               bool // … not at once, but at Until
	From, Until, Created, Expires, Decided stamp
}

func (v *visit) askedRow(p store.ProposalRow) askedRow {
	r, home := desk.AskedRole(p), v.who.Person.Entity
	row := askedRow{
		ID: p.ID, Path: grantAt(p.ID), Person: v.name(r.Person), PersonPath: personAt(r.Person), Role: v.t("role." + r.Role),
		Reach: desk.ReachText(org.Grant{Entity: r.Entity, Department: r.Department}, v.org, v.locale), Maker: v.name(p.Maker),
		Reason: r.Reason, Refusal: p.Reason, State: string(p.StateNow()), Takes: p.Kind == proposal.Revocation,
		Shortens: p.Kind == proposal.Revocation && !r.Until.IsZero(),
		From:     v.stamp(r.From, home), Until: v.lastDay(r.Until, home), Created: v.stamp(p.Created, home),
		Expires: v.stamp(p.Expires, home), Decided: v.stamp(p.Decided, home),
	}
	if p.Checker != "" {
		row.Checker = v.name(p.Checker)
	}
	return row
}

type grantsView struct {
	Only   string
	Report bool // the reader may ask who could release how much
	Rows   []askedRow
	Next   string
}

// grants handles GET /grants: what was asked about rights and waits, or is over.
func grants(v *visit) error {
	view, query := grantsView{Only: store.OnlyOpen, Report: v.mayReport()}, url.Values{}
	if v.asked("only") == store.OnlyEnded {
		view.Only = store.OnlyEnded
		query.Set("only", view.Only)
	}
	filter := store.ProposalFilter{Only: view.Only, Cursor: v.asked("cursor")}
	page, err := v.desk().RightRequests(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	for _, p := range page.Items {
		view.Rows = append(view.Rows, v.askedRow(p))
	}
	view.Next = nextAt(grantsAt, query, page.Next)
	return v.show(http.StatusOK, v.t("page.grants.title"), view)
}

type grantView struct {
	askedRow
	Hash, Key, Wrong, Typed string
	MayDecide               bool
}

// showGrant handles GET /grants/:id.
func showGrant(v *visit) error { return v.grant(http.StatusOK, "", "") }

func (v *visit) grant(status int, wrong, typed string) error {
	p, err := v.desk().RightRequest(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	view := grantView{askedRow: v.askedRow(p), Hash: p.Hash, Key: random(), Wrong: wrong, Typed: typed}
	me := v.who.Person.ID
	may := v.may(access.GrantDecide, access.Object{Entity: desk.AskedRole(p).Entity})
	view.MayDecide = p.StateNow() == proposal.Open && may && !v.org.Same(me, p.Maker) && !v.org.Same(me, p.Subject)
	return v.show(status, v.t("page.grant.title"), view)
}

// decideGrant handles POST /grants/:id/decide: by the hash of what was shown.
func decideGrant(v *visit) error {
	id, reason := v.param("id"), v.asked("reason")
	verdict := proposal.Verdict{Approve: v.asked("verdict") == "approve", Hash: v.asked("hash"), Reason: reason}
	if _, err := v.desk().RightRequest(v.r.Context(), v.who, id); err != nil {
		return err
	}
	if verdict.Hash == "" || !slices.Contains([]string{"approve", "refuse"}, v.asked("verdict")) {
		return fault.New(fault.Invalid, "request.malformed")
	}
	key := v.key("grant", id, verdict.Approve, verdict.Hash, reason)
	_, err := again(func() (store.ProposalRow, error) {
		return v.desk().DecideProposal(v.r.Context(), v.who, id, verdict, key)
	})
	if f, ok := fault.As(err); ok && f.Kind != fault.NotFound && f.Kind != fault.Internal && f.Kind != fault.Busy {
		return v.grant(problem.Status(f), v.faultText(f), reason)
	}
	if err != nil {
		return err
	}
	if verdict.Approve {
		return v.leave(grantAt(id), "right_approved")
	}
	return v.leave(grantAt(id), "right_refused")
}

// requestRole handles POST /grants: a role for somebody.
func requestRole(v *visit) error {
	id := v.asked("person")
	form := roleForm{
		Role: v.asked("role"), Reach: v.asked("reach"), From: v.asked("from"), Until: v.asked("until"),
		Reason: v.asked("reason"),
	}
	if _, err := v.found(id); err != nil {
		return err
	}
	entity, department, _ := strings.Cut(form.Reach, "/")
	r := access.RoleRequest{Person: id, Role: form.Role, Entity: entity, Department: department, Reason: form.Reason}
	var begins, ends bool
	r.From, begins = v.day(form.From)
	r.Until, ends = v.day(form.Until)
	if ends && form.Until != "" {
		r.Until = r.Until.AddDate(0, 0, 1) // the day is meant to its end
	}
	if !begins || !ends || form.Reach == "" {
		return v.person(http.StatusUnprocessableEntity, id, form,
			v.faultText(fault.New(fault.Invalid, "grant.bad_period", fault.Field("until"))))
	}
	p, err := again(func() (store.ProposalRow, error) {
		return v.desk().RequestRole(v.r.Context(), v.who, r, v.key("request-role", id, form.Role, form.Reach, form.From,
			form.Until, form.Reason))
	})
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		return v.person(problem.Status(f), id, form, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(grantAt(p.ID), "right_asked")
}
