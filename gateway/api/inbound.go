package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

func (a *API) inbound() {
	const tag = "Inbound"
	add(a, operation{
		"send-inbound", http.MethodPost, "/inbound/{source}", tag,
		"Start a document from another system: its own JSON, read by the source's mapping. The same thing again is the " +
			"same document. For a token of the source's account, with the scope inbound:send or inbound:send@<source>", 202,
	}, a.sendInbound)
	add(a, operation{
		"read-inbound", http.MethodGet, "/inbound/{source}", tag,
		"What became of what a source sent under a name, where the name holds a slash", 0,
	}, a.readInboundNamed)
	add(a, operation{
		"read-inbound-named", http.MethodGet, "/inbound/{source}/{reference}", tag,
		"What became of what a source sent under a name: state, document, status, voucher", 0,
	}, a.readInbound)
	add(a, operation{
		"list-inbound-messages", http.MethodGet, "/inbound-messages", tag,
		"What other systems sent, the newest first", 0,
	}, a.listInbound)
	add(a, operation{
		"rule-inbound-message", http.MethodPost, "/inbound-messages/{id}/ruling", tag,
		"Try a refused message again, or leave it for good with a reason", 0,
	}, a.ruleInbound)
}

// InboundMessage is what another system sent, and what became of it.
type InboundMessage struct {
	ID         string           `json:"id"`
	Source     string           `json:"source"`
	Reference  string           `json:"reference" doc:"What it is called over there"`
	State      string           `json:"state" enum:"received,submitted,refused,ignored"`
	Document   *InboundDocument `json:"document,omitempty" doc:"Where it became one"`
	Refusal    *problem.Item    `json:"refusal,omitempty" doc:"Why it was refused, in the caller's language"`
	Also       []problem.Item   `json:"also,omitempty" doc:"Whatever else is wrong"`
	ReceivedAt *time.Time       `json:"received_at"`
	SettledAt  *time.Time       `json:"settled_at,omitempty"`
	ChangedAt  *time.Time       `json:"changed_at,omitempty" doc:"When something else last came under that name"`
}

// InboundDocument is the document of a message, as far as its source is told.
type InboundDocument struct {
	ID      string `json:"id"`
	Number  string `json:"number"`
	Status  string `json:"status"`
	Voucher string `json:"voucher,omitempty" doc:"Its number in the books"`
}

func inboundOf(ctx context.Context, m store.Inbound) InboundMessage {
	out := InboundMessage{
		ID: m.ID, Source: m.Origin.Source, Reference: m.Origin.Reference, State: m.State,
		ReceivedAt: instant(m.ReceivedAt), SettledAt: instant(m.SettledAt), ChangedAt: instant(m.ChangedAt),
	}
	if m.Document != "" {
		out.Document = &InboundDocument{m.Document, m.Number, string(m.Status), m.Voucher}
	}
	if m.Fault != nil && m.State == store.InboundRefused {
		p := problem.Of(ctx, m.Fault)
		out.Refusal, out.Also = &problem.Item{Code: p.Code, Field: p.Field, Detail: p.Detail}, p.Errors
	}
	return out
}

// SendInboundInput is what a source sends: JSON of its own shape.
type SendInboundInput struct {
	Asked
	Source  string         `path:"source" maxLength:"64"`
	Body    map[string]any `doc:"As the source writes it"`
	RawBody []byte         // what is kept and read
}

// InboundOutput is one message.
type InboundOutput struct{ Body InboundMessage }

// sendInbound handles POST /inbound/{source}.
func (a *API) sendInbound(ctx context.Context, in *SendInboundInput) (*InboundOutput, error) {
	who, _ := auth.Of(ctx)
	source, err := a.desk.InboundFrom(who, in.Source)
	if err != nil {
		return nil, err
	}
	row, err := a.desk.ReceiveInbound(ctx, source, in.RawBody, true)
	if err != nil {
		return nil, err
	}
	return &InboundOutput{Body: inboundOf(ctx, row)}, nil
}

// ReadInboundInput names what a source sent.
type ReadInboundInput struct {
	Asked
	Source    string `path:"source" maxLength:"64"`
	Reference string `path:"reference" maxLength:"400"`
}

// readInbound handles GET /inbound/{source}/{reference}.
func (a *API) readInbound(ctx context.Context, in *ReadInboundInput) (*InboundOutput, error) {
	return a.inboundNamed(ctx, in.Source, in.Reference)
}

// NamedInboundInput names it in the query.
type NamedInboundInput struct {
	Asked
	Source    string `path:"source" maxLength:"64"`
	Reference string `query:"reference" required:"true" maxLength:"400"`
}

// readInboundNamed handles GET /inbound/{source}.
func (a *API) readInboundNamed(ctx context.Context, in *NamedInboundInput) (*InboundOutput, error) {
	return a.inboundNamed(ctx, in.Source, in.Reference)
}

func (a *API) inboundNamed(ctx context.Context, source, reference string) (*InboundOutput, error) {
	who, _ := auth.Of(ctx)
	row, err := a.desk.InboundState(ctx, who, source, reference)
	if err != nil {
		return nil, err
	}
	return &InboundOutput{Body: inboundOf(ctx, row)}, nil
}

// ListInboundInput narrows the list of messages.
type ListInboundInput struct {
	Paged
	Source string `query:"source" maxLength:"64"`
	State  string `query:"state" enum:"received,submitted,refused,ignored"`
}

// InboundsOutput is a page of messages.
type InboundsOutput struct{ Body List[InboundMessage] }

// listInbound handles GET /inbound-messages.
func (a *API) listInbound(ctx context.Context, in *ListInboundInput) (*InboundsOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.InboundMessages(ctx, who, store.InboundFilter{
		Source: in.Source, State: in.State, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return &InboundsOutput{Body: listOf(page.Items, page.Next, nil, func(m store.Inbound) InboundMessage {
		return inboundOf(ctx, m)
	})}, nil
}

// RuleInboundInput is what somebody says of a refused message.
type RuleInboundInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Ruling string `json:"ruling" enum:"again,leave"`
		Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Needed to leave it"`
	}
}

// ruleInbound handles POST /inbound-messages/{id}/ruling.
func (a *API) ruleInbound(ctx context.Context, in *RuleInboundInput) (*InboundOutput, error) {
	who, _ := auth.Of(ctx)
	row, err := a.desk.RuleInbound(ctx, who, desk.InboundRuling(in.ID, in.Body.Ruling, in.Body.Reason))
	if err != nil {
		return nil, err
	}
	return &InboundOutput{Body: inboundOf(ctx, row)}, nil
}
