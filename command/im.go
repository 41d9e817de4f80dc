package command

import (
	"cmp"
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// openIM opens the messaging apps, in the order of the configuration.
func openIM(c config.Config) ([]im.Port, error) {
	var ports []im.Port
	for _, app := range c.IM.Apps {
		settings, err := app.TLS.Client()
		if err != nil {
			return nil, fmt.Errorf("im.apps %s: tls: %w", app.ID, err)
		}
		port, err := im.Open(im.Config{
			Name: app.ID, Provider: app.Provider, URL: app.URL, Tenant: app.Tenant, App: app.App, Timeout: app.Timeout,
			Secret: im.Secret(app.Secret.Reveal()), Token: im.Secret(app.Token.Reveal()), Key: im.Secret(app.Key.Reveal()),
			Options: app.Options, TLS: settings, Private: app.Private,
		})
		if err != nil {
			return nil, fmt.Errorf("im.apps %s: %w", app.ID, err)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// imCounter counts by app and outcome.
func imCounter(to prometheus.Registerer, name, help string) (func(app, outcome string), error) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"app", "outcome"})
	if err := to.Register(counter); err != nil {
		return nil, err
	}
	return func(app, outcome string) { counter.WithLabelValues(app, outcome).Inc() }, nil
}

// imHooks hears the apps whose presses reach us.
func (p *parts) imHooks(ctx context.Context, counter *desk.Desk, metrics prometheus.Registerer) (*hooks.IM, error) {
	ports, err := openIM(p.config)
	if err != nil {
		return nil, err
	}
	told, err := imCounter(metrics, "countersign_im_presses_total",
		"Callbacks of messaging platforms, by what became of them.")
	if err != nil {
		return nil, err
	}
	heard := &hooks.IM{Desk: counter, Apps: map[string]hooks.App{}, Text: i18n.Shipped().Text, Told: told}
	for i, app := range p.config.IM.Apps {
		if app.Public {
			heard.Apps[app.ID] = hooks.App{Port: ports[i], Channel: app.Provider}
		} else if streamer, ok := ports[i].(im.Streamer); ok {
			go heard.Listen(ctx, app.ID, hooks.App{Port: ports[i], Channel: app.Provider}, streamer)
		}
	}
	return heard, nil
}

// pressable says whether presses of an app reach us, either way.
func pressable(app config.IMApp, port im.Port) bool {
	_, streams := port.(im.Streamer)
	return app.Public || streams
}

// cards shows cards to people with a messaging app, and leaves the rest to the mail;
// nil where there is no app.
func (p *parts) cards(s *store.Store, mail *relay.Mail) (*relay.Cards, error) {
	ports, err := openIM(p.config)
	if err != nil || len(ports) == 0 {
		return nil, err
	}
	told, err := imCounter(prometheus.DefaultRegisterer, "countersign_im_cards_total", "Cards, by what became of them.")
	if err != nil {
		return nil, err
	}
	c := &relay.Cards{Book: s, Mail: mail, Desk: &desk.Desk{Store: s}, Told: told}
	for i, app := range p.config.IM.Apps {
		c.Apps = append(c.Apps, relay.CardApp{Port: ports[i], Public: pressable(app, ports[i]), HideAmounts: app.HideAmounts,
			SyncEvery: app.SyncEvery})
	}
	return c, nil
}

// relayWith runs the relay, and its cards beside it.
func relayWith(ctx context.Context, r *relay.Relay, cards *relay.Cards) error {
	if cards == nil {
		return r.Run(ctx)
	}
	done := make(chan struct{})
	go func() {
		cards.Run(ctx)
		close(done)
	}()
	err := r.Run(ctx)
	<-done
	return err
}

// messengers are the apps as people see them in their settings.
func messengers(c config.Config) []desk.Messenger {
	var all []desk.Messenger
	for _, app := range c.IM.Apps {
		all = append(all, desk.Messenger{ID: app.ID, Title: appTitle(app), SignsIn: app.SignIn})
	}
	return all
}

// signInApps are the apps through which people sign in.
func signInApps(c config.Config) ([]auth.Messenger, error) {
	ports, err := openIM(c)
	if err != nil {
		return nil, err
	}
	var all []auth.Messenger
	for i, app := range c.IM.Apps {
		if way, can := ports[i].(im.SignIn); can && app.SignIn {
			all = append(all, auth.Messenger{App: app.ID, Name: appTitle(app), Platform: app.Provider, Way: way,
				Inside: app.Provider == "wecom"}) // its page knows nobody in another browser
		}
	}
	return all, nil
}

// appTitle is an app's name for people.
func appTitle(app config.IMApp) string {
	return cmp.Or(app.Title, map[string]string{"wecom": "企业微信 WeCom", "dingtalk": "钉钉 DingTalk",
		"feishu": "飞书 Feishu", "slack": "Slack"}[app.Provider])
}
