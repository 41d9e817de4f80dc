package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

func (a *API) imports() {
	const tag = "Imports"
	create := operation{
		"create-import", http.MethodPost, "/imports", tag,
		"Submit many documents in the background", 202,
	}.huma()
	rows := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	create.RequestBody = &huma.RequestBody{
		Required:    true,
		Description: "One document a line; a row's key never becomes two documents",
		Content:     map[string]*huma.MediaType{desk.FormatLines: rows, desk.FormatCSV: rows},
	}
	huma.Register(a.huma, create, a.createImport)
	add(a, operation{
		"read-import", http.MethodGet, "/imports/{id}", tag,
		"How far an import is, and which rows were refused", 0,
	},
		a.readImport)
}

// ImportInput is a stream of rows; it is read as it comes.
type ImportInput struct {
	Keyed
	ContentType string `header:"Content-Type"`
	body        io.Reader
}

// Resolve takes the body before huma would read it whole.
func (in *ImportInput) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

// Import is how far an import is.
type Import struct {
	ID         string       `json:"id"`
	State      string       `json:"state" enum:"running,done"`
	Total      int          `json:"total" doc:"Rows"`
	Done       int          `json:"done" doc:"Rows that became documents"`
	Failed     int          `json:"failed" doc:"Rows that were refused"`
	CreatedAt  *time.Time   `json:"created_at,omitempty"`
	FinishedAt *time.Time   `json:"finished_at,omitempty"`
	Refused    []RefusedRow `json:"refused,omitempty"`
	After      int          `json:"after,omitempty" doc:"Go on with ?after= this; none at the end"`
}

// RefusedRow is a row that did not become a document.
type RefusedRow struct {
	Row    int            `json:"row" doc:"From 1: the line of JSON Lines, the document of a table"`
	Code   string         `json:"code"`
	Field  string         `json:"field,omitempty"`
	Detail string         `json:"detail" doc:"In the caller's language"`
	Errors []problem.Item `json:"errors,omitempty" doc:"Each single error, where there are several"`
}

// CreatedImportOutput is an import that was just taken.
type CreatedImportOutput struct {
	Location string `header:"Location"`
	Body     Import
}

// createImport handles POST /imports.
func (a *API) createImport(ctx context.Context, in *ImportInput) (*CreatedImportOutput, error) {
	who, _ := auth.Of(ctx)
	media, _, err := mime.ParseMediaType(in.ContentType)
	if err != nil || media != desk.FormatLines && media != desk.FormatCSV {
		return nil, fault.New(fault.Invalid, "request.unsupported_media")
	}
	taken, err := a.desk.Import(ctx, who, media, in.body, desk.Key{Route: "create-import", Key: in.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return &CreatedImportOutput{Location: Base + "/imports/" + taken.ID, Body: importOf(taken)}, nil
}

func importOf(i store.Import) Import {
	out := Import{
		ID: i.ID, State: "running", Total: i.Total, Done: i.Done, Failed: i.Failed,
		CreatedAt: instant(i.CreatedAt), FinishedAt: instant(i.FinishedAt),
	}
	if !i.FinishedAt.IsZero() {
		out.State = "done"
	}
	return out
}

// ReadImportInput names an import.
type ReadImportInput struct {
	Asked
	ID    string `path:"id" maxLength:"64"`
	After int    `query:"after" minimum:"0" doc:"Refused rows after this one"`
}

// ImportOutput is how far an import is.
type ImportOutput struct{ Body Import }

// readImport handles GET /imports/{id}.
func (a *API) readImport(ctx context.Context, in *ReadImportInput) (*ImportOutput, error) {
	who, _ := auth.Of(ctx)
	state, err := a.desk.ImportState(ctx, who, in.ID, in.After)
	if err != nil {
		return nil, err
	}
	out := importOf(state.Import)
	out.After = state.After
	for _, row := range state.Refused {
		p := problem.Of(ctx, row.Fault)
		out.Refused = append(out.Refused, RefusedRow{row.N, p.Code, p.Field, p.Detail, p.Errors})
	}
	return &ImportOutput{Body: out}, nil
}
