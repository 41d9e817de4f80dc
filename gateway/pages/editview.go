package pages

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

// option is one thing to choose.
type option struct{ ID, Title, Hint string }

// editView is everything on a form's page.
type editView struct {
	form
	Mode, Action, TypeTitle, EntityName, Number, ID, Key string

	Kind        *doctype.Type
	Fields      []fieldView
	Categories  []categoryOption
	Currencies  []currencyOption
	Departments []option
	Suppliers   []option
	Cities      []option
	Advances    []option // open ones of the requester; Hint is what is open
	Lines       []lineView
	Blank       lineView // for the script to copy
	Total       string
	Max         int64 // bytes of one file
	Live        assessed
	Asked       bool   // the route was asked for
	Told        string // what just happened
	Back        *remarkBack
	Elsewhere   bool    // another window saved the draft meanwhile
	For         string  // the name of whom it is for
	Behalf      bool    // it may be for another
	Person      string  // who writes
	Wrong       []wrong // what is wrong, in the order of the page
	faults      map[string][]string
}

// categoryOption is a category, and what its lines must tell.
type categoryOption struct {
	ID, Title   string
	City, Units bool
}

type currencyOption struct {
	Code   string
	Digits int
}

type fieldView struct {
	doctype.Field
	Value   string
	Options []option
	Meant   []string // of a person that nobody is found by: who may be meant
	Errors  []string
}

// Person says whether the field names somebody.
func (f fieldView) Person() bool { return f.Kind == doctype.Person }

// lineView is one line of a form; Name is the part of its inputs' names.
type lineView struct {
	formLine
	Name, Number string
	Errors       map[string][]string
	Live         liveLine
}

type wrong struct{ Anchor, Text string }

// Err lists what is wrong with a field.
func (e editView) Err(field string) []string { return e.faults[field] }

// edit shows a form.
func (v *visit) edit(status int, e edit, f form) error {
	if len(f.Lines) == 0 {
		f.Lines = []formLine{{}}
	}
	view := editView{
		form: f, Mode: e.mode, Action: "/new/" + e.kind.ID, TypeTitle: i18n.Pick(e.kind.Title, v.locale),
		EntityName: v.entity(f.Entity), Number: e.doc.Number, ID: e.doc.ID, Key: random(), Kind: e.kind,
		Asked: e.checked, Told: e.told, Back: e.back, Elsewhere: e.elsewhere, Max: v.desk().AttachmentLimit(),
		For: v.name(f.Requester), Behalf: e.mode != modeReturned && access.Has(v.who.Subject, access.DocumentOnBehalf),
		Person: v.who.Person.ID, faults: map[string][]string{},
	}
	if e.mode != modeNew {
		view.Action = documentAt(e.doc.ID) + "/edit"
	}
	v.place(&view, e.faults)
	if v.asked("do") == "for" || len(view.faults["requester"]) > 0 {
		view.For = cmp.Or(v.asked("for"), view.For)
	}
	v.choices(&view, e.kind)
	if err := v.advances(&view, e.kind); err != nil {
		return err
	}
	if len(f.withoutBlankLines().Lines) > 0 || len(f.Files) > 0 {
		var err error
		if view.Live, err = v.assess(e, f); err != nil {
			return err
		}
	}
	for i, l := range f.Lines {
		name := strconv.Itoa(i)
		line := lineView{formLine: l, Name: name, Number: strconv.Itoa(i + 1), Errors: view.errorsOf("lines[" + name + "].")}
		if i < len(view.Live.Lines) {
			line.Live = view.Live.Lines[i]
		}
		view.Lines = append(view.Lines, line)
	}
	view.Blank = lineView{Name: "__n__", Number: "__n__"}
	view.Total = totalOf(f)
	return v.show(status, v.t("page.edit.title."+e.mode, "type", view.TypeTitle), view)
}

// place puts every fault at its field; what has no field on the page goes on top.
func (v *visit) place(view *editView, faults []*fault.Fault) {
	for _, f := range faults {
		field, text := fieldOf(f), v.faultText(f)
		view.faults[field] = append(view.faults[field], text)
		view.Wrong = append(view.Wrong, wrong{v.anchor(field), v.fieldTitle(view.Kind, field) + text})
	}
}

// inMoney cuts off the part of an amount that is to blame.
var inMoney = regexp.MustCompile(`\.(amount|tax)\.(amount|currency)$`)

// fieldOf is the field of the page that a fault is about.
func fieldOf(f *fault.Fault) string {
	return inMoney.ReplaceAllString(f.Field, ".$1")
}

var lineField = regexp.MustCompile(`^lines\[(\d+)\]\.(\w+)$`)

// anchor is the id of the input that a field has on the page.
func (v *visit) anchor(field string) string {
	if m := lineField.FindStringSubmatch(field); m != nil {
		return "f-lines-" + m[1] + "-" + m[2]
	}
	return "f-" + strings.ReplaceAll(field, ".", "-")
}

