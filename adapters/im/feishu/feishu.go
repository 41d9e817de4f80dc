// Package feishu is an app on Feishu or Lark.
//
// Config: URL is https://open.feishu.cn (the default) or https://open.larksuite.com;
// Tenant the tenant key; App and Secret the app id and the app secret; Token the
// Verification Token; Key the Encrypt Key, without which Feishu signs nothing and
// Open therefore refuses. People are named by open_id, which is this app's own.
//
// Options:
//   - callbacks: "old" also hears the old card callback (its URL is apart in the
//     developer console, its signature is SHA-1 over the Verification Token and its
//     body is not encrypted); "" hears events and callbacks of the second schema alone.
//   - accounts: where people sign in; by default accounts. in place of open. in URL.
package feishu

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

const vendor = "https://open.feishu.cn"

// The limits that Feishu's documentation gives; none was tried on a live tenant.
const (
	ackWithin = 3 * time.Second
	updateFor = 14 * 24 * time.Hour
)

// App is one app on Feishu.
type App struct {
	config   port.Config
	base     string // of the API
	accounts string // of the page where people sign in
	key      [sha256.Size]byte
	old      bool // whether the old card callback is heard
	http     *http.Client
	tokens   port.Tokens
}

// The port, and what beside it.
var (
	_ port.Port   = (*App)(nil)
	_ port.SignIn = (*App)(nil)
)

// Open makes the port of one app; nothing is asked of Feishu yet.
//
// Errors: Invalid im.bad_config.
func Open(config port.Config) (port.Port, error) {
	a := &App{config: config, base: vendor, http: config.HTTP(), key: sha256.Sum256([]byte(config.Key))}
	for _, must := range []struct{ name, value string }{
		{"app", config.App}, {"secret", string(config.Secret)}, {"token", string(config.Token)},
		{"key", string(config.Key)}, {"tenant", config.Tenant},
	} {
		if must.value == "" {
			return nil, port.Fault(port.CodeBadConfig, config.Name, must.name+" is empty")
		}
	}
	for name, value := range config.Options {
		switch {
		case name == "callbacks" && (value == "old" || value == ""):
			a.old = value == "old"
		case name == "accounts":
			a.accounts = strings.TrimRight(value, "/")
		default:
			return nil, port.Fault(port.CodeBadConfig, config.Name, "options."+name+" is not known, or has a value that is not")
		}
	}
	if config.URL != "" {
		a.base = strings.TrimRight(config.URL, "/")
	}
	u, err := url.Parse(a.base)
	if err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.Name, "url is not an address")
	}
	if a.accounts == "" {
		if under, ok := strings.CutPrefix(u.Host, "open."); ok {
			u.Host = "accounts." + under
		}
		a.accounts = u.String()
	}
	a.tokens.Fetch = a.fetchToken
	return a, nil
}

// Name says which app this is.
func (a *App) Name() string { return a.config.Name }

// Capabilities says what Feishu can do. Callbacks of cards are never sent again:
// who pressed sees an error, and presses once more.
func (a *App) Capabilities() port.Capabilities {
	return port.Capabilities{FoldsRepeats: true, Reason: true, UpdateFor: updateFor, AckWithin: ackWithin}
}
