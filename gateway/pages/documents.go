package pages

import (
	"log/slog"
	"net/http"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// documentRow is one document in a list.
type documentRow struct {
	ID, Number, Title, Type, Applicant, Step string

	Total   money.Amount
	Claimed money.Amount // where less was sanctioned
	Status  approval.Status
	Urgent  bool
	Due     deadline

	Intervened bool

	Updated stamp
	Listed  []fact // the type's own fields that lists show
	Unread  bool   // the reader was copied in, and did not open it
	Copied  string // in a list of copies: how the reader was copied in, and by whom
}

func (v *visit) documentRows(list []store.Document) []documentRow {
	rows := make([]documentRow, 0, len(list))
	kinds, err := v.typesInForce()
	if err != nil {
		slog.WarnContext(v.r.Context(), "lists show no fields: the document types", "error", err.Error())
	}
	for _, d := range list {
		var listed []fact
		if kind := kinds[d.Type]; kind != nil {
			listed = v.fieldFacts(kind, d, true)
		}
		rows = append(rows, documentRow{
			Listed: listed, Unread: d.Unread, Copied: v.copiedHow(d.CopiedHow, d.CopiedBy),
			ID: d.ID, Number: d.Number, Title: d.Title, Type: v.typeTitle(d.Type), Applicant: v.name(d.Requester),
			Step: i18n.Pick(d.StepTitle, v.locale), Total: d.Total, Claimed: d.Claimed, Status: d.Status,
			Urgent: d.Urgency == document.Urgent, Due: v.due(d.DueAt, d.Entity), Updated: v.stamp(d.UpdatedAt, d.Entity),
			Intervened: d.Intervened,
		})
	}
	return rows
}

type documentsView struct {
	Tabs   []tab // of the inbox, where the list is a part of it
	Path   string
	Rows   []documentRow
	Groups []string
	Group  string
	Filter documentFilter
	All    bool // of everybody, as far as the reader may see
	Copied bool // those that the reader was copied in on
	Unread int64
	Wide   bool // the reader sees more than their own

	Intervened bool // only those in which an administrator stepped in

	Next string
}

// Any says whether the list is narrowed at all.
func (d documentsView) Any() bool {
	return d.Filter.More() || d.Filter.Query+d.Group != "" || d.Intervened
}

const queryMax = 100 // characters of a search

// documents handles GET /documents: the reader's own, those they were copied in
// on, or all they may see.
func documents(v *visit) error {
	return v.documentList(documentsView{
		Path: "/documents", All: v.asked("of") == "all", Copied: v.asked("of") == "copied",
		Intervened: v.asked("intervened") != "",
	})
}

// sentDocuments handles GET /tasks/sent: the reader's own.
func sentDocuments(v *visit) error { return v.inboxDocuments(documentsView{Path: sentAt}) }

// copiedDocuments handles GET /tasks/copied: those that the reader was copied in on.
func copiedDocuments(v *visit) error {
	return v.inboxDocuments(documentsView{Path: copiedAt, Copied: true})
}

func (v *visit) inboxDocuments(view documentsView) error {
	var err error
	if view.Tabs, err = v.tabs(view.Path); err != nil {
		return err
	}
	return v.documentList(view)
}

// documentList shows a list of documents, narrowed by what was asked for.
func (v *visit) documentList(view documentsView) error {
	view.Group, view.Filter = v.asked("status"), v.readDocumentFilter(v.r.URL.Query())
	for _, g := range groups {
		view.Groups = append(view.Groups, g.name)
	}
	scope := access.ScopeFor(v.who.Subject, access.DocumentRead)
	view.Wide = scope.All || len(scope.Entities) > 0 || len(scope.Departments) > 0
	filter := store.DocumentFilter{
		Statuses: statusesOf(view.Group), Cursor: v.asked("cursor"), Intervened: view.Intervened,
	}
	if err := view.Filter.apply(v, &filter); err != nil {
		return err
	}
	switch {
	case view.Copied:
		filter.CopiedTo = v.who.Person.ID
	case !view.All:
		filter.Submitter, filter.Own = v.who.Person.ID, true
	}
	var err error
	if view.Unread, err = v.desk().UnreadCopies(v.r.Context(), v.who); err != nil {
		return err
	}
	page, err := v.desk().Documents(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	view.Rows = v.documentRows(page.Items)
	query := view.Filter.query()
	for name, value := range map[string]string{"status": view.Group, "of": v.asked("of"),
		"intervened": v.asked("intervened")} {
		if value != "" {
			query.Set(name, value)
		}
	}
	view.Next = nextAt(view.Path, query, page.Next)
	return v.show(http.StatusOK, v.t("page.documents.title"), view)
}