// fieldTitle is the name of a field in front of what is wrong with it.
func (v *visit) fieldTitle(kind *doctype.Type, field string) string {
	if m := lineField.FindStringSubmatch(field); m != nil {
		n, _ := strconv.Atoi(m[1]) // the pattern has digits only
		return v.t("page.edit.line_number", "n", strconv.Itoa(n+1)) + v.t("page.colon.space") +
			v.optional("page.edit."+m[2], m[2]) + v.t("page.colon")
	}
	if name, ok := strings.CutPrefix(field, "fields."); ok {
		if f, known := kind.Field(name); known {
			return i18n.Pick(f.Title, v.locale) + v.t("page.colon")
		}
	}
	if title := v.optional("page.edit."+field, ""); title != "" && field != "" {
		return title + v.t("page.colon")
	}
	return ""
}

func (e editView) errorsOf(prefix string) map[string][]string {
	found := map[string][]string{}
	for field, texts := range e.faults {
		if name, ok := strings.CutPrefix(field, prefix); ok {
			found[name] = texts
		}
	}
	return found
}

// choices are what the lists of the form offer.
func (v *visit) choices(view *editView, kind *doctype.Type) {
	for _, c := range kind.Categories {
		view.Categories = append(view.Categories, categoryOption{
			ID: c.ID, Title: i18n.Pick(c.Title, v.locale), City: c.Standard.Tiers(), Units: c.Standard.Counts(),
		})
	}
	for _, c := range kind.Currencies {
		if kind.OwnCurrency && string(c) != v.org.Entities[view.Entity].Currency {
			continue
		}
		digits, _ := money.Exponent(c)
		view.Currencies = append(view.Currencies, currencyOption{string(c), digits})
	}
	for _, c := range kind.Cities {
		view.Cities = append(view.Cities, option{ID: c.ID, Title: i18n.Pick(c.Title, v.locale)})
	}
	for _, id := range slices.Sorted(maps.Keys(v.org.Departments)) {
		if v.org.Departments[id].Entity == view.Entity {
			view.Departments = append(view.Departments, option{ID: id, Title: v.department(id)})
		}
	}
	view.Suppliers = v.suppliers(view.Entity)
	for _, f := range kind.Fields {
		field := fieldView{Field: f, Value: view.form.Fields[f.Name], Errors: view.faults["fields."+f.Name]}
		switch f.Kind {
		case doctype.Choice:
			for _, o := range f.Options {
				field.Options = append(field.Options, option{ID: o.ID, Title: i18n.Pick(o.Title, v.locale)})
			}
		case doctype.Supplier:
			field.Options = view.Suppliers
		case doctype.Person:
			field.Value, field.Meant = v.called(field.Value), v.peopleMeant(field.Value)
		case doctype.Department:
			field.Options = view.Departments
		}
		view.Fields = append(view.Fields, field)
	}
}

// advances are those that the document may settle. One that was chosen and is
// settled meanwhile stays in the list, so that what is wrong with it can be seen.
func (v *visit) advances(view *editView, kind *doctype.Type) error {
	open, err := v.desk().OpenAdvances(v.r.Context(), v.who, kind, view.Entity, view.Requester, view.ID)
	if err != nil {
		return err
	}
	for _, a := range open {
		view.Advances = append(view.Advances, option{ID: a.Number, Title: a.Number, Hint: shownMoney(a.Open)})
	}
	chosen := func(o option) bool { return o.ID == view.Advance }
	if view.Advance != "" && !slices.ContainsFunc(view.Advances, chosen) {
		view.Advances = append(view.Advances, option{ID: view.Advance, Title: view.Advance, Hint: "–"})
	}
	return nil
}

// Input is the type of a field's input.
func (f fieldView) Input() string {
	if f.Kind == doctype.Date {
		return "date"
	}
	return "text"
}

// Mode is the keyboard that a field asks for.
func (f fieldView) Mode() string {
	switch f.Kind {
	case doctype.Integer:
		return "numeric"
	case doctype.Decimal, doctype.Money:
		return "decimal"
	}
	return "text"
}

func (v *visit) suppliers(entity string) []option {
	var list []option
	for _, s := range v.org.Suppliers {
		if s.Entity == "" || s.Entity == entity {
			list = append(list, option{ID: s.ID, Title: s.Name, Hint: s.ID})
		}
	}
	return byTitle(list)
}

func byTitle(list []option) []option {
	slices.SortFunc(list, func(a, b option) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID)) })
	return list
}

// totalOf sums what can be read of the lines.
func totalOf(f form) string {
	total := money.Zero(money.Currency(f.Currency))
	for _, l := range f.Lines {
		if l.Amount == "" {
			continue
		}
		amount, err := money.Parse(plainAmount(l.Amount), total.Currency)
		if err != nil {
			return ""
		}
		if total, err = total.Add(amount); err != nil {
			return ""
		}
	}
	return shownMoney(total)
}

// Accept lists the kinds of file for the browser's own dialog.
func (editView) Accept() string { return "." + strings.Join(files.Allowed(), ",.") }
