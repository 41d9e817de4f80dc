// Package dingtalk is an app on DingTalk 钉钉 whose robot hands out interactive cards.
//
// Config: URL is empty for DingTalk itself; Tenant the corp id; App and Secret the
// app key and the app secret (Client ID, Client Secret); Token and Key those of HTTP
// events (Token, aes_key of 43 characters), needed with the option callback alone.
// People are named by userid.
//
// Options:
//   - template: the id of the card template, made in DingTalk's card builder; see
//     docs/im-dingtalk.md for the variables it has to show. Needed.
//   - robot: the robot's code; by default the app key.
//   - callback: the address that presses are sent to over HTTP, registered by us. Where
//     it is empty, they come over a connection of ours (Stream mode), which is better:
//     the signature of an HTTP press covers only its timestamp. Whoever sees one can
//     put another body under it, so only the token of the button protects: it is ours,
//     bound to task and person, and worth nothing in anybody else's name.
package dingtalk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// Where DingTalk is. Its older methods live at the second address.
const (
	vendor    = "https://api.dingtalk.com"
	vendorOld = "https://oapi.dingtalk.com"
	signIn    = "https://login.dingtalk.com"
)

// ackWithin is what is generally said of card callbacks; it is not documented.
const ackWithin = 3 * time.Second

// App is one app on DingTalk.
type App struct {
	config             port.Config
	base, old, login   string
	template, robot    string
	callback           string // "" = Stream mode
	key                []byte // of events; nil = none are heard
	apiSecret          string // of HTTP presses
	http               *http.Client
	tokens             port.Tokens
	seen               seen
	registering        sync.Mutex
	callbackRegistered bool
}

// The port, and what beside it.
var (
	_ port.Port     = (*App)(nil)
	_ port.SignIn   = (*App)(nil)
	_ port.Streamer = Streaming{}
)

// Streaming is an App that is heard over a connection of ours.
type Streaming struct{ *App }

// Open makes the port of one app; nothing is asked of DingTalk yet.
//
// Errors: Invalid im.bad_config.
func Open(config port.Config) (port.Port, error) {
	a := &App{config: config, base: vendor, old: vendorOld, login: signIn, robot: config.App, http: config.HTTP()}
	for name, value := range config.Options {
		switch name {
		case "template":
			a.template = value
		case "robot":
			a.robot = value
		case "callback":
			a.callback = value
		default:
			return nil, port.Fault(port.CodeBadConfig, config.Name, "options."+name+" is not known")
		}
	}
	for _, must := range []struct{ name, value string }{{"app", config.App}, {"secret", string(config.Secret)},
		{"tenant", config.Tenant}, {"options.template", a.template}} {
		if must.value == "" {
			return nil, port.Fault(port.CodeBadConfig, config.Name, must.name+" is empty")
		}
	}
	if config.URL != "" {
		a.base = strings.TrimRight(config.URL, "/")
		a.old, a.login = a.base, a.base
	}
	if u, err := url.Parse(a.base); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.Name, "url is not an address")
	}
	if config.Key != "" {
		key, err := base64.StdEncoding.DecodeString(string(config.Key) + "=")
		if err != nil || len(key) != keySize {
			return nil, port.Fault(port.CodeBadConfig, config.Name, "key is no aes_key of 43 characters")
		}
		a.key = key
	}
	if (a.callback != "" || a.key != nil) && config.Token == "" {
		return nil, port.Fault(port.CodeBadConfig, config.Name, "token is empty")
	}
	a.apiSecret = pressSecret(string(config.Token))
	a.tokens.Fetch = a.fetchToken
	if a.callback == "" {
		return Streaming{a}, nil
	}
	return a, nil
}

// pressSecret is what HTTP presses are signed with. We tell it to DingTalk when we
// register the address, so it needs no place in the configuration.
func pressSecret(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	_, _ = mac.Write([]byte("countersign card callbacks"))
	return hex.EncodeToString(mac.Sum(nil))
}

// Name says which app this is.
func (a *App) Name() string { return a.config.Name }

// Capabilities says what DingTalk can do. A second card with the same outTrackId is
// refused, which is as good as folded.
func (a *App) Capabilities() port.Capabilities {
	return port.Capabilities{FoldsRepeats: true, AckWithin: ackWithin, Resends: a.callback == ""}
}
