package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) audit() {
	const tag = "Audit"
	add(a, operation{"search-record", http.MethodGet, "/audit/events", tag, "What happened, the newest first", 0},
		a.searchRecord)
	export := operation{
		"export-record", http.MethodGet, "/audit/export", tag,
		"What a search finds as a file, CSV or JSON Lines; at most 50,000 events", 0,
	}.huma()
	file := stream("Events", desk.FormatLines)
	file.Content[desk.FormatCSV] = file.Content[desk.FormatLines]
	export.Responses = map[string]*huma.Response{"200": file}
	huma.Register(a.huma, export, a.exportRecord)
	add(a, operation{
		"list-checkpoints", http.MethodGet, "/audit/checkpoints", tag,
		"The newest signed statements of where the chains end", 0,
	},
		a.listCheckpoints)
}

// RecordSearch is what is asked of the record.
type RecordSearch struct {
	Asked
	Person string `query:"person" maxLength:"100" doc:"Who did it, or for whom: account, address or whole name"`
	Kind   string `query:"kind" maxLength:"60" doc:"Of event, such as task.approved, or a group of the search page"`
	Number string `query:"number" maxLength:"100" doc:"Of the document"`
	Type   string `query:"type" maxLength:"64" doc:"Of the document"`
	Entity string `query:"entity" maxLength:"64" doc:"Of the document"`
	Cause  string `query:"cause" maxLength:"200" doc:"The id of an act, or another cause"`
	Stream string `query:"stream" maxLength:"200" doc:"A document's id, or such as policy:expense"`

	From time.Time `query:"from" doc:"From this instant"`
	To   time.Time `query:"to" doc:"Before this instant"`
}

func (s RecordSearch) desk() desk.RecordSearch {
	return desk.RecordSearch{Kind: s.Kind, RecordFilter: store.RecordFilter{
		Person: s.Person, Number: s.Number, Type: s.Type, Entity: s.Entity, Cause: s.Cause, Stream: s.Stream,
		From: s.From, To: s.To,
	}}
}

// RecordInput is a search, page by page.
type RecordInput struct {
	RecordSearch
	Cursor string `query:"cursor" maxLength:"500" doc:"The next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"Items a page, 20 where left out"`
}

// RecordedEvent is an event, and the document it is about.
type RecordedEvent struct {
	Event    Event  `json:"event" doc:"As it was hashed"`
	Document string `json:"document,omitempty"`
	Number   string `json:"number,omitempty"`
	Title    string `json:"title,omitempty"`
	Type     string `json:"type,omitempty"`
	Entity   string `json:"entity,omitempty"`
}

// RecordOutput is a page of what happened.
type RecordOutput struct{ Body List[RecordedEvent] }

// searchRecord handles GET /audit/events.
func (a *API) searchRecord(ctx context.Context, in *RecordInput) (*RecordOutput, error) {
	who, _ := auth.Of(ctx)
	search := in.desk()
	search.Cursor, search.Limit = in.Cursor, in.Limit
	page, err := a.desk.SearchRecord(ctx, who, search)
	if err != nil {
		return nil, err
	}
	each := func(e store.RecordedEvent) RecordedEvent {
		return RecordedEvent{eventOf(e.Event), e.Document, e.Number, e.Title, e.Type, e.Entity}
	}
	return &RecordOutput{Body: listOf(page.Items, page.Next, nil, each)}, nil
}

// RecordExportInput is a search whose findings are wanted as a file.
type RecordExportInput struct {
	RecordSearch
	Format string `query:"format" enum:"csv,jsonl" default:"jsonl"`
}

// exportRecord handles GET /audit/export. The first page is read before anything is
// answered, so that a refusal is a problem and not a broken file.
func (a *API) exportRecord(ctx context.Context, in *RecordExportInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	search := in.desk()
	search.Limit = 1
	if _, err := a.desk.SearchRecord(ctx, who, search); err != nil {
		return nil, err
	}
	write, media := desk.WriteRecordLines, desk.FormatLines
	if in.Format == "csv" {
		write, media = desk.WriteRecordCSV, desk.FormatCSV
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", media)
		out.SetHeader("Content-Disposition", `attachment; filename="audit.`+in.Format+`"`)
		err := write(out.BodyWriter(), func(each func([]store.RecordedEvent) error) error {
			return a.desk.ExportRecord(ctx, who, search, each)
		})
		if err != nil { // a file that ends early must not look whole
			slog.ErrorContext(ctx, "record not exported", "error", err)
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// Checkpoint is a signed statement of where the chains end.
type Checkpoint struct {
	N           int64     `json:"n"`
	At          time.Time `json:"at"`
	Predecessor string    `json:"predecessor,omitempty" doc:"Hash of the one before"`
	Hash        string    `json:"hash"`
	KeyID       string    `json:"key_id"`
	Signature   string    `json:"signature" doc:"Ed25519, base64"`
}

// CheckpointsOutput are the newest checkpoints.
type CheckpointsOutput struct{ Body List[Checkpoint] }

// listCheckpoints handles GET /audit/checkpoints.
func (a *API) listCheckpoints(ctx context.Context, _ *MeInput) (*CheckpointsOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.Checkpoints(ctx, who)
	if err != nil {
		return nil, err
	}
	each := func(c store.Checkpoint) Checkpoint {
		return Checkpoint{c.N, c.At, c.Predecessor, c.Hash, c.Signature.KeyID, c.Signature.Value}
	}
	return &CheckpointsOutput{Body: listOf(list, "", nil, each)}, nil
}
