package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// Whose form it is.
const (
	modeNew      = "new"      // not written anywhere yet
	modeDraft    = "draft"    // a draft of one's own
	modeReturned = "returned" // a document that came back
)

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
	f.Seen = seenOf(detail.Document)
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
	checked bool   // the route was asked for
	told    string // what just happened
	back    *remarkBack

	elsewhere bool // another window saved the draft meanwhile
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
		events, err := v.desk().Events(v.r.Context(), v.who, detail.ID)
		if err != nil {
			return edit{}, detail, err
		}
		e.back = v.backWith(events)
	}
	e.kind, err = v.desk().Type(v.r.Context(), detail.Type)
	return e, detail, err
}

// sentForm does what the button says that sent the form.
func (v *visit) sentForm(e edit) error {
	f := v.withPeople(readForm(v.r.PostForm, e.kind), e.kind)
	e.faults = v.takeFiles(&f, v.r.PostForm["line"])
	do, what, _ := strings.Cut(v.asked("do"), ":")
	if changed, ok := f.changed(do, what, e.kind.Limits.MaxLines); ok {
		return v.edit(http.StatusOK, e, changed)
	}
	switch do {
	case "check":
		return v.checked(e, f)
	case "for":
		return v.forPerson(e, f)
	case "template":
		return v.keepTemplate(e, f)
	}
	f = f.withoutBlankLines()
	if len(e.faults) > 0 {
		return v.edit(http.StatusUnprocessableEntity, e, f)
	}
	if (do == "submit" || do == "preview") && v.namesAnother(f) {
		return v.forPerson(e, f)
	}
	switch do {
	case "save_over":
		f.Seen = ""
		return v.save(e, f)
	case "save":
		return v.save(e, f)
	case "autosave":
		return v.autosave(e, f)
	case "submit":
		return v.submit(e, f)
	case "resubmit":
		return v.resubmit(e, f)
	case "preview":
		return v.checkRoute(e, f)
	}
	return v.edit(http.StatusOK, e, f) // files only, or what a browser had kept
}

// changed is a form after a button that changes nothing but the form itself.
func (f form) changed(do, what string, most int) (form, bool) {
	at, err := strconv.Atoi(what)
	within := err == nil && at >= 0 && at < len(f.Lines)
	switch do {
	case "add_line":
		if len(f.Lines) < most {
			f.Lines = append(f.Lines, formLine{})
		}
	case "copy_line":
		if within && len(f.Lines) < most {
			f.Lines = slices.Insert(f.Lines, at+1, f.Lines[at].again())
		}
	case "remove_line":
		if within {
			f.Lines = slices.Delete(f.Lines, at, at+1)
		}
	case "remove_file":
		return f.withoutFile(what), true
	default:
		return f, false
	}
	return f, true
}

// again is a line as the start of the next one: an invoice and a receipt prove one line.
func (l formLine) again() formLine {
	l.Invoice, l.Files, l.Said = "", nil, ""
	return l
}

func (f form) withoutFile(id string) form {
	is := func(x formFile) bool { return x.ID == id }
	f.Files = slices.DeleteFunc(f.Files, is)
	for i := range f.Lines {
		f.Lines[i].Files = slices.DeleteFunc(f.Lines[i].Files, is)
	}
	return f
}
