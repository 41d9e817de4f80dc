package pages

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// seen is when the form last saw its draft saved; it travels with the form.
func (f form) seen() time.Time {
	micros, err := strconv.ParseInt(f.Seen, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// seenOf is the mark of a draft that a form carries.
func seenOf(doc store.Document) string {
	if doc.Status != approval.Draft || doc.UpdatedAt.IsZero() {
		return ""
	}
	return strconv.FormatInt(doc.UpdatedAt.UnixMicro(), 10)
}

// save keeps a draft as it is, right or wrong; only amounts must be amounts.
func (v *visit) save(e edit, f form) error {
	c, faults := f.content(e.kind)
	if len(faults) > 0 {
		e.faults = faults
		return v.edit(http.StatusUnprocessableEntity, e, f)
	}
	doc, err := v.kept(e, f, c, "draft", e.kind.ID, f.Title, len(f.Lines))
	if err != nil {
		return v.wrong(e, f, err)
	}
	return v.leave(documentAt(doc.ID)+"/edit"+f.carried(), "saved")
}

// kept stores what was typed: as a new draft under a key, or over the one it is of.
func (v *visit) kept(e edit, f form, c document.Content, key string, asked ...any) (store.Document, error) {
	switch e.mode {
	case modeNew:
		key := v.key(key, asked...)
		return again(func() (store.Document, error) { return v.desk().NewDraft(v.r.Context(), v.who, c, key) })
	case modeDraft:
		return v.desk().SaveDraft(v.r.Context(), v.who, desk.Draft{ID: e.doc.ID, Content: c, Seen: f.seen()})
	}
	return store.Document{}, fault.New(fault.Conflict, "document.not_draft", fault.Arg("status", string(e.doc.Status)))
}

// autosaved is the answer to a script that saves while somebody types.
type autosaved struct {
	Action   string `json:"action,omitempty"` // where the form goes from now on
	Seen     string `json:"seen,omitempty"`
	Told     string `json:"told"`
	Conflict bool   `json:"conflict,omitempty"` // another window saved it meanwhile
}

// autosave keeps a draft without leaving the page, and says how that went.
func (v *visit) autosave(e edit, f form) error {
	c, faults := f.content(e.kind)
	err := fault.Join(faults)
	var doc store.Document
	if err == nil {
		doc, err = v.kept(e, f, c, "autosave", e.kind.ID)
	}
	status, answer := http.StatusOK, autosaved{}
	if err != nil {
		problem.Log(v.r.Context(), err)
		first := orInternal(err)[0]
		status = problem.Status(problem.Find(err))
		answer.Told = v.t("page.live.not_saved") + v.t("page.colon.space") + v.fieldTitle(e.kind, fieldOf(first)) +
			v.faultText(first)
		answer.Conflict = first.Code == "draft.saved_elsewhere"
	} else {
		at := v.now.In(v.zone(doc.Entity)).Format("15:04")
		answer = autosaved{Action: documentAt(doc.ID) + "/edit", Seen: seenOf(doc), Told: v.t("page.live.saved", "at", at)}
	}
	v.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(status)
	return json.NewEncoder(v.w).Encode(answer)
}

// submit tells everything that is wrong at once, or hands the document in. Where
// something was used before and its author was not told yet, they are told first.
func (v *visit) submit(e edit, f form) error {
	c, err := v.ready(e, f)
	if err != nil {
		return v.wrong(e, f, err)
	}
	ctx := v.r.Context()
	key := v.key("submit", e.doc.ID)
	if e.mode == modeNew {
		key = v.key("submit-new", e.kind.ID, f.Title, len(f.Lines))
	}
	if news, err := v.news(e, f, key); err != nil || news {
		if err != nil {
			return v.wrong(e, f, err)
		}
		e.told = v.t("page.live.warned")
		return v.edit(http.StatusOK, e, f)
	}
	if e.mode == modeDraft {
		_, err := v.desk().SaveDraft(ctx, v.who, desk.Draft{ID: e.doc.ID, Content: c, Seen: f.seen()})
		if err != nil && fault.CodeOf(err) != "document.not_draft" {
			return v.wrong(e, f, err)
		}
	}
	doc, err := again(func() (store.Document, error) {
		if e.mode == modeDraft {
			return v.desk().Submit(ctx, v.who, e.doc.ID, f.copies(), key)
		}
		return v.desk().SubmitNew(ctx, v.who, desk.Submission{Content: c, CC: f.copies()}, key)
	})
	if err != nil {
		return v.wrong(e, f, err)
	}
	return v.leave(documentAt(doc.ID), "submitted")
}

// news says whether a form warrants a warning that it has not shown; never for one that
// was submitted already, by the first of a double click.
func (v *visit) news(e edit, f form, key desk.Key) (bool, error) {
	done, err := v.desk().Answered(v.r.Context(), v.who, key)
	if err != nil || done {
		return false, err
	}
	l, err := v.assess(e, f)
	return err == nil && l.Warned != "" && l.Warned != v.asked("warned"), err
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
	if _, err := v.ready(e, f); err != nil {
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
	e.elsewhere = fault.CodeOf(err) == "draft.saved_elsewhere"
	return v.edit(problem.Status(problem.Find(err)), e, f)
}

func orInternal(err error) []*fault.Fault {
	if faults := faultsOf(err); len(faults) > 0 {
		return faults
	}
	return []*fault.Fault{problem.Find(err)}
}

// hardLimit says whether what exceeds the standard of a category is refused.
func hardLimit(kind *doctype.Type, category string) bool {
	c, known := kind.Category(category)
	return known && c.Standard != nil && c.Standard.Over == doctype.OverRefuse
}
