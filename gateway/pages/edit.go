package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// Whose form it is.
const (
	modeNew      = "new"      // not written anywhere yet
	modeDraft    = "draft"    // a draft of one's own
	modeReturned = "returned" // a document that came back
)

type chooseView struct{ Types []option }

// choose handles GET /new: what kind of document.
func choose(v *visit) error {
	types, err := v.desk().Types(v.r.Context())
	if err != nil {
		return err
	}
	var view chooseView
	for _, t := range types {
		view.Types = append(view.Types, option{ID: t.ID, Title: i18n.Pick(t.Title, v.locale), Hint: t.Payee})
	}
	return v.show(http.StatusOK, v.t("page.choose.title"), view)
}

// newForm handles GET /new/:type: an empty form, with what the house knows filled in.
func newForm(v *visit) error {
	e, err := v.newEdit()
	if err != nil {
		return err
	}
	me := v.who.Person
	f := form{
		Urgency: string(document.Normal), Currency: v.org.Entities[me.Entity].Currency, Entity: me.Entity,
		Department: me.Department, CostCenter: me.CostCenter, Requester: me.ID, Lines: []formLine{{}},
	}
	if f.CostCenter == "" {
		f.CostCenter = v.org.Departments[me.Department].CostCenter
	}
	return v.edit(http.StatusOK, e, f)
}

// newSent handles POST /new/:type.
func newSent(v *visit) error {
	e, err := v.newEdit()
	if err != nil {
		return err
	}
	return v.sentForm(e)
}

// editForm handles GET /documents/:id/edit: a draft, or a document that came back.
func editForm(v *visit) error {
	e, detail, err := v.oldEdit()
	if err != nil {
		return err
	}
	if e.mode == "" {
		return v.leave(documentAt(detail.ID), "")
	}
	f := formOf(detail.Content)
	f.CC, f.CCRemark = v.asked("cc"), v.asked("cc_remark")
	return v.edit(http.StatusOK, e, f)
}

// editSent handles POST /documents/:id/edit.
func editSent(v *visit) error {
	e, detail, err := v.oldEdit()
	if err != nil {
		return err
	}
	if e.mode == "" && v.asked("do") == "submit" {
		e.mode = modeDraft // a double click: the first one submitted it, and its key finds the answer
	}
	if e.mode == "" {
		return fault.New(fault.Conflict, "document.not_draft", fault.Arg("status", string(detail.Status)))
	}
	return v.sentForm(e)
}

// edit is one round of a form.
type edit struct {
	mode    string
	kind    *doctype.Type
	doc     store.Document // of a draft, or what came back
	faults  []*fault.Fault
	route   []stop
	counted *countedBox
	checked bool // the route was asked for
}

func (v *visit) newEdit() (edit, error) {
	kind, err := v.desk().Type(v.r.Context(), v.param("type"))
	if fault.CodeOf(err) == "document.type_unknown" {
		return edit{}, fault.New(fault.NotFound, "request.no_such_route")
	}
	return edit{mode: modeNew, kind: kind}, err
}

// oldEdit finds the document of a form; its mode is "" where nobody may edit it any more.
func (v *visit) oldEdit() (edit, desk.Detail, error) {
	detail, err := v.desk().Document(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return edit{}, detail, err
	}
	me := v.who.Person.ID
	e := edit{doc: detail.Document}
	switch {
	case me != detail.Submitter && me != detail.Requester:
	case detail.Status == approval.Draft:
		e.mode = modeDraft
	case detail.Status == approval.Returned:
		e.mode = modeReturned
	}
	e.kind, err = v.desk().Type(v.r.Context(), detail.Type)
	return e, detail, err
}

// sentForm does what the button says that sent the form.
func (v *visit) sentForm(e edit) error {
	f := readForm(v.r.PostForm, e.kind)
	e.faults = v.takeFiles(&f, v.r.PostForm["line"])
	do, what, _ := strings.Cut(v.asked("do"), ":")
	switch do {
	case "add_line":
		if len(f.Lines) < e.kind.Limits.MaxLines {
			f.Lines = append(f.Lines, formLine{})
		}
		return v.edit(http.StatusOK, e, f)
	case "remove_line":
		if at, err := strconv.Atoi(what); err == nil && at >= 0 && at < len(f.Lines) {
			f.Lines = slices.Delete(f.Lines, at, at+1)
		}
		return v.edit(http.StatusOK, e, f)
	case "remove_file":
		return v.edit(http.StatusOK, e, f.withoutFile(what))
	}
	f = f.withoutBlankLines()
	if len(e.faults) > 0 {
		return v.edit(http.StatusUnprocessableEntity, e, f)
	}
	switch do {
	case "save":
		return v.save(e, f)
	case "submit":
		return v.submit(e, f)
	case "resubmit":
		return v.resubmit(e, f)
	case "preview":
		return v.checkRoute(e, f)
	}
	return v.edit(http.StatusOK, e, f) // files only
}

