package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) webhooks() {
	const tag = "Webhooks"
	add(a, operation{"list-webhooks", http.MethodGet, "/webhooks", tag,
		"The systems that are told of events, and how each stands", 0}, a.listWebhooks)
	add(a, operation{"rule-webhook", http.MethodPost, "/webhooks/{endpoint}", tag,
		"Pause a system, have it go on, test it, or tell it again what it was told since an instant", 0}, a.ruleEndpoint)
	add(a, operation{"list-webhook-messages", http.MethodGet, "/webhooks/{endpoint}/messages", tag,
		"What a system was and will be told, the newest first", 0}, a.listWebhookMessages)
	add(a, operation{"rule-webhook-message", http.MethodPost, "/webhooks/{endpoint}/messages/{no}", tag,
		"Send a message again, or leave it out", 0}, a.ruleMessage)
}

// Webhook is another system that is told of events.
type Webhook struct {
	ID           string     `json:"id"`
	Title        string     `json:"title"`
	Host         string     `json:"host"`
	Events       []string   `json:"events" nullable:"false" doc:"None: the ordinary ones"`
	Types        []string   `json:"types" nullable:"false" doc:"None: all"`
	Entities     []string   `json:"entities" nullable:"false" doc:"None: all"`
	State        string     `json:"state" enum:"active,paused,disabled"`
	Why          string     `json:"why,omitempty" doc:"Of a disabled one: failing, gone"`
	ChangedBy    string     `json:"changed_by,omitempty" doc:"Nobody: the house itself"`
	Waiting      int64      `json:"waiting"`
	OldestAt     *time.Time `json:"oldest_at,omitempty" doc:"Of what waits"`
	DeliveredAt  *time.Time `json:"delivered_at,omitempty"`
	FailingSince *time.Time `json:"failing_since,omitempty"`
	NextTry      *time.Time `json:"next_try,omitempty" doc:"Where it fails"`
}

func webhookOf(e desk.Endpoint) Webhook {
	w := Webhook{
		ID: e.Subscription.ID, Title: e.Title, Host: e.Host, Events: some(e.Events),
		Types: some(e.Types), Entities: some(e.Entities),
		State: e.State, Why: e.Why, ChangedBy: e.ChangedBy, Waiting: e.Waiting, OldestAt: instant(e.OldestAt),
		DeliveredAt: instant(e.DeliveredAt), FailingSince: instant(e.FailingSince),
	}
	if e.Tries > 0 {
		w.NextTry = instant(e.NextTry)
	}
	return w
}

func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// WebhooksOutput lists the systems that are told of events.
type WebhooksOutput struct{ Body List[Webhook] }

// listWebhooks handles GET /webhooks.
func (a *API) listWebhooks(ctx context.Context, _ *Asked) (*WebhooksOutput, error) {
	who, _ := auth.Of(ctx)
	all, err := a.desk.Endpoints(ctx, who)
	if err != nil {
		return nil, err
	}
	return &WebhooksOutput{Body: listOf(all, "", nil, webhookOf)}, nil
}

// EndpointRulingInput is what is to become of a system that is told of events.
type EndpointRulingInput struct {
	Asked
	Endpoint string `path:"endpoint" maxLength:"64"`
	Body     struct {
		Do    string    `json:"do" enum:"pause,resume,test,replay"`
		Since time.Time `json:"since,omitempty" doc:"Of a replay: what was made from then on"`
	}
}

// EndpointRulingOutput says how it stands afterwards.
type EndpointRulingOutput struct {
	Body struct {
		Webhook
		Again int `json:"again" doc:"Messages that are sent again, or for a test"`
	}
}

// ruleEndpoint handles POST /webhooks/{endpoint}.
func (a *API) ruleEndpoint(ctx context.Context, in *EndpointRulingInput) (*EndpointRulingOutput, error) {
	who, _ := auth.Of(ctx)
	again, err := a.desk.RuleEndpoint(ctx, who, in.Endpoint, desk.EndpointRuling(in.Body.Do), in.Body.Since)
	if err != nil {
		return nil, err
	}
	e, err := a.desk.Endpoint(ctx, who, in.Endpoint)
	out := &EndpointRulingOutput{}
	out.Body.Webhook, out.Body.Again = webhookOf(e), again
	return out, err
}

// WebhookMessage is one message to a system, and how it went.
type WebhookMessage struct {
	No       int64      `json:"no" doc:"Of the system: 1, 2, 3 …"`
	Kind     string     `json:"kind"`
	Document string     `json:"document,omitempty"`
	Number   string     `json:"number,omitempty" doc:"Of the document"`
	Seq      int64      `json:"seq" doc:"Within the document's record"`
	MadeAt   *time.Time `json:"made_at"`
	State    string     `json:"state" enum:"waiting,delivered,skipped"`
	Tries    int        `json:"tries"`
	TriedAt  *time.Time `json:"tried_at,omitempty"`
	Status   int        `json:"status" doc:"HTTP status of the last answer; 0: none came"`
	Words    string     `json:"words,omitempty" doc:"What the last answer said, or why there was none"`
	TookMS   int64      `json:"took_ms"`
	RuledBy  string     `json:"ruled_by,omitempty" doc:"Who had it sent again, or left it out"`
}

func messageOf(m store.WebhookMessage) WebhookMessage {
	return WebhookMessage{
		No: m.No, Kind: m.Kind, Document: m.Document.ID, Number: m.Document.Number, Seq: m.Event.Seq,
		MadeAt: instant(m.MadeAt), State: m.State, Tries: m.Tries, TriedAt: instant(m.TriedAt), Status: m.Status,
		Words: m.Words, TookMS: m.Took.Milliseconds(), RuledBy: m.RuledBy,
	}
}

// WebhookMessagesInput narrows a list of messages.
type WebhookMessagesInput struct {
	Asked
	Endpoint string `path:"endpoint" maxLength:"64"`
	State    string `query:"state" enum:"waiting,delivered,skipped"`
	Document string `query:"document" maxLength:"64"`
	Cursor   string `query:"cursor" maxLength:"500"`
}

// WebhookMessagesOutput is a page of messages.
type WebhookMessagesOutput struct{ Body List[WebhookMessage] }

// listWebhookMessages handles GET /webhooks/{endpoint}/messages.
func (a *API) listWebhookMessages(ctx context.Context, in *WebhookMessagesInput) (*WebhookMessagesOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.WebhookMessages(ctx, who, store.WebhookFilter{
		Endpoint: in.Endpoint, State: in.State, Document: in.Document, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return &WebhookMessagesOutput{Body: listOf(page.Items, page.Next, nil, messageOf)}, nil
}

// MessageRulingInput is what is to become of a message.
type MessageRulingInput struct {
	Asked
	Endpoint string `path:"endpoint" maxLength:"64"`
	No       int64  `path:"no" minimum:"1"`
	Body     struct {
		Do string `json:"do" enum:"resend,skip"`
	}
}

// MessageRulingOutput is the message afterwards.
type MessageRulingOutput struct{ Body WebhookMessage }

// ruleMessage handles POST /webhooks/{endpoint}/messages/{no}.
func (a *API) ruleMessage(ctx context.Context, in *MessageRulingInput) (*MessageRulingOutput, error) {
	who, _ := auth.Of(ctx)
	if err := a.desk.RuleWebhook(ctx, who, in.Endpoint, in.No, desk.MessageRuling(in.Body.Do)); err != nil {
		return nil, err
	}
	m, _, err := a.desk.WebhookMessage(ctx, who, in.Endpoint, in.No)
	return &MessageRulingOutput{Body: messageOf(m)}, err
}
