package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
)

// reviewView is a document as finance reviews it: its files beside its lines.
type reviewView struct {
	documentView
	Files []reviewFile
	Shown *reviewFile // nil where there is none
}

// reviewFile is a file of the document, and the line it belongs to.
type reviewFile struct {
	document.Attachment
	Line   int    // from 1; 0 for the document's own
	Path   string // shows it on this page
	Prev   string // of the file before it, "" for none
	Next   string
	Shown  bool
	Source string // its own address, to be shown
}

// Image says whether it is shown as a picture.
func (f reviewFile) Image() bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, f.Type)
}

// PDF says whether it is shown by the browser's own viewer.
func (f reviewFile) PDF() bool { return f.Type == "application/pdf" }

// showReview handles GET /documents/:id/review: the invoice beside the lines, and
// the decision under them. What is decided here goes where the document's page sends it.
func showReview(v *visit) error {
	ctx, id := v.r.Context(), v.param("id")
	detail, err := v.desk().Document(ctx, v.who, id)
	if err != nil {
		return err
	}
	if detail.Status == approval.Draft {
		return v.leave(documentAt(id)+"/edit", "")
	}
	state, err := v.desk().State(ctx, id)
	if err != nil {
		return err
	}
	view := reviewView{documentView: documentView{Document: detail.Document, Key: random()}}
	if err := v.facts(&view.documentView); err != nil {
		return err
	}
	if err := v.warned(&view.documentView); err != nil {
		return err
	}
	v.acts(&view.documentView, detail, state)
	if view.Decide != nil && !view.Decide.Advice || view.Patch != nil {
		view.Fresh = v.freshBox(state)
	}
	view.show(documentAt(id)+"/review", v.asked("file"))
	v.desk().Opened(ctx, v.who, detail)
	return v.show(http.StatusOK, v.t("page.review.title", "number", numberOr(detail.Number, detail.Title)), view)
}

// show lists the files, those of the lines in their order, and opens the one asked
// for, else the first.
func (r *reviewView) show(here, asked string) {
	add := func(line int, list []document.Attachment) {
		for _, a := range list {
			r.Files = append(r.Files, reviewFile{
				Attachment: a, Line: line, Path: here + "?file=" + url.QueryEscape(a.ID) + "#file",
				Source: "/api/v1/attachments/" + url.PathEscape(a.ID),
			})
		}
	}
	for i, l := range r.Content.Lines {
		add(i+1, l.Attachments)
	}
	add(0, r.Content.Attachments)
	if len(r.Files) == 0 {
		return
	}
	at := max(0, slices.IndexFunc(r.Files, func(f reviewFile) bool { return f.ID == asked }))
	r.Shown = &r.Files[at]
	r.Shown.Shown = true
	if at > 0 {
		r.Shown.Prev = r.Files[at-1].Path
	}
	if at+1 < len(r.Files) {
		r.Shown.Next = r.Files[at+1].Path
	}
}

// Of are the files of a line, from 1.
func (r reviewView) Of(line int) []reviewFile {
	var files []reviewFile
	for _, f := range r.Files {
		if f.Line == line {
			files = append(files, f)
		}
	}
	return files
}

// Reviewing says that the reader is on the page already.
func (r reviewView) Reviewing() bool { return true }

// No is the number of a line, from its place.
func (r reviewView) No(i int) int { return i + 1 }

// Mark names the tick of a line in the browser: of this revision, so that a change
// asks for a new look.
func (r reviewView) Mark(i int) string { return r.ContentHash + ":" + strconv.Itoa(i+1) }