func (f form) withoutFile(id string) form {
	is := func(x formFile) bool { return x.ID == id }
	f.Files = slices.DeleteFunc(f.Files, is)
	for i := range f.Lines {
		f.Lines[i].Files = slices.DeleteFunc(f.Lines[i].Files, is)
	}
	return f
}

// save keeps a draft as it is, right or wrong; only amounts must be amounts.
func (v *visit) save(e edit, f form) error {
	c, faults := f.content(e.kind)
	if len(faults) > 0 {
		e.faults = faults
		return v.edit(http.StatusUnprocessableEntity, e, f)
	}
	var doc store.Document
	var err error
	switch e.mode {
	case modeNew:
		key := v.key("draft", e.kind.ID, f.Title, len(f.Lines))
		doc, err = again(func() (store.Document, error) { return v.desk().NewDraft(v.r.Context(), v.who, c, key) })
	case modeDraft:
		doc, err = v.desk().SaveDraft(v.r.Context(), v.who, desk.Draft{ID: e.doc.ID, Content: c})
	default:
		err = fault.New(fault.Conflict, "document.not_draft", fault.Arg("status", string(e.doc.Status)))
	}
	if err != nil {
		return v.wrong(e, f, err)
	}
	return v.leave(documentAt(doc.ID)+"/edit"+f.carried(), "saved")
}

// submit tells everything that is wrong at once, or hands the document in.
func (v *visit) submit(e edit, f form) error {
	c, err := v.ready(e, f)
	if err != nil {
		return v.wrong(e, f, err)
	}
	ctx := v.r.Context()
	if e.mode == modeDraft {
		if _, err := v.desk().SaveDraft(ctx, v.who, desk.Draft{ID: e.doc.ID, Content: c}); err != nil && fault.CodeOf(err) != "document.not_draft" {
			return v.wrong(e, f, err)
		}
	}
	doc, err := again(func() (store.Document, error) {
		if e.mode == modeDraft {
			return v.desk().Submit(ctx, v.who, e.doc.ID, f.copies(), v.key("submit", e.doc.ID))
		}
		asked := desk.Submission{Content: c, CC: f.copies()}
		return v.desk().SubmitNew(ctx, v.who, asked, v.key("submit-new", e.kind.ID, f.Title, len(f.Lines)))
	})
	if err != nil {
		return v.wrong(e, f, err)
	}
	return v.leave(documentAt(doc.ID), "submitted")
}

// resubmit hands a returned document in again, as a new revision.
func (v *visit) resubmit(e edit, f form) error {
	c, err := v.ready(e, f)
	if err != nil {
		return v.wrong(e, f, err)
	}
	key := v.key("resubmit", e.doc.ID, f.Opinion)
	acted, err := again(func() (desk.Acted, error) {
		return v.desk().Resubmit(v.r.Context(), v.who,
			desk.Resubmission{Document: e.doc.ID, Content: &c, Opinion: f.Opinion, Channel: channel}, key)
	})
	if err != nil {
		return v.wrong(e, f, err)
	}
	return v.acted(acted, nil, sent{})
}

// checkRoute shows the way the document would take.
func (v *visit) checkRoute(e edit, f form) error {
	c, err := v.ready(e, f)
	if err != nil {
		return v.wrong(e, f, err)
	}
	if e.route, e.counted, err = v.preview(e, c); err != nil {
		return v.wrong(e, f, err)
	}
	e.checked = true
	return v.edit(http.StatusOK, e, f)
}

// ready is the content of a form that nothing is wrong with.
//
// Errors: Invalid, everything that is wrong, each with its field.
func (v *visit) ready(e edit, f form) (document.Content, error) {
	c, faults := f.content(e.kind)
	whole := c
	whole.Submitter = v.who.Person.ID
	if whole.Requester == "" {
		whole.Requester = whole.Submitter
	}
	_, err := v.desk().Complete(v.r.Context(), whole)
	if fault.KindOf(err) != fault.Invalid && err != nil {
		return c, err
	}
	for _, more := range faultsOf(err) {
		told := slices.ContainsFunc(faults, func(f *fault.Fault) bool { return fieldOf(f) == fieldOf(more) })
		if !told { // an amount that cannot be read is not also «not positive»
			faults = append(faults, more)
		}
	}
	return c, fault.Join(faults)
}

// wrong shows the form again with what is wrong; nothing typed is lost.
func (v *visit) wrong(e edit, f form, err error) error {
	problem.Log(v.r.Context(), err)
	e.faults = append(e.faults, orInternal(err)...)
	return v.edit(problem.Status(problem.Find(err)), e, f)
}

func orInternal(err error) []*fault.Fault {
	if faults := faultsOf(err); len(faults) > 0 {
		return faults
	}
	return []*fault.Fault{problem.Find(err)}
}
