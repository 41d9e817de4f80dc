package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

const delegationsAt = "/delegations"

// minuteForm is how browsers write an instant that somebody chose.
const minuteForm = "2006-01-02T15:04"

type delegationsView struct {
	Person, PersonName string // whose they are
	Own                bool
	Others             bool // the reader may read those of others
	May                bool // … and make and revoke these
	Given, Received    []delegationRow

	Form     delegationForm
	Types    []typeChoice
	Currency string
	Zone     string
	Key      string
	Wrong    string // why a revocation was refused, or whose they are is not known
	WrongAt  string // the rule that was to be revoked
}

type delegationRow struct {
	ID, Person, Delegate, Types, Reason, MadeBy, RevokedBy, RevokeReason string

	Cap                  money.Amount
	From, Until, Revoked stamp
	Standing             delegation.Standing
	Revocable            bool
}

type typeChoice struct {
	ID, Title string
	Chosen    bool
}

// delegationForm is a delegation as somebody types it.
type delegationForm struct {
	Delegate, From, Until, Cap, Reason string

	Types  []string
	Errors map[string][]string // by field; "" for the whole
}

// Err lists what is wrong with a field.
func (f delegationForm) Err(field string) []string { return f.Errors[field] }

// delegations handles GET /delegations: who decides for whom, and a new one.
func delegations(v *visit) error {
	return v.delegations(http.StatusOK, v.asked("person"), delegationForm{}, "")
}

func (v *visit) delegations(status int, person string, form delegationForm, wrong string) error {
	ctx := v.r.Context()
	named := v.personNamed(person)
	if person = named; v.org.People[named].ID == "" {
		person = v.who.Person.ID
		if named != "" {
			status, wrong = http.StatusUnprocessableEntity, v.t("page.delegations.unknown", "who", named)
		}
	}
	entity := v.org.People[person].Entity
	view := delegationsView{
		Person: person, PersonName: v.name(person), Own: person == v.who.Person.ID, Form: form,
		Wrong: wrong, WrongAt: v.param("id"), Key: random(),
		May:      v.may(access.DelegationManage, access.Object{Entity: entity, Owners: []string{person}}),
		Currency: v.org.Entities[entity].Currency, Zone: v.zone(v.who.Person.Entity).String(),
	}
	scope := access.ScopeFor(v.who.Subject, access.DelegationRead)
	view.Others = scope.All || len(scope.Entities) > 0
	given, err := v.desk().Delegations(ctx, v.who, desk.DelegationList{Person: person})
	if err != nil {
		return err
	}
	received, err := v.desk().Delegations(ctx, v.who, desk.DelegationList{Person: person, ForMe: true})
	if err != nil {
		return err
	}
	view.Given, view.Received = v.delegationRows(given, view.May), v.delegationRows(received, false)
	types, err := v.desk().Types(ctx)
	if err != nil {
		return err
	}
	for _, t := range types {
		view.Types = append(view.Types, typeChoice{t.ID, i18n.Pick(t.Title, v.locale), slices.Contains(form.Types, t.ID)})
	}
	return v.show(status, v.t("page.delegations.title"), view)
}

func (v *visit) delegationRows(rules []delegation.Rule, may bool) []delegationRow {
	rows := make([]delegationRow, 0, len(rules))
	home := v.who.Person.Entity
	for _, r := range rules {
		row := delegationRow{
			ID: r.ID, Person: v.name(r.Person), Delegate: v.name(r.Delegate), Reason: r.Reason, Cap: r.Cap,
			From: v.stamp(r.From, home), Until: v.stamp(r.Until, home), Revoked: v.stamp(r.RevokedAt, home),
			RevokeReason: v.optional("reason."+r.RevokeReason, r.RevokeReason), Standing: r.At(v.now),
		}
		var titles []string
		for _, id := range r.Types {
			titles = append(titles, v.typeTitle(id))
		}
		row.Types = strings.Join(titles, v.t("page.comma"))
		if r.MadeBy != r.Person {
			row.MadeBy = v.name(r.MadeBy)
		}
		if r.RevokedBy != "" {
			row.RevokedBy = v.name(r.RevokedBy)
		}
		row.Revocable = may && (row.Standing == delegation.Coming || row.Standing == delegation.Current)
		rows = append(rows, row)
	}
	return rows
}

// personNamed finds whom somebody means by an id, an address or a full name that
// only one active person has; else it answers with what was typed.
func (v *visit) personNamed(text string) string {
	text = strings.TrimSpace(text)
	if _, known := v.org.People[text]; known || text == "" {
		return text
	}
	var found []string
	for id, p := range v.org.People {
		if p.Active && (strings.EqualFold(p.Email, text) || p.Name == text) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return text
	}
	return found[0]
}

// delegate handles POST /delegations: a new rule.
func delegate(v *visit) error {
	form := delegationForm{
		Delegate: v.asked("delegate"), From: v.asked("from"), Until: v.asked("until"), Cap: v.asked("cap"),
		Reason: v.asked("reason"), Types: v.r.PostForm["type"], Errors: map[string][]string{},
	}
	person := v.personNamed(v.asked("person"))
	if person == "" {
		person = v.who.Person.ID
	}
	in := desk.DelegationInput{
		Person: person, Delegate: v.personNamed(form.Delegate), Types: form.Types, Reason: form.Reason,
		From: v.chosen(form, "from", form.From), Until: v.chosen(form, "until", form.Until),
	}
	if form.Cap != "" {
		var err error
		base := money.Currency(v.org.Entities[v.org.People[person].Entity].Currency)
		in.Cap, err = money.Parse(strings.ReplaceAll(form.Cap, ",", ""), base)
		if f, ok := fault.As(err); ok {
			form.Errors["cap"] = []string{v.faultText(f)}
		}
	}
	if len(form.Errors) > 0 {
		if !v.org.Active(in.Delegate) { // said together: nobody mends one field to hear of the next
			form.Errors["delegate"] = []string{v.faultText(desk.UnknownDelegate(in.Delegate))}
		}
		return v.delegations(http.StatusUnprocessableEntity, person, form, "")
	}
	_, err := again(func() (delegation.Rule, error) {
		return v.desk().NewDelegation(v.r.Context(), v.who, in, v.key("delegate"))
	})
	if f, ok := fault.As(err); ok && f.Kind != fault.Busy && f.Kind != fault.Internal {
		field := f.Field
		if !slices.Contains([]string{"delegate", "until", "types", "cap", "reason"}, field) {
			field = ""
		}
		form.Errors[field] = []string{v.faultText(f)}
		return v.delegations(problem.Status(f), person, form, "")
	}
	if err != nil {
		return err
	}
	return v.leave(delegationsOf(v, person), "delegated")
}

// chosen is an instant that was chosen, where the reader is; zero where it was
// left out. What is no instant is noted as wrong.
func (v *visit) chosen(form delegationForm, field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation(minuteForm, text, v.zone(v.who.Person.Entity))
	if err != nil {
		form.Errors[field] = []string{v.faultText(fault.New(fault.Invalid, "request.bad_value", fault.Field(field)))}
	}
	return at
}

// revokeDelegation handles POST /delegations/:id/revoke.
func revokeDelegation(v *visit) error {
	rule, err := v.desk().RevokeDelegation(v.r.Context(), v.who, v.param("id"), v.asked("reason"))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		return v.delegations(problem.Status(f), v.asked("person"), delegationForm{}, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(delegationsOf(v, rule.Person), "undelegated")
}

func delegationsOf(v *visit, person string) string {
	if person == v.who.Person.ID {
		return delegationsAt
	}
	return delegationsAt + "?person=" + url.QueryEscape(person)
}
