// Package slack is an app in one Slack workspace.
//
// Config: Tenant is the workspace's id (T…); App the app's id (A…); Secret the bot
// token (xoxb-…); Token the Signing Secret; Key the Client Secret, for signing in.
// URL is empty for Slack itself. People are named by their user id (U…).
//
// Options:
//   - client_id: the Client ID, for signing in. Needed.
//
// Bot scopes: chat:write, im:write, im:history (to look for a card after a lost
// answer), users:read, users:read.email.
package slack

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/countersign/countersign/adapters/im/port"
)

const vendor = "https://slack.com"

// ackWithin is how long Slack waits for an answer; it asks once.
const ackWithin = 3 * time.Second

// answerMax bounds one answer: a page of people.
const answerMax = 8 << 20

// App is one app in one workspace.
type App struct {
	config   port.Config
	base     string
	clientID string
	wire     wire
	api      *slack.Client
	rooms    sync.Map // user id → the conversation with them
	doubts   sync.Map // ids of cards of which this process does not know whether they were sent
}

// The port, and what beside it.
var (
	_ port.Port   = (*App)(nil)
	_ port.SignIn = (*App)(nil)
)

// Open makes the port of one app; nothing is asked of Slack yet.
//
// Errors: Invalid im.bad_config.
func Open(config port.Config) (port.Port, error) {
	a := &App{config: config, base: vendor, wire: wire{config.HTTP()}}
	for name, value := range config.Options {
		if name != "client_id" {
			return nil, port.Fault(port.CodeBadConfig, config.Name, "options."+name+" is not known")
		}
		a.clientID = value
	}
	for _, must := range []struct{ name, value string }{{"app", config.App}, {"secret", string(config.Secret)},
		{"token", string(config.Token)}, {"key", string(config.Key)}, {"tenant", config.Tenant},
		{"options.client_id", a.clientID}} {
		if must.value == "" {
			return nil, port.Fault(port.CodeBadConfig, config.Name, must.name+" is empty")
		}
	}
	if config.URL != "" {
		a.base = strings.TrimRight(config.URL, "/")
	}
	if u, err := url.Parse(a.base); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.Name, "url is not an address")
	}
	a.api = a.client(string(config.Secret))
	return a, nil
}

// client asks Slack with a token.
func (a *App) client(token string) *slack.Client {
	return slack.New(token, slack.OptionAPIURL(a.base+"/api/"), slack.OptionHTTPClient(a.wire))
}

// wire is the line to Slack: it repeats nothing by itself, and bounds what it reads.
type wire struct{ client *http.Client }

// Do makes one exchange.
func (w wire) Do(r *http.Request) (*http.Response, error) {
	r.GetBody = nil
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return nil, err
	}
	if err := port.Unequivocal(answer.StatusCode, body); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// Name says which app this is.
func (a *App) Name() string { return a.config.Name }

// Capabilities says what Slack can do. It folds no repeats: after a lost answer Send
// looks for the card itself, and only then says that it does not know.
func (a *App) Capabilities() port.Capabilities {
	return port.Capabilities{Reason: true, AckWithin: ackWithin}
}
