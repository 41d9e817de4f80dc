package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

func (a *API) inboundSources() {
	const tag = "Inbound"
	add(a, operation{
		"list-inbound-sources", http.MethodGet, "/inbound-sources", tag,
		"The systems that may start documents, what came of them, and how those are read that we ask ourselves", 0,
	}, a.listInboundSources)
	add(a, operation{
		"read-inbound-source", http.MethodPost, "/inbound-sources/{source}/readings", tag,
		"Have a source read now that we ask ourselves, beside its schedule", http.StatusAccepted,
	}, a.readInboundSource)
}

// InboundSource is a system that may start documents.
type InboundSource struct {
	ID       string          `json:"id"`
	Title    string          `json:"title,omitempty"`
	Kind     string          `json:"kind"`
	Account  string          `json:"account" doc:"In whose name it enters documents"`
	Entities []string        `json:"entities" nullable:"false" doc:"None: every one"`
	Messages InboundCounts   `json:"messages"`
	Reading  *InboundReading `json:"reading,omitempty" doc:"Of a source that we ask ourselves"`
}

// InboundCounts is what came from a source.
type InboundCounts struct {
	Received  int        `json:"received" doc:"Waits to be made a document, however old"`
	Refused   int        `json:"refused" doc:"Waits for a person, however old"`
	Submitted int        `json:"submitted" doc:"Of the last 30 days"`
	Ignored   int        `json:"ignored" doc:"Of the last 30 days"`
	NewestAt  *time.Time `json:"newest_at,omitempty"`
}

// InboundReading is how a source is read.
type InboundReading struct {
	Schedule string        `json:"schedule" doc:"How often: a duration, or cron"`
	ReadAt   *time.Time    `json:"read_at,omitempty" doc:"When it was last asked"`
	TookAt   *time.Time    `json:"took_at,omitempty" doc:"When something new last came"`
	Files    int           `json:"files" doc:"That came then"`
	Items    int           `json:"items"`
	Failure  *problem.Item `json:"failure,omitempty" doc:"Why the last reading failed, in the caller's language"`
	NextAt   *time.Time    `json:"next_at,omitempty" doc:"None where Temporal does not say"`
	Paused   bool          `json:"paused,omitempty"`
	AskedBy  string        `json:"asked_by,omitempty" doc:"Who last had it read beside its schedule"`
	AskedAt  *time.Time    `json:"asked_at,omitempty"`
}

func inboundSourceOf(ctx context.Context, s desk.ReadSource) InboundSource {
	out := InboundSource{ID: s.ID, Title: s.Title, Kind: s.Kind, Account: s.Account, Entities: s.Entities,
		Messages: InboundCounts{s.Count.Received, s.Count.Refused, s.Count.Submitted, s.Count.Ignored,
			instant(s.Count.NewestAt)}}
	if out.Entities == nil {
		out.Entities = []string{}
	}
	if !s.Asks() {
		return out
	}
	out.Reading = &InboundReading{Schedule: s.When, ReadAt: instant(s.ReadAt), TookAt: instant(s.TookAt), Files: s.Files,
		Items: s.Items, NextAt: instant(s.Next), Paused: s.Paused, AskedBy: s.Asked.Person, AskedAt: instant(s.Asked.AskedAt)}
	if f := s.Failure(); f != nil {
		p := problem.Of(ctx, f)
		out.Reading.Failure = &problem.Item{Code: p.Code, Detail: p.Detail}
	}
	return out
}

// InboundSourcesOutput is every source.
type InboundSourcesOutput struct{ Body List[InboundSource] }

// listInboundSources handles GET /inbound-sources.
func (a *API) listInboundSources(ctx context.Context, _ *Asked) (*InboundSourcesOutput, error) {
	who, _ := auth.Of(ctx)
	all, err := a.desk.InboundSources(ctx, who)
	if err != nil {
		return nil, err
	}
	return &InboundSourcesOutput{Body: listOf(all, "", nil, func(s desk.ReadSource) InboundSource {
		return inboundSourceOf(ctx, s)
	})}, nil
}

// ReadInboundSourceInput asks for a reading.
type ReadInboundSourceInput struct {
	Keyed
	Source string `path:"source" maxLength:"64"`
}

// ReadInboundSourceOutput says whether it is over.
type ReadInboundSourceOutput struct {
	Body struct {
		Over bool `json:"over" doc:"It came to its end meanwhile"`
	}
}

// readInboundSource handles POST /inbound-sources/{source}/readings.
func (a *API) readInboundSource(ctx context.Context, in *ReadInboundSourceInput) (*ReadInboundSourceOutput, error) {
	who, _ := auth.Of(ctx)
	var out ReadInboundSourceOutput
	var err error
	out.Body.Over, err = a.desk.ReadInbound(ctx, who, in.Source,
		keyOf("read-inbound-source", in.IdempotencyKey, in.Source, nil))
	if err != nil {
		return nil, err
	}
	return &out, nil
}
