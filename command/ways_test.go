package command

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/mail"
	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/platform/temporal"
)

// to is where a way leads: https and TLS. Inside says that it may lie in a private network.
type to struct {
	host, port string
	inside     bool
	settings   config.TLS
}

func (t to) door() string { return net.JoinHostPort(t.host, t.port) }

func (t to) url() string { return "https://" + t.door() }

// outgoing is one way on which we go out, opened as the configuration opens it.
type outgoing struct {
	name  string
	first before
	call  func(ctx context.Context, t to) error
	// guarded: a name that leads into our own network is refused when the line is made, but for
	// an operator's word. Otherwise allowed is why it may lead there.
	guarded bool
	allowed string
}

const operators = "the operator names it in the configuration, and it mostly lies in the company's own network"

// ways are all of them but SFTP, which knows no TLS.
func ways() []outgoing {
	return append(append(append(told(), stores()...), letterWays()...), vendors()...)
}

func secret(text string) config.Secret { return config.NewSecret(text) }

// house is what a process is made of that has this configuration.
func house(change func(*config.Config)) *parts {
	c := config.Default()
	c.Gateway.PublicURL = "https://cs.example.com"
	change(&c)
	return &parts{config: c}
}

func told() []outgoing {
	directory := func(kind string) func(context.Context, to) error {
		return func(ctx context.Context, t to) error {
			source, err := openDirectory(config.DirectorySource{ID: "d", Kind: kind, URL: t.url(), Private: t.inside, TLS: t.settings})
			if err != nil {
				panic(err)
			}
			_, err = source.List(ctx)
			return err
		}
	}
	return []outgoing{
		{name: "webhooks", guarded: true, call: func(ctx context.Context, t to) error {
			w, err := house(func(c *config.Config) {
				c.Webhooks.Endpoints = []config.Webhook{{ID: "w", URL: t.url(), Private: t.inside, TLS: t.settings,
					Secret: secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}}
			}).webhooks(nil)
			if err != nil {
				panic(err)
			}
			answer := sending.New().Send(ctx, w.Addresses["w"], webhook.Message{ID: "1", Body: json.RawMessage("{}")})
			if answer.Status != 0 {
				return nil
			}
			return errors.New(answer.Words)
		}},
		{name: "a directory's table", guarded: true, call: directory("table")},
		{name: "a directory by SCIM", guarded: true, call: directory("scim")},
		{name: "OpenID Connect", allowed: operators, call: func(ctx context.Context, t to) error {
			c, err := identityConfig(config.Provider{ID: "o", Issuer: t.url(), ClientID: "c", ClientSecret: secret("secret"),
				TLS: t.settings})
			if err != nil {
				panic(err)
			}
			p, err := oidc.Open(c)
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			p.Watch(ctx)
			return p.Ready()
		}},
	}
}

func stores() []outgoing {
	return []outgoing{
		{name: "attachments in S3", allowed: operators, call: func(ctx context.Context, t to) error {
			s, err := openFiles(config.Files{S3: config.S3{Endpoint: t.door(), Bucket: "bucket", Region: "r", AccessKey: secret("a"),
				SecretKey: secret("s"), TLS: true, Certs: t.settings}})
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return s.Check(ctx)
		}},
		{name: "files dropped into S3", allowed: operators, call: func(ctx context.Context, t to) error {
			p, err := openPlace(config.InboundS3, config.InboundFiles{Endpoint: t.door(), Bucket: "bucket", Region: "r",
				AccessKey: secret("a"), SecretKey: secret("s"), TLS: t.settings})
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err = p.List(ctx, drop.Incoming)
			return err
		}},
		{name: "vouchers dropped into S3", allowed: operators, call: func(ctx context.Context, t to) error {
			p, err := openERP(config.Connection{ID: "f", Adapter: "filedrop", URL: "s3://" + t.door() + "/bucket", User: "a",
				Password: secret("s"), Currency: "CNY", PerSecond: 1000, Timeout: time.Second, TLS: t.settings,
				Options: map[string]string{"format": "csv", "region": "r"}}, nil, nil)
			if err != nil {
				panic(err)
			}
			_, err = p.Find(ctx, "v:1:accrual:1")
			return err
		}},
		{name: "a table of another database", first: sslRequest, allowed: operators, call: func(ctx context.Context, t to) error {
			s, err := openTable(config.InboundQuery{URL: secret("postgres://u:secret@" + t.door() + "/d"), Query: "SELECT 1 AS id",
				Key: "id", Watermark: "id", TLS: t.settings})
			if err != nil {
				panic(err)
			}
			_, err = s.Read(ctx, "", func([]byte) error { return nil })
			return err
		}},
		{name: "Temporal", allowed: operators, call: func(ctx context.Context, t to) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			t.settings.Enabled = true
			c, err := house(func(c *config.Config) {
				c.Temporal = config.Temporal{Address: t.door(), Namespace: "n", APIKey: secret("secret"), TLS: t.settings}
			}).temporalConfig(false)
			if err != nil {
				panic(err)
			}
			_, err = temporal.Dial(ctx, c)
			return err
		}},
	}
}

