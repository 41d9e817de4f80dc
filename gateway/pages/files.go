package pages

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/gateway/desk"
)

// recordRoutes are what is read of a document.
func recordRoutes() []route {
	get, read := http.MethodGet, access.DocumentRead
	return []route{
		{method: get, path: "/documents/:id", needs: read, template: "document", handle: showDocument},
		{method: get, path: "/documents/:id/seq", needs: read, handle: documentSeq},
		{method: get, path: "/documents/:id/print", needs: read, template: "print", handle: printDocument},
		{method: get, path: "/documents/:id/versions", needs: read, template: "versions", handle: showVersions},
		{method: get, path: "/documents/:id/files/:file", needs: read, template: "files", handle: showFile},
		{method: get, path: "/documents/:id/proof", needs: read, handle: downloadProof},
	}
}

// filesView shows the files of a document, one at a time.
type filesView struct {
	ID, Number, Title string

	Files      []fileRow
	Shown      fileRow
	Invoice    *invoice.Invoice // what an XML or OFD invoice says, nil where it says nothing
	Prev, Next string           // ids, "" at either end
	At, Of     string
}

type fileRow struct {
	document.Attachment
	Where      string // the line that it belongs to, "" for the whole document
	Current    bool
	Image, PDF bool // what a browser shows inside a page; anything else is saved
}

// Source is where the file itself lies.
func (f fileRow) Source() string { return "/api/v1/attachments/" + f.ID }

// showFile handles GET /documents/:id/files/:file.
func showFile(v *visit) error {
	detail, err := v.desk().Document(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	if detail.Status == approval.Draft {
		return v.leave(documentAt(detail.ID)+"/edit", "")
	}
	view := filesView{ID: detail.ID, Number: detail.Number, Title: detail.Title, Files: v.fileRows(detail.Content)}
	at := slices.IndexFunc(view.Files, func(f fileRow) bool { return f.ID == v.param("file") })
	if at < 0 {
		return fault.New(fault.NotFound, "attachment.not_found", fault.Arg("id", v.param("file")))
	}
	view.Files[at].Current = true
	view.Shown, view.At, view.Of = view.Files[at], strconv.Itoa(at+1), strconv.Itoa(len(view.Files))
	view.Invoice = v.invoiceIn(view.Shown)
	if at > 0 {
		view.Prev = view.Files[at-1].ID
	}
	if at+1 < len(view.Files) {
		view.Next = view.Files[at+1].ID
	}
	return v.show(http.StatusOK, view.Shown.Name, view)
}

// invoiceIn is what a file says of its invoice where no browser shows the file itself. A
// file that tells nothing is saved and opened, like any other.
func (v *visit) invoiceIn(f fileRow) *invoice.Invoice {
	if !slices.Contains([]string{"application/xml", "application/ofd"}, f.Type) {
		return nil
	}
	found, reading, err := v.desk().ReadInvoice(v.r.Context(), v.who, f.ID)
	if err != nil || reading != desk.InvoiceRead {
		return nil
	}
	return &found
}

// fileRows lists the files of the document, then those of its lines.
func (v *visit) fileRows(c document.Content) []fileRow {
	row := func(a document.Attachment, where string) fileRow {
		return fileRow{
			Attachment: a, Where: where, PDF: a.Type == "application/pdf",
			Image: slices.Contains([]string{"image/png", "image/jpeg", "image/webp"}, a.Type),
		}
	}
	var rows []fileRow
	for _, a := range c.Attachments {
		rows = append(rows, row(a, ""))
	}
	for i, l := range c.Lines {
		for _, a := range l.Attachments {
			where := v.t("page.edit.line_number", "n", strconv.Itoa(i+1))
			if l.Description != "" {
				where += " · " + l.Description
			}
			rows = append(rows, row(a, where))
		}
	}
	return rows
}
