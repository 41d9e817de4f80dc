package command

import (
	"fmt"

	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// webhooks tells the configured systems of events. Without any it still sorts what was
// recorded while there were some.
func (p *parts) webhooks(s *store.Store) (*relay.Webhooks, error) {
	c := p.config.Webhooks
	w := &relay.Webhooks{
		Book: s, Sender: sending.New(), Addresses: map[string]sending.Endpoint{}, PublicURL: p.config.Gateway.PublicURL,
		GiveUp: c.GiveUp, Keep: c.Keep,
	}
	for _, e := range c.Endpoints {
		w.To = append(w.To, subscriptionOf(e))
		secrets := []sending.Secret{sending.Secret(e.Secret.Reveal())}
		if e.OldSecret.IsSet() {
			secrets = append(secrets, sending.Secret(e.OldSecret.Reveal()))
		}
		settings, err := e.TLS.Client()
		if err != nil {
			return nil, fmt.Errorf("webhooks.endpoints %s: tls: %w", e.ID, err)
		}
		w.Addresses[e.ID] = sending.Endpoint{URL: e.URL, Secrets: secrets, Private: e.Private, TLS: settings}
	}
	return w, nil
}

func subscriptionOf(e config.Webhook) webhook.Subscription {
	return webhook.Subscription{ID: e.ID, Events: e.Events, Types: e.Types, Entities: e.Entities, Account: e.Account,
		Evidence: e.Evidence}
}

// endpointsOf is what people may know of them.
func endpointsOf(c config.Config) []desk.Endpoint {
	var all []desk.Endpoint
	for _, e := range c.Webhooks.Endpoints {
		all = append(all, desk.Endpoint{Subscription: subscriptionOf(e)}.Named(e.Title, e.URL))
	}
	return all
}
