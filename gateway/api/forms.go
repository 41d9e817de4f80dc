package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// forms are what helps to write a document.
func (a *API) forms() {
	const tag = "Documents"
	add(a, operation{
		"check-content", http.MethodPost, "/check", tag,
		"What a submission would say of a content now: faults, limits, what is open of its advance, what was used before", 0,
	}, a.checkContent)
	add(a, operation{
		"find-reuse", http.MethodGet, "/reuse", tag,
		"Where invoices and files were used before; a document one may not know of is not named", 0,
	}, a.findReuse)
	add(a, operation{
		"read-invoice", http.MethodGet, "/attachments/{id}/invoice", "Attachments",
		"What the QR code or the XML of an invoice says; nothing is checked with anybody", 0,
	}, a.readInvoice)
	add(a, operation{"list-templates", http.MethodGet, "/templates", tag, "One's own templates", 0}, a.listTemplates)
	add(a, operation{
		"save-template", http.MethodPost, "/templates", tag,
		"Keep a content under a name; dates, invoices and files are left out", 201,
	}, a.saveTemplate)
	add(a, operation{"delete-template", http.MethodDelete, "/templates/{id}", tag, "Forget a template", 204},
		a.deleteTemplate)
}

// AssessInput is a content to be looked over.
type AssessInput struct {
	Asked
	Document string `query:"document" maxLength:"64" doc:"Whose content it would become: it is not held against itself"`
	Body     desk.Form
}

// AssessOutput is what can be said of a content.
type AssessOutput struct{ Body Assessment }

// Assessment is what can be said of a content while it is being written.
type Assessment struct {
	Faults  []problem.Item   `json:"faults" nullable:"false" doc:"For which a submission would be refused now"`
	Limits  []LineLimit      `json:"limits" nullable:"false" doc:"Of the lines whose category has a standard"`
	Total   *desk.Money      `json:"total,omitempty"`
	Advance *AssessedAdvance `json:"advance,omitempty"`
	Reused  []Reuse          `json:"reused" nullable:"false" doc:"Warnings, for which nothing is refused"`
}

// LineLimit is what a line may cost.
type LineLimit struct {
	Line int `json:"line" doc:"From 1"`
	LineStandard
}

// AssessedAdvance is the advance that a content names.
type AssessedAdvance struct {
	Number string      `json:"number"`
	Open   *desk.Money `json:"open" doc:"What is open of it without this document"`
}

// Reuse is an invoice or a file that was used before.
type Reuse struct {
	Field       string     `json:"field,omitempty" doc:"Where the content names it"`
	Invoice     string     `json:"invoice,omitempty"`
	SHA256      string     `json:"sha256,omitempty"`
	Twin        string     `json:"twin,omitempty" doc:"Where the same content names it already"`
	Document    string     `json:"document,omitempty" doc:"Where it was used; left out where one may not know of it"`
	Number      string     `json:"number,omitempty"`
	Title       string     `json:"title,omitempty"`
	SubmittedAt *time.Time `json:"submitted_at,omitempty"`
}

func reuseOf(r store.Reuse) Reuse {
	return Reuse{
		Invoice: r.Invoice, SHA256: r.Hash, Document: r.Document, Number: r.Number, Title: r.Title,
		SubmittedAt: instant(r.At),
	}
}

// checkContent handles POST /check.
func (a *API) checkContent(ctx context.Context, in *AssessInput) (*AssessOutput, error) {
	who, _ := auth.Of(ctx)
	content, err := in.Body.Content()
	unread, _ := fault.As(err)
	if err != nil && unread == nil {
		return nil, err
	}
	found, err := a.desk.Assess(ctx, who, content, in.Document)
	if err != nil {
		return nil, err
	}
	out := &AssessOutput{Body: Assessment{Faults: []problem.Item{}, Limits: []LineLimit{}, Reused: []Reuse{}}}
	if unread != nil {
		found.Faults = append(append([]*fault.Fault{unread}, unread.More...), found.Faults...)
	}
	for _, f := range found.Faults {
		out.Body.Faults = append(out.Body.Faults,
			problem.Item{Code: f.Code, Field: f.Field, Detail: problem.Text(ctx, f), Args: f.Args})
	}
	for i, limit := range found.Limits {
		if limit != nil {
			out.Body.Limits = append(out.Body.Limits,
				LineLimit{i + 1, LineStandard{desk.MoneyOf(limit.Limit), desk.MoneyOf(limit.Over)}})
		}
	}
	out.Body.Total = desk.MoneyOf(found.Total)
	if found.Advance != nil {
		out.Body.Advance = &AssessedAdvance{found.Advance.Number, desk.MoneyOf(found.Advance.Open)}
	}
	for _, r := range found.Reused {
		out.Body.Reused = append(out.Body.Reused, placed(r))
	}
	return out, nil
}