func letterWays() []outgoing {
	var all []outgoing
	for kind, first := range map[string]before{"tls": nil, "starttls": startTLS} {
		all = append(all, outgoing{name: "letters by " + kind, first: first, allowed: operators, call: func(ctx context.Context, t to) error {
			number, _ := strconv.Atoi(t.port)
			sender, err := house(func(c *config.Config) {
				c.Mail = config.Mail{Host: t.host, Port: number, User: "u", Password: secret("secret"), TLS: kind,
					From: "a@example.com", Certs: t.settings}
			}).mailer()
			if err != nil {
				panic(err)
			}
			return sender.Send(ctx, mail.Letter{ID: "1", Address: "b@example.com", Subject: "s", Body: "b"})
		}})
	}
	return all
}

// appOptions are what an app is not opened without.
var appOptions = map[string]map[string]string{"dingtalk": {"template": "card.schema"},
	"slack": {"client_id": "1.2"}}

func vendors() []outgoing {
	var all []outgoing
	for _, provider := range []string{"wecom", "dingtalk", "feishu", "slack"} {
		all = append(all, outgoing{name: provider, allowed: "the operator's own address", call: func(ctx context.Context, t to) error {
			apps, err := openIM(config.Config{IM: config.IM{Apps: []config.IMApp{{ID: provider, Provider: provider, URL: t.url(),
				Tenant: "t", App: "1", Secret: secret("secret"), Token: secret("token"), Key: secret(strings.Repeat("A", 43)),
				Timeout: 5 * time.Second, Options: appOptions[provider], TLS: t.settings}}}})
			if err != nil {
				panic(err)
			}
			_, err = apps[0].People(ctx, "")
			return err
		}})
	}
	for _, c := range httpConnections("https://x", config.TLS{}) {
		all = append(all, outgoing{name: "the ERP " + c.Adapter, allowed: operators, call: func(ctx context.Context, t to) error {
			c.URL, c.TLS = t.url(), t.settings
			for _, name := range []string{"gateway_url", "token_url"} {
				if c.Options[name] != "" {
					c.Options[name] = t.url()
				}
			}
			p, err := openERP(c, nil, nil)
			if err != nil {
				panic(err)
			}
			_, err = p.Find(ctx, "v:1:accrual:1")
			return err
		}})
	}
	return all
}

// onward is one answer that leads elsewhere: to told, on http. Inside is the operator's word.
type onward struct {
	name string
	call func(t *testing.T, told string, inside bool) error
}

// vendor is a system that answers by path, without certificates: the operator named it.
func vendor(t *testing.T, answers func(base string) map[string]any) string {
	t.Helper()
	var known map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(known[r.URL.Path])
	}))
	t.Cleanup(server.Close)
	known = answers(server.URL)
	return server.URL
}

// led are the systems whose answers we follow.
func led() []onward {
	return []onward{
		{"YonBIP's data centre", func(t *testing.T, told string, inside bool) error {
			t.Helper()
			base := vendor(t, func(string) map[string]any {
				return map[string]any{"/open-auth/dataCenter/getGatewayAddress": map[string]any{"code": "00000",
					"data": map[string]any{"gatewayUrl": "http://" + told + "/g", "tokenUrl": "http://" + told + "/t"}}}
			})
			for _, c := range httpConnections(base, config.TLS{}) {
				if c.Adapter != "yonbip" {
					continue
				}
				delete(c.Options, "gateway_url")
				delete(c.Options, "token_url")
				if inside {
					c.Options["gateway_url"], c.Options["token_url"] = "http://"+told+"/g", "http://"+told+"/t"
				}
				p, err := openERP(c, nil, nil)
				require.NoError(t, err)
				_, err = p.Find(t.Context(), "v:1:accrual:1")
				return err
			}
			return errors.New("no YonBIP")
		}},
		{"DingTalk's stream", func(t *testing.T, told string, inside bool) error {
			t.Helper()
			base := vendor(t, func(string) map[string]any {
				return map[string]any{"/v1.0/gateway/connections/open": map[string]any{"endpoint": "ws://" + told + "/c", "ticket": "1"}}
			})
			apps, err := openIM(config.Config{IM: config.IM{Apps: []config.IMApp{{ID: "d", Provider: "dingtalk", URL: base, Tenant: "t",
				App: "1", Secret: secret("s"), Timeout: 5 * time.Second, Options: appOptions["dingtalk"], Private: inside}}}})
			require.NoError(t, err)
			stream, ok := apps[0].(im.Streamer)
			require.True(t, ok)
			return stream.Listen(t.Context(), func(context.Context, im.Click) im.Toast { return im.Toast{} })
		}},
		{"the endpoints of a provider of sign-ins", func(t *testing.T, told string, inside bool) error {
			t.Helper()
			base := vendor(t, func(base string) map[string]any {
				return map[string]any{"/.well-known/openid-configuration": map[string]any{"issuer": base, "jwks_uri": "http://" + told + "/k",
					"authorization_endpoint": base + "/a", "token_endpoint": "http://" + told + "/t"}}
			})
			c, err := identityConfig(config.Provider{ID: "o", Issuer: base, ClientID: "c", ClientSecret: secret("s"), Private: inside})
			require.NoError(t, err)
			p, err := oidc.Open(c)
			require.NoError(t, err)
			_, err = p.Finish(t.Context(), identity.Attempt{State: "s", Callback: "https://cs.example.com/cb"},
				url.Values{"state": {"s"}, "code": {"1"}})
			return err
		}},
	}
}
