package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) documents() {
	const tag = "Documents"
	add(a, operation{"create-draft", http.MethodPost, "/documents", tag, "Write a draft, or submit at once", 201},
		a.createDraft)
	add(a, operation{"list-documents", http.MethodGet, "/documents", tag, "List the documents one may read", 0},
		a.listDocuments)
	add(a, operation{"read-document", http.MethodGet, "/documents/{id}", tag, "Read a document", 0},
		a.readDocument)
	add(a, operation{"save-draft", http.MethodPut, "/documents/{id}", tag, "Write a draft anew", 0},
		a.saveDraft)
	add(a, operation{"delete-draft", http.MethodDelete, "/documents/{id}", tag, "Forget a draft", 204},
		a.deleteDraft)
	add(a, operation{
		"submit-document", http.MethodPost, "/documents/{id}/submit", tag,
		"Submit a draft for approval", 201,
	},
		a.submitDocument)
	add(a, operation{
		"act-on-document", http.MethodPost, "/documents/{id}/acts", tag,
		"Withdraw, resubmit, or let the clock go on", 0,
	},
		a.actOnDocument)
	a.alsoAccepted("/documents/{id}/acts", "200")
	add(a, operation{"list-events", http.MethodGet, "/documents/{id}/events", tag, "The transition log", 0},
		a.listEvents)
	export := operation{
		"export-events", http.MethodGet, "/documents/{id}/export", tag,
		"The transition log as JSON Lines, for audit verify", 0,
	}.huma()
	lines := stream("One event a line, byte for byte as hashed", desk.FormatLines)
	export.Responses = map[string]*huma.Response{"200": lines}
	huma.Register(a.huma, export, a.exportEvents)
	add(a, operation{
		"route-document", http.MethodPost, "/documents/{id}/route", tag,
		"The route of a document, or of a draft if submitted now", 0,
	},
		a.routeDocument)
	add(a, operation{"preview-route", http.MethodPost, "/route", tag, "The route a content would take", 0},
		a.previewRoute)
}

// stream describes a body that is not JSON.
func stream(description, media string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{
		media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
}

// DraftInput is a new draft, or a document that never was one.
type DraftInput struct {
	Keyed
	Submit bool `query:"submit" doc:"Submit it at once: nothing is kept where it is refused"`
	Body   NewDocumentBody
}

// NewDocumentBody is a content, and who is copied in where it is submitted at once.
type NewDocumentBody struct {
	desk.Form
	SubmitBody
}

// SubmitBody is who is copied in with a submission.
type SubmitBody struct {
	CC       []string `json:"cc,omitempty" maxItems:"20" nullable:"false" doc:"Copied in: account, e-mail or whole name"`
	CCRemark string   `json:"cc_remark,omitempty" maxLength:"500"`
}

func (b SubmitBody) copies() desk.CC { return desk.CC{People: b.CC, Remark: b.CCRemark} }

// SubmitInput names a draft to be submitted.
type SubmitInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body *SubmitBody
}

// NamedDraftInput is a draft to be written anew.
type NamedDraftInput struct {
	Keyed
	ID   string    `path:"id" maxLength:"64"`
	Seen time.Time `query:"seen" doc:"The updated_at that one last saw: what was saved since is not written over"`
	Body desk.Form
}

// DocumentInput names a document.
type DocumentInput struct {
	Asked
	ID string `path:"id" maxLength:"64"`
}

// KeyedDocumentInput names a document to be written to.
type KeyedDocumentInput struct {
	Keyed
	ID string `path:"id" maxLength:"64"`
}

// DocumentOutput is one document.
type DocumentOutput struct {
	Body Document
}

// CreatedDocumentOutput is a document that was just made.
type CreatedDocumentOutput struct {
	Location string `header:"Location" doc:"Where it lies"`
	Body     Document
}

