package pages

import (
	"cmp"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/doctype"
)

// stamp is an instant as people read it; Machine is for the browser.
type stamp struct{ Text, Machine string }

var (
	instantForms = map[string]string{i18n.English: "2 Jan 2006, 15:04", i18n.Chinese: "2006-01-02 15:04"}
	dateForms    = map[string]string{i18n.English: "2 Jan 2006", i18n.Chinese: "2006-01-02"}
)

// stamp shows an instant where the entity is.
func (v *visit) stamp(t time.Time, entity string) stamp {
	if t.IsZero() {
		return stamp{}
	}
	return stamp{t.In(v.zone(entity)).Format(instantForms[v.locale]), t.UTC().Format(time.RFC3339)}
}

// lastDay shows an end that was chosen as a day, and is the midnight after it, as that day.
func (v *visit) lastDay(end time.Time, entity string) stamp {
	shown, local := v.stamp(end, entity), end.In(v.zone(entity))
	if !end.IsZero() && local.Equal(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())) {
		shown.Text = v.t("page.day_included", "day", shownDate(v.locale, local.AddDate(0, 0, -1).Format(time.DateOnly)))
	}
	return shown
}

func (v *visit) zone(entity string) *time.Location {
	if v.org == nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(v.org.Entities[entity].Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// shownDate shows a day; what is none is shown as it is.
func shownDate(locale, day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format(dateForms[locale])
}

const space = "\u00a0" // keeps an amount on one line

// shownMoney is an amount with its currency, its digits in groups of three.
func shownMoney(a money.Amount) string {
	if a.Currency == "" {
		return "–"
	}
	return string(a.Currency) + space + grouped(a.Text())
}

// grouped puts commas between the thousands of a decimal text.
func grouped(text string) string {
	body, negative := strings.CutPrefix(text, "-")
	whole, decimals, pointed := strings.Cut(body, ".")
	var b strings.Builder
	if negative {
		b.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if pointed {
		b.WriteString("." + decimals)
	}
	return b.String()
}

func shownSize(bytes int64) string { return problem.Bytes(bytes) }

// name is a person's name, or what a system or a queue is called.
func (v *visit) name(id string) string {
	if strings.HasPrefix(id, "system:") || strings.HasPrefix(id, "queue:") {
		return v.optional("actor."+id, id)
	}
	if v.org != nil {
		if name := v.org.People[id].Name; name != "" {
			return name
		}
	}
	return id
}

func (v *visit) names(ids []string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, v.name(id))
	}
	return strings.Join(names, v.t("page.comma"))
}

func (v *visit) entity(id string) string {
	if name := i18n.Pick(v.org.Entities[id].Name, v.locale); name != "" {
		return name
	}
	return id
}

func (v *visit) department(id string) string {
	if name := i18n.Pick(v.org.Departments[id].Name, v.locale); name != "" {
		return name
	}
	return id
}

// typesInForce are the document types by id.
func (v *visit) typesInForce() (map[string]*doctype.Type, error) {
	if v.types != nil {
		return v.types, nil
	}
	list, err := v.desk().Types(v.r.Context())
	if err != nil {
		return nil, err
	}
	v.types = make(map[string]*doctype.Type, len(list))
	for _, t := range list {
		v.types[t.ID] = t
	}
	return v.types, nil
}

// typeTitle is what a document type is called; its id where nobody knows it.
func (v *visit) typeTitle(id string) string {
	types, err := v.typesInForce()
	if err != nil || types[id] == nil {
		return id
	}
	return i18n.Pick(types[id].Title, v.locale)
}

// policyTitle calls a policy by the document type that it decides, which people know; by
// its id where it decides several, or none any more.
func (v *visit) policyTitle(id string) string {
	types, err := v.typesInForce()
	if err != nil {
		return id
	}
	title := ""
	for _, kind := range types {
		if kind.Policy != id {
			continue
		}
		if title != "" {
			return id
		}
		title = i18n.Pick(kind.Title, v.locale)
	}
	return cmp.Or(title, id)
}

// optional is the text of a key made of something stored; the other where the
// catalogs do not know it.
func (v *visit) optional(key, other string) string {
	if i18n.Shipped().Has(i18n.English, key) {
		return v.t(key)
	}
	return other
}

// via says in words how the policy found an approver.
func (v *visit) via(via string) string {
	kind, what, _ := strings.Cut(via, ":")
	switch kind {
	case "role", "reassigned":
		return v.t("page.via."+kind, "role", v.optional("role."+what, what))
	case "manager":
		if what == "1" {
			return v.t("page.via.manager")
		}
		return v.t("page.via.manager_above", "level", what)
	case "escalated", "transferred", "consulted", "added", "given", "chosen", "handed_over", "role_ended", "delegation":
		return v.t("page.via."+kind, "who", v.name(what))
	}
	return v.optional("page.via."+kind+"_"+what, v.optional("page.via."+kind, via))
}

// faultText is what the reader is told of a fault: people by name, instants
// where they are, acts in words.
func (v *visit) faultText(f *fault.Fault) string {
	if strings.HasPrefix(v.route.path, "/documents/:id") {
		f = v.desk().Named(v.r.Context(), v.who, v.param("id"), f)
	}
	return v.faultWords(f)
}

// faultTexts are the texts of everything that a fault says is wrong, each with its place
// in a file where it has one.
func (v *visit) faultTexts(f *fault.Fault) []string {
	var texts []string
	for _, one := range append([]*fault.Fault{f}, f.More...) {
		text := v.faultText(one)
		if strings.Count(one.Field, ":") == 2 {
			text = one.Field + " " + text
		}
		texts = append(texts, text)
	}
	return texts
}

// faultWords is faultText of a fault whose steps have their titles, or that names none.
func (v *visit) faultWords(f *fault.Fault) string {
	told := *f
	told.Args = make(map[string]string, len(f.Args))
	for name, value := range f.Args {
		told.Args[name] = v.faultArg(name, value)
	}
	if role := f.Args["role"]; role != "" && strings.HasPrefix(f.Code, "grant.") { // a policy's text has the id
		told.Args["role"] = v.optional("role."+role, role)
	}
	if told.Kind != fault.Internal && !i18n.Shipped().Has(i18n.English, "fault."+f.Code) {
		return v.t("page.fault.other", "code", f.Code)
	}
	return problem.Text(v.r.Context(), &told)
}

func (v *visit) faultArg(name, value string) string {
	switch name {
	case "by", "person", "maker", "who":
		return v.name(value)
	case "type":
		return v.typeTitle(value)
	case "at", "until":
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return v.stamp(t, v.who.Person.Entity).Text
		}
	}
	return value
}

// deadline is when something is due, and whether that is over.
type deadline struct {
	stamp
	Overdue bool
}

func (v *visit) due(t time.Time, entity string) deadline {
	return deadline{v.stamp(t, entity), !t.IsZero() && t.Before(v.now)}
}