// placed is a reuse with where the content names it.
func placed(r desk.Reuse) Reuse {
	out := reuseOf(r.Of)
	out.Field, out.Invoice, out.SHA256 = r.Place.Field(), r.Place.Invoice, r.Place.File.SHA256
	if r.Twin != nil {
		out.Twin = r.Twin.Field()
	}
	return out
}

// ReuseInput names invoices and files.
type ReuseInput struct {
	Asked
	Invoice []string `query:"invoice" maxItems:"50" nullable:"false" doc:"Invoice numbers"`
	SHA256  []string `query:"sha256" maxItems:"50" nullable:"false" doc:"Hashes of files, in lower hex"`
}

// ReuseOutput is where they were used.
type ReuseOutput struct{ Body List[Reuse] }

// findReuse handles GET /reuse.
func (a *API) findReuse(ctx context.Context, in *ReuseInput) (*ReuseOutput, error) {
	who, _ := auth.Of(ctx)
	found, err := a.desk.Reused(ctx, who, in.Invoice, in.SHA256)
	if err != nil {
		return nil, err
	}
	return &ReuseOutput{Body: listOf(found, "", nil, reuseOf)}, nil
}

// InvoiceOutput is what a file says of an invoice.
type InvoiceOutput struct{ Body Invoice }

// Invoice is what was read out of a file. What it does not say is left out.
type Invoice struct {
	Reading   string      `json:"reading,omitempty" doc:"read, not_found, or not_looked: that kind is not looked into"`
	Kind      string      `json:"kind,omitempty" doc:"As the QR code names it: 01, 04, 10, 31, 32, 51, …"`
	Code      string      `json:"code,omitempty"`
	Number    string      `json:"number,omitempty"`
	Reference string      `json:"reference,omitempty" doc:"For a line: the number, behind its code if any"`
	Date      string      `json:"date,omitempty"`
	Seller    string      `json:"seller,omitempty"`
	Gross     *desk.Money `json:"gross,omitempty"`
	Net       *desk.Money `json:"net,omitempty"`
	Tax       *desk.Money `json:"tax,omitempty"`
}

// readInvoice handles GET /attachments/{id}/invoice.
func (a *API) readInvoice(ctx context.Context, in *DocumentInput) (*InvoiceOutput, error) {
	who, _ := auth.Of(ctx)
	found, reading, err := a.desk.ReadInvoice(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &InvoiceOutput{Body: Invoice{
		Reading: string(reading), Kind: found.Kind, Code: found.Code, Number: found.Number, Reference: found.Reference(),
		Date: found.Date, Seller: found.Seller, Gross: desk.MoneyOf(found.Gross), Net: desk.MoneyOf(found.Net),
		Tax: desk.MoneyOf(found.Tax),
	}}, nil
}

// Template is a content that one fills in again and again.
type Template struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	SavedAt *time.Time `json:"saved_at,omitempty"`
	Content desk.Form  `json:"content"`
}

func templateOf(t store.Template) Template {
	return Template{ID: t.ID, Name: t.Name, SavedAt: instant(t.SavedAt), Content: desk.FormOf(t.Content)}
}

// TemplatesOutput is one's own templates.
type TemplatesOutput struct{ Body List[Template] }

// listTemplates handles GET /templates.
func (a *API) listTemplates(ctx context.Context, _ *MeInput) (*TemplatesOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.Templates(ctx, who)
	if err != nil {
		return nil, err
	}
	return &TemplatesOutput{Body: listOf(list, "", nil, templateOf)}, nil
}

// TemplateInput is a template to be kept.
type TemplateInput struct {
	Keyed
	Body TemplateBody
}

// TemplateBody is a template to be kept.
type TemplateBody struct {
	Name    string    `json:"name" maxLength:"80" doc:"One of this name is replaced"`
	Content desk.Form `json:"content"`
}

// TemplateOutput is a template that was just kept.
type TemplateOutput struct{ Body Template }

// saveTemplate handles POST /templates.
func (a *API) saveTemplate(ctx context.Context, in *TemplateInput) (*TemplateOutput, error) {
	who, _ := auth.Of(ctx)
	content, err := in.Body.Content.Content()
	if err != nil {
		return nil, under("content", err)
	}
	kept, err := a.desk.SaveTemplate(ctx, who, in.Body.Name, content)
	if err != nil {
		return nil, err
	}
	return &TemplateOutput{Body: templateOf(kept)}, nil
}

// deleteTemplate handles DELETE /templates/{id}.
func (a *API) deleteTemplate(ctx context.Context, in *KeyedDocumentInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.DeleteTemplate(ctx, who, in.ID)
}