// createDraft handles POST /documents.
func (a *API) createDraft(ctx context.Context, in *DraftInput) (*CreatedDocumentOutput, error) {
	who, _ := auth.Of(ctx)
	content, err := in.Body.Content()
	if err != nil {
		return nil, err
	}
	var doc store.Document
	switch {
	case in.Submit:
		asked := desk.Submission{Content: content, CC: in.Body.copies()}
		doc, err = a.desk.SubmitNew(ctx, who, asked, keyOf("submit-new", in.IdempotencyKey, in.Body))
	case len(in.Body.CC) > 0: // a draft copies nobody in
		err = fault.New(fault.Invalid, "request.unknown_property", fault.Field("cc"))
	default:
		doc, err = a.desk.NewDraft(ctx, who, content, keyOf("create-draft", in.IdempotencyKey, in.Body))
	}
	if err != nil {
		return nil, err
	}
	return &CreatedDocumentOutput{Location: Base + "/documents/" + doc.ID, Body: documentOf(doc, nil, true)}, nil
}

// saveDraft handles PUT /documents/{id}.
func (a *API) saveDraft(ctx context.Context, in *NamedDraftInput) (*DocumentOutput, error) {
	who, _ := auth.Of(ctx)
	content, err := in.Body.Content()
	if err != nil {
		return nil, err
	}
	doc, err := a.desk.SaveDraft(ctx, who, desk.Draft{ID: in.ID, Content: content, Seen: in.Seen})
	if err != nil {
		return nil, err
	}
	return &DocumentOutput{Body: documentOf(doc, nil, true)}, nil
}

// deleteDraft handles DELETE /documents/{id}.
func (a *API) deleteDraft(ctx context.Context, in *KeyedDocumentInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.DeleteDraft(ctx, who, in.ID)
}

// readDocument handles GET /documents/{id}.
func (a *API) readDocument(ctx context.Context, in *DocumentInput) (*DocumentOutput, error) {
	who, _ := auth.Of(ctx)
	detail, err := a.desk.Document(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	a.desk.Opened(ctx, who, detail)
	return &DocumentOutput{Body: documentOf(detail.Document, detail.Tasks, true)}, nil
}

// DocumentsInput narrows a list of documents.
type DocumentsInput struct {
	Paged
	SearchInput
	Status    []string  `query:"status" maxItems:"10" nullable:"false" doc:"One or more of the statuses"`
	Submitter string    `query:"submitter" maxLength:"64"`
	Copied    string    `query:"copied" enum:"all,unread" doc:"On which one was copied in; unread: and did not open yet"`
	From      time.Time `query:"from" doc:"Submitted at or after"`
	To        time.Time `query:"to" doc:"Submitted before"`
	Total     bool      `query:"total" doc:"Count them, up to 10000: so many, or more"`

	Intervened bool `query:"intervened" doc:"Only those in which an administrator stepped in"`
}

// DocumentsOutput is a page of documents.
type DocumentsOutput struct {
	Body List[Document]
}

// listDocuments handles GET /documents.
func (a *API) listDocuments(ctx context.Context, in *DocumentsInput) (*DocumentsOutput, error) {
	who, _ := auth.Of(ctx)
	narrow, err := a.desk.Narrow(ctx, in.search())
	if err != nil {
		return nil, err
	}
	filter := store.DocumentFilter{
		Types: narrow.Types, Submitter: in.Submitter, Query: narrow.Query, From: in.From, To: in.To,
		Entities: narrow.Entities, People: narrow.People, Urgency: narrow.Urgency, Amounts: narrow.Amounts,
		Cursor: in.Cursor, Limit: in.Limit, WithTotal: in.Total, Intervened: in.Intervened,
	}
	if in.Copied != "" {
		filter.CopiedTo, filter.Unread = who.Person.ID, in.Copied == "unread"
	}
	for _, status := range in.Status {
		filter.Statuses = append(filter.Statuses, approval.Status(status))
	}
	page, err := a.desk.Documents(ctx, who, filter)
	if err != nil {
		return nil, err
	}
	short := func(d store.Document) Document { return documentOf(d, nil, false) }
	return &DocumentsOutput{Body: listOf(page.Items, page.Next, page.Total, short)}, nil
}

// submitDocument handles POST /documents/{id}/submit.
func (a *API) submitDocument(ctx context.Context, in *SubmitInput) (*CreatedDocumentOutput, error) {
	who, _ := auth.Of(ctx)
	var copies desk.CC
	asked := []any{in.ID}
	if in.Body != nil && len(in.Body.CC) > 0 {
		copies, asked = in.Body.copies(), append(asked, in.Body)
	}
	doc, err := a.desk.Submit(ctx, who, in.ID, copies, keyOf("submit-document", in.IdempotencyKey, asked...))
	if err != nil {
		return nil, err
	}
	return &CreatedDocumentOutput{Location: Base + "/documents/" + doc.ID, Body: documentOf(doc, nil, true)}, nil
}

// DocumentActBody is an act on a document as a whole.
type DocumentActBody struct {
	Act     string     `json:"act" enum:"withdraw,resubmit,release"`
	Opinion string     `json:"opinion,omitempty" maxLength:"2000"`
	Content *desk.Form `json:"content,omitempty" doc:"The new content, for resubmit; as it was where left out"`
}

// DocumentActInput is an act on a document as a whole.
type DocumentActInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body DocumentActBody
}

