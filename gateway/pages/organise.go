package pages

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

const (
	departmentsAt = organisationAt + "/departments"
	tableAt       = organisationAt + "/table"

	newRow = "-" // in place of an id: a row that is new
)

// organiseRoutes lists the pages on which an administrator changes the organisation.
func organiseRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	write := access.OrganisationWrite
	return []route{
		{method: get, path: peopleAt + "/:id/edit", needs: write, template: "editperson", handle: editPerson},
		{method: post, path: peopleAt + "/:id/edit", needs: write, template: "editperson", handle: editPersonSent},
		{method: get, path: departmentsAt + "/:id/edit", needs: write, template: "editdepartment", handle: editDepartment},
		{method: post, path: departmentsAt + "/:id/edit", needs: write, template: "editdepartment",
			handle: editDepartmentSent},
		{method: get, path: tableAt, needs: write, template: "peopletable", handle: showTable},
		{method: post, path: tableAt, needs: write, template: "peopletable", handle: sendTable},
		{method: post, path: tableAt + "/apply", needs: write, template: "peopletable", handle: applyTable},
		{method: get, path: tableAt + "/export", needs: access.OrganisationInspect, template: "organisation",
			handle: exportPeople},
	}
}

// rowForm is what the forms of a person and of a department have in common.
type rowForm struct {
	ID, Title, Path, Back, Seen string

	New         bool
	Entities    []offer
	Departments []offer
	Errors      map[string][]string // by field; "" for the whole
}

// Err lists what is wrong with a field.
func (f rowForm) Err(field string) []string { return f.Errors[field] }

// faulted puts a fault beside its fields, and says whether it is one that a form shows.
func (v *visit) faulted(f *rowForm, err error) (status int, shown bool) {
	found, ok := fault.As(err)
	if !ok || !slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.Forbidden}, found.Kind) ||
		slices.Contains([]string{"access.denied", "organisation.closed"}, found.Code) {
		return 0, false
	}
	for _, one := range append([]*fault.Fault{found}, found.More...) {
		_, field, _ := strings.Cut(one.Field, "].")
		if !slices.Contains([]string{"id", "name", "email", "locale", "entity", "department", "cost_center", "manager",
			"grade", "parent", "head"}, field) {
			field = ""
		}
		f.Errors[field] = append(f.Errors[field], v.faultText(one))
	}
	return problem.Status(found), true
}

// offersOf are companies that the reader administers and every department.
func (v *visit) offersOf(f *rowForm, entity, department string) {
	for _, id := range slices.Sorted(maps.Keys(v.org.Entities)) {
		if id == entity || v.may(access.OrganisationWrite, access.Object{Entity: id}) {
			f.Entities = append(f.Entities, offer{id, v.entity(id), id == entity})
		}
	}
	for id := range v.org.Departments {
		f.Departments = append(f.Departments, offer{id, v.department(id), id == department})
	}
	slices.SortFunc(f.Departments, func(a, b offer) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Value, b.Value))
	})
}

type editPersonView struct {
	rowForm
	Person  org.Person
	Grade   string
	Manager string // as it was typed, or their id
	Left    bool
	Kept    bool // a directory keeps them
	Locales []offer
}

// editPerson handles GET /organisation/people/:id/edit; - is somebody new.
func editPerson(v *visit) error {
	view, err := v.personForm()
	if err != nil {
		return err
	}
	return v.showPersonForm(http.StatusOK, view)
}

func (v *visit) personForm() (editPersonView, error) {
	id := v.param("id")
	view := editPersonView{rowForm: rowForm{ID: id, Path: personAt(id) + "/edit", Back: personAt(id),
		Errors: map[string][]string{}}}
	if id == newRow {
		view.New, view.ID, view.Back, view.Title = true, "", organisationAt, v.t("page.organise.person_new")
		view.Person = org.Person{Active: true, Locale: v.who.Person.Locale, Entity: v.who.Person.Entity}
		return view, v.desk().MayEdit(v.who)
	}
	p, known := v.org.People[id]
	if !known {
		return view, fault.New(fault.NotFound, "person.not_found")
	}
	if err := v.desk().MayEditIn(v.who, p.Entity); err != nil {
		return view, err
	}
	kept, err := v.desk().Store.KeptByDirectory(v.r.Context(), id)
	view.Kept, view.Person, view.Left, view.Title = kept[id], p, !p.Active, v.t("page.organise.person_of", "name", p.Name)
	view.Manager, view.Grade, view.Seen = p.Manager, strconv.Itoa(p.Grade), desk.SeenPerson(p)
	return view, err
}

func (v *visit) showPersonForm(status int, view editPersonView) error {
	v.offersOf(&view.rowForm, view.Person.Entity, view.Person.Department)
	for _, locale := range org.Locales {
		chosen := locale == view.Person.Locale
		view.Locales = append(view.Locales, offer{locale, v.t("page.organise.locale." + locale), chosen})
	}
	return v.show(status, view.Title, view)
}

