package pages

import (
	"net/http"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// submitted are the statuses of what was handed in once.
var submitted = []approval.Status{
	approval.Submitted, approval.Pending, approval.Returned, approval.Approved, approval.Parked, approval.Posted,
	approval.Closed, approval.Rejected, approval.Withdrawn,
}

const earlierMost = 10 // documents of one's own that are offered to start from

type chooseView struct {
	Types     []option
	Templates []startRow
	Earlier   []startRow
	Wrong     string // why a template has no other name
}

// startRow is something to start a document from.
type startRow struct {
	ID, Path, Title, Type, Number, At string

	Typed   string // the name that a template is to have
	Refused bool   // and cannot
}

// choose handles GET /new: what kind of document, and from what to start.
func choose(v *visit) error { return v.choose(http.StatusOK, "") }

func (v *visit) choose(status int, wrong string) error {
	types, err := v.desk().Types(v.r.Context())
	if err != nil {
		return err
	}
	view := chooseView{Wrong: wrong}
	for _, t := range types {
		view.Types = append(view.Types, option{ID: t.ID, Title: i18n.Pick(t.Title, v.locale), Hint: t.Payee})
	}
	templates, err := v.desk().Templates(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	for _, t := range templates {
		row := startRow{
			ID: t.ID, Path: "/new/" + t.Content.Type + "?template=" + t.ID, Title: t.Name, Type: v.typeTitle(t.Content.Type),
			At: v.stamp(t.SavedAt, v.who.Person.Entity).Text, Typed: t.Name,
		}
		if wrong != "" && t.ID == v.param("id") {
			row.Typed, row.Refused = v.asked("name"), true
		}
		view.Templates = append(view.Templates, row)
	}
	mine, err := v.desk().Documents(v.r.Context(), v.who,
		store.DocumentFilter{Submitter: v.who.Person.ID, Statuses: submitted, Limit: earlierMost})
	if err != nil {
		return err
	}
	for _, d := range mine.Items {
		view.Earlier = append(view.Earlier, startRow{
			ID: d.ID, Path: copyAt(d), Title: d.Title, Type: v.typeTitle(d.Type), Number: d.Number,
			At: v.stamp(d.SubmittedAt, d.Entity).Text,
		})
	}
	return v.show(status, v.t("page.choose.title"), view)
}

// newForm handles GET /new/:type: an empty form, with what the house knows filled in, or
// what an earlier document or a template says again.
func newForm(v *visit) error {
	e, err := v.newEdit()
	if err != nil {
		return err
	}
	c := desk.Filled(document.Content{Type: e.kind.ID}, v.who.Person.ID, v.org)
	switch {
	case v.asked("from") != "":
		c, err = v.desk().Earlier(v.r.Context(), v.who, v.asked("from"))
		e.told = v.t("page.start.from")
	case v.asked("template") != "":
		c, err = v.desk().Template(v.r.Context(), v.who, v.asked("template"))
		e.told = v.t("page.start.template")
	}
	if err != nil {
		return err
	}
	if c.Type != e.kind.ID {
		return fault.New(fault.NotFound, "request.no_such_route")
	}
	return v.edit(http.StatusOK, e, formOf(c))
}

// keepTemplate keeps what a form says under a name.
func (v *visit) keepTemplate(e edit, f form) error {
	c, faults := f.content(e.kind)
	err := fault.Join(faults)
	if err == nil {
		_, err = v.desk().SaveTemplate(v.r.Context(), v.who, v.asked("template"), c)
	}
	if err != nil {
		if told, ok := fault.As(err); ok && told.Field == "name" {
			at := *told
			at.Field = "template"
			err = &at
		}
		return v.wrong(e, f, err)
	}
	e.told = v.t("page.template.kept", "name", v.asked("template"))
	return v.edit(http.StatusOK, e, f)
}

// renameTemplate handles POST /templates/:id/rename.
func renameTemplate(v *visit) error {
	err := v.desk().RenameTemplate(v.r.Context(), v.who, v.param("id"), v.asked("name"))
	if told, ok := fault.As(err); ok && told.Field == "name" {
		return v.choose(http.StatusUnprocessableEntity, v.faultText(told))
	}
	if err != nil {
		return err
	}
	return v.leave("/new", "template_renamed")
}

// deleteTemplate handles POST /templates/:id/delete.
func deleteTemplate(v *visit) error {
	if err := v.desk().DeleteTemplate(v.r.Context(), v.who, v.param("id")); err != nil {
		return err
	}
	return v.leave("/new", "template_deleted")
}

// forPerson makes a form one for the person who is named in it, with what is theirs.
func (v *visit) forPerson(e edit, f form) error {
	person, err := v.desk().Requester(v.r.Context(), v.who, v.asked("for"))
	if err != nil {
		return v.wrong(e, f, err)
	}
	theirs := desk.Filled(document.Content{Type: e.kind.ID, Requester: person.ID}, v.who.Person.ID, v.org)
	if f.Entity != theirs.Entity {
		f.Currency = string(theirs.Currency)
	}
	f.Requester, f.Entity, f.Department, f.CostCenter = person.ID, theirs.Entity, theirs.Department, theirs.CostCenter
	f.Advance, f.Settled = "", ""
	e.told = v.t("page.for.now", "name", person.Name)
	return v.edit(http.StatusOK, e, f)
}

// namesAnother says whether the form names somebody else than it is for: a refused name
// stands in its field still, and nobody sends a document in for somebody else than that.
func (v *visit) namesAnother(f form) bool {
	if !v.r.PostForm.Has("for") || v.asked("for") == v.name(f.Requester) {
		return false
	}
	person, err := v.desk().Requester(v.r.Context(), v.who, v.asked("for"))
	return err != nil || person.ID != f.Requester
}

// copyPath is where the reader begins another document with what one of their own says;
// "" where they may not.
func (v *visit) copyPath(d store.Document) string {
	own := v.who.Person.ID == d.Submitter || v.who.Person.ID == d.Requester
	if !own || !access.Has(v.who.Subject, access.DocumentCreate) {
		return ""
	}
	return copyAt(d)
}

// copyAt is where another document begins with what one says.
func copyAt(d store.Document) string { return "/new/" + d.Type + "?from=" + d.ID }