// actOnDocument handles POST /documents/{id}/acts.
func (a *API) actOnDocument(ctx context.Context, in *DocumentActInput) (*ActOutput, error) {
	who, _ := auth.Of(ctx)
	key := keyOf("act-on-document", in.IdempotencyKey, in.ID, in.Body)
	name := approval.Name(in.Body.Act)
	if name != approval.Resubmit && in.Body.Content != nil {
		return nil, fault.New(fault.Invalid, "request.unknown_property", fault.Field("content"))
	}
	switch name {
	case approval.Release:
		return acted(a.desk.Release(ctx, who, in.ID, in.Body.Opinion, channel(who), key))
	case approval.Withdraw:
		return acted(a.desk.Withdraw(ctx, who, in.ID, in.Body.Opinion, channel(who), key))
	}
	again := desk.Resubmission{Document: in.ID, Opinion: in.Body.Opinion, Channel: channel(who)}
	if in.Body.Content != nil {
		content, err := in.Body.Content.Content()
		if err != nil {
			return nil, under("content", err)
		}
		again.Content = &content
	}
	return acted(a.desk.Resubmit(ctx, who, again, key))
}

// under puts the name of a part before the fields that a fault blames.
func under(part string, err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	moved := *f
	moved.Field = part + "." + f.Field
	moved.More = nil
	for _, more := range f.More {
		next := *more
		next.Field = part + "." + more.Field
		moved.More = append(moved.More, &next)
	}
	return &moved
}

// EventsOutput is a document's transition log.
type EventsOutput struct {
	Body List[Event]
}

// listEvents handles GET /documents/{id}/events.
func (a *API) listEvents(ctx context.Context, in *DocumentInput) (*EventsOutput, error) {
	who, _ := auth.Of(ctx)
	events, err := a.desk.Events(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &EventsOutput{Body: listOf(events, "", nil, eventOf)}, nil
}

// exportEvents handles GET /documents/{id}/export.
func (a *API) exportEvents(ctx context.Context, in *DocumentInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	events, err := a.desk.Events(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines.Write(line)
		lines.WriteByte('\n')
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "application/x-ndjson")
		ctx.SetHeader("Content-Disposition", `attachment; filename="`+in.ID+`.jsonl"`)
		_, _ = ctx.BodyWriter().Write(lines.Bytes()) // the caller went away; nobody is left to tell
	}}, nil
}

// PlanOutput is a route.
type PlanOutput struct {
	Body Plan
}

// routeDocument handles POST /documents/{id}/route.
func (a *API) routeDocument(ctx context.Context, in *DocumentInput) (*PlanOutput, error) {
	who, _ := auth.Of(ctx)
	plan, err := a.desk.Route(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &PlanOutput{}
	out.Body, err = a.planSeen(ctx, who, plan)
	return out, err
}

// PreviewInput is a content to be routed without being stored.
type PreviewInput struct {
	Asked
	Body desk.Form
}

// previewRoute handles POST /route.
func (a *API) previewRoute(ctx context.Context, in *PreviewInput) (*PlanOutput, error) {
	who, _ := auth.Of(ctx)
	content, err := in.Body.Content()
	if err != nil {
		return nil, err
	}
	plan, err := a.desk.Preview(ctx, who, content, "")
	if err != nil {
		return nil, err
	}
	out := &PlanOutput{}
	if out.Body, err = a.planSeen(ctx, who, plan); err != nil {
		return nil, err
	}
	latest, err := a.desk.Latest(ctx, plan)
	for i := range out.Body.Steps {
		step := &out.Body.Steps[i]
		step.LatestAt = instant(latest[step.ID].At)
	}
	return out, err
}
