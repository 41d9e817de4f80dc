package desk

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{
	"webhook.bad_since": {Kind: fault.Invalid},
	"webhook.unknown":   {Kind: fault.Invalid},
})

// Endpoint is another system that is told of events, as people know it, and how it stands.
type Endpoint struct {
	webhook.Subscription
	store.Endpoint
	Title string
	Host  string // where it is, without what may be secret
}

// Named makes what people know of an endpoint from its address.
func (e Endpoint) Named(title, address string) Endpoint {
	e.Title = cmp.Or(title, e.Subscription.ID)
	if at, err := url.Parse(address); err == nil {
		e.Host = at.Host
	}
	return e
}

// Endpoints lists the systems that are told of events, for who runs the house: they are
// told of every company.
//
// Errors: Forbidden access.denied.
func (d *Desk) Endpoints(ctx context.Context, who auth.Who) ([]Endpoint, error) {
	if err := need(who, access.WebhookRead, access.Object{}); err != nil {
		return nil, err
	}
	stands, err := d.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var all []Endpoint
	for _, known := range d.Webhooks {
		at := slices.IndexFunc(stands, func(s store.Endpoint) bool { return s.ID == known.Subscription.ID })
		known.Endpoint = store.Endpoint{ID: known.Subscription.ID, State: store.EndpointActive} // until the relay looked
		if at >= 0 {
			known.Endpoint = stands[at]
		}
		all = append(all, known)
	}
	return all, nil
}

// Endpoint is one of them.
//
// Errors: Forbidden access.denied; NotFound webhook.no_endpoint.
func (d *Desk) Endpoint(ctx context.Context, who auth.Who, id string) (Endpoint, error) {
	all, err := d.Endpoints(ctx, who)
	if err != nil {
		return Endpoint{}, err
	}
	at := slices.IndexFunc(all, func(e Endpoint) bool { return e.Subscription.ID == id })
	if at < 0 {
		return Endpoint{}, fault.New(fault.NotFound, "webhook.no_endpoint")
	}
	return all[at], nil
}

// WebhookMessages lists messages to an endpoint, the newest first.
//
// Errors: as Endpoint; Invalid cursor.bad.
func (d *Desk) WebhookMessages(ctx context.Context, who auth.Who, f store.WebhookFilter) (
	store.Page[store.WebhookMessage], error) {
	if _, err := d.Endpoint(ctx, who, f.Endpoint); err != nil {
		return store.Page[store.WebhookMessage]{}, err
	}
	return d.Store.Webhooks(ctx, f)
}

// WebhookMessage is one message, and its body where the reader may know of its document.
//
// Errors: as Endpoint; NotFound webhook.no_message.
func (d *Desk) WebhookMessage(ctx context.Context, who auth.Who, endpoint string, no int64) (
	store.WebhookMessage, []byte, error) {
	to, err := d.Endpoint(ctx, who, endpoint)
	if err != nil {
		return store.WebhookMessage{}, nil, err
	}
	m, err := d.Store.WebhookMessage(ctx, endpoint, no)
	if err != nil {
		return m, nil, err
	}
	if m.Kind == webhook.Tested {
		body, err := to.Test(m.No, m.MadeAt, d.PublicURL)
		return m, body.Body, err
	}
	if _, err := d.Document(ctx, who, m.Document.ID); err != nil {
		return m, nil, nil //nolint:nilerr // they may know that it was sent, and not what
	}
	body, err := to.Of(m.Event, m.Document, m.No, d.PublicURL)
	return m, body.Body, err
}

// EndpointRuling is what somebody does with an endpoint.
type EndpointRuling string

// The rulings on an endpoint.
const (
	PauseEndpoint  EndpointRuling = "pause"  // nothing is sent until somebody says so; what happens waits
	ResumeEndpoint EndpointRuling = "resume" // from where it stood
	TestEndpoint   EndpointRuling = "test"   // a message that means nothing
	ReplayEndpoint EndpointRuling = "replay" // all that it was told since an instant, again
)

// RuleEndpoint carries out what somebody says of an endpoint, and says how many messages
// a replay brings.
//
// Errors: as Endpoint; Invalid webhook.bad_since, webhook.unknown.
func (d *Desk) RuleEndpoint(ctx context.Context, who auth.Who, id string, ruling EndpointRuling, since time.Time) (
	int, error) {
	if err := need(who, access.WebhookManage, access.Object{}); err != nil {
		return 0, err
	}
	if _, err := d.Endpoint(ctx, who, id); err != nil {
		return 0, err
	}
	by := who.Person.ID
	switch ruling {
	case PauseEndpoint:
		return 0, d.Store.PauseWebhook(ctx, id, by)
	case ResumeEndpoint:
		return 0, d.Store.ResumeWebhook(ctx, id, by)
	case TestEndpoint:
		return 1, d.Store.TestWebhook(ctx, id, by)
	case ReplayEndpoint:
		if since.IsZero() || since.After(d.now()) {
			return 0, fault.New(fault.Invalid, "webhook.bad_since", fault.Field("since"))
		}
		return d.Store.ReplayWebhooks(ctx, id, since, by)
	}
	return 0, fault.New(fault.Invalid, "webhook.unknown", fault.Field("do"))
}

// MessageRuling is what somebody does with one message.
type MessageRuling string

// The rulings on a message.
const (
	ResendMessage MessageRuling = "resend" // before all that waits
	SkipMessage   MessageRuling = "skip"   // so that those after it go on
)

// RuleWebhook has a message sent again, or left out.
//
// Errors: as Endpoint; NotFound webhook.no_message; Conflict webhook.not_so; Invalid
// webhook.unknown.
func (d *Desk) RuleWebhook(ctx context.Context, who auth.Who, endpoint string, no int64, ruling MessageRuling) error {
	if err := need(who, access.WebhookManage, access.Object{}); err != nil {
		return err
	}
	if _, err := d.Endpoint(ctx, who, endpoint); err != nil {
		return err
	}
	states := map[MessageRuling]string{ResendMessage: store.MessageWaiting, SkipMessage: store.MessageSkipped}
	state, known := states[ruling]
	if !known {
		return fault.New(fault.Invalid, "webhook.unknown", fault.Field("do"))
	}
	return d.Store.RuleWebhook(ctx, endpoint, no, state, who.Person.ID)
}