// editPersonSent handles POST /organisation/people/:id/edit.
func editPersonSent(v *visit) error {
	view, err := v.personForm()
	if err != nil {
		return err
	}
	was := view.Person.Active
	view.Seen = v.asked("seen")
	if view.New {
		view.ID, view.Seen = v.asked("id"), ""
	}
	p := &view.Person
	p.ID, view.Grade = view.ID, cmp.Or(v.asked("grade"), "0")
	grade, wrong := strconv.Atoi(view.Grade)
	p.Grade = grade
	if !view.Kept { // what a directory keeps is not even in the form
		view.Manager, view.Left = v.asked("manager"), v.asked("left") != ""
		p.Name, p.Email, p.Locale, p.Entity = v.asked("name"), v.asked("email"), v.asked("locale"), v.asked("entity")
		p.Department, p.CostCenter = v.asked("department"), v.asked("cost_center")
		p.Manager, p.Active = v.personNamed(view.Manager), !view.Left
	}
	if wrong != nil {
		err = fault.New(fault.Invalid, "org.table_number", fault.Field("people["+p.ID+"].grade"),
			fault.Arg("text", view.Grade))
	} else {
		err = v.desk().EditPerson(v.r.Context(), v.who, desk.PersonEdit{Person: *p, Seen: view.Seen})
	}
	if err == nil && was && !p.Active {
		return v.leave(handoverAt+"?person="+url.QueryEscape(p.ID), "organise_left")
	}
	if err == nil {
		return v.leave(personAt(p.ID), "organise_saved")
	}
	status, shown := v.faulted(&view.rowForm, err)
	if !shown {
		return err
	}
	if fault.CodeOf(err) == "organisation.changed_row" { // what is there now is shown beside the words for it
		fresh, found := v.personForm()
		if found != nil {
			return found
		}
		fresh.Errors = view.Errors
		view = fresh
	}
	return v.showPersonForm(status, view)
}

type editDepartmentView struct {
	rowForm
	Department       org.Department
	Chinese, English string
	Head             string // as it was typed, or their id
}

// editDepartment handles GET /organisation/departments/:id/edit; - is a new one.
func editDepartment(v *visit) error {
	view, err := v.departmentForm()
	if err != nil {
		return err
	}
	return v.showDepartmentForm(http.StatusOK, view)
}

func (v *visit) departmentForm() (editDepartmentView, error) {
	id := v.param("id")
	view := editDepartmentView{rowForm: rowForm{ID: id, Path: departmentAt(id) + "/edit",
		Back: organisationAt + "?" + url.Values{"department": {id}}.Encode(), Errors: map[string][]string{}}}
	if id == newRow {
		view.New, view.ID, view.Back, view.Title = true, "", organisationAt, v.t("page.organise.department_new")
		view.Department = org.Department{Entity: v.who.Person.Entity}
		return view, v.desk().MayEdit(v.who)
	}
	d, known := v.org.Departments[id]
	if !known {
		return view, fault.New(fault.NotFound, "department.not_found")
	}
	view.Department, view.Head, view.Seen = d, d.Head, desk.SeenDepartment(d)
	view.Chinese, view.English = d.Name[i18n.Chinese], d.Name[i18n.English]
	view.Title = v.t("page.organise.department_of", "name", v.department(id))
	return view, v.desk().MayEditIn(v.who, d.Entity)
}

func departmentAt(id string) string { return departmentsAt + "/" + url.PathEscape(id) }

func (v *visit) showDepartmentForm(status int, view editDepartmentView) error {
	v.offersOf(&view.rowForm, view.Department.Entity, view.Department.Parent)
	return v.show(status, view.Title, view)
}

// editDepartmentSent handles POST /organisation/departments/:id/edit.
func editDepartmentSent(v *visit) error {
	view, err := v.departmentForm()
	if err != nil {
		return err
	}
	view.Seen = v.asked("seen")
	if view.New {
		view.ID, view.Seen = v.asked("id"), ""
	}
	view.Chinese, view.English, view.Head = v.asked("name_zh"), v.asked("name_en"), v.asked("head")
	names := maps.Clone(view.Department.Name) // other languages stay
	if names == nil {
		names = map[string]string{}
	}
	for locale, name := range map[string]string{i18n.Chinese: view.Chinese, i18n.English: view.English} {
		if names[locale] = name; name == "" {
			delete(names, locale)
		}
	}
	view.Department = org.Department{ID: view.ID, Name: names, Entity: v.asked("entity"), Parent: v.asked("parent"),
		Head: v.personNamed(view.Head), CostCenter: v.asked("cost_center")}
	err = v.desk().EditDepartment(v.r.Context(), v.who, desk.DepartmentEdit{Department: view.Department, Seen: view.Seen})
	if err == nil {
		return v.leave(organisationAt+"?"+url.Values{"department": {view.ID}}.Encode(), "organise_saved")
	}
	status, shown := v.faulted(&view.rowForm, err)
	if !shown {
		return err
	}
	if fault.CodeOf(err) == "organisation.changed_row" {
		fresh, found := v.departmentForm()
		if found != nil {
			return found
		}
		fresh.Errors = view.Errors
		view = fresh
	}
	return v.showDepartmentForm(status, view)
}
