// Package wecom shows cards in WeCom 企业微信, by an app of the company's own 自建应用.
//
// Config: Tenant is the corp id 企业ID; App the AgentId; Secret the app's Secret;
// Token and Key are those of «API receiving» 接收消息 (Token, EncodingAESKey of 43
// characters). Options: authorize_url, where the web view is sent to sign in
// ("" = the vendor's); employee_attribute, the name of the member attribute that
// holds the employee number; email_field, which address is believed to be theirs:
// biz_mail, which the company gives out, or email, where members may not change it.
//
//   - A card is a template card of type button_interaction. Its task_id is Card.ID: a
//     second one with the same is not shown again, and may not tell a response_code.
//   - It is changed with a response_code, which serves once and for 72 hours; each
//     press brings a new one.
//   - A callback is signed over its query and its ciphertext, and comes again up to
//     three times where it is not answered within five seconds.
//   - Only addresses in the app's list of trusted ones may ask anything (60020).
package wecom

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

const (
	vendor    = "https://qyapi.weixin.qq.com"
	authorize = "https://open.weixin.qq.com/connect/oauth2/authorize"

	updateFor = 72 * time.Hour
	ackWithin = 5 * time.Second
)

// App is one app of one company. It is safe for concurrent use.
type App struct {
	config    port.Config
	agent     int
	authorize string
	block     cipher.Block
	iv        []byte
	client    *http.Client

	tokens port.Tokens
}

var (
	_ port.Port   = (*App)(nil)
	_ port.SignIn = (*App)(nil)
)

// Open makes the port of one app. It does not speak to WeCom yet.
//
// Errors: Invalid im.bad_config.
func Open(c port.Config) (port.Port, error) {
	bad := func(what string) error { return port.Fault(port.CodeBadConfig, c.Name, what) }
	agent, err := strconv.Atoi(c.App)
	if err != nil {
		return nil, bad("app: is no AgentId")
	}
	if c.Tenant == "" || c.Secret == "" || c.Token == "" {
		return nil, bad("tenant, secret, token: one is empty")
	}
	key, err := base64.StdEncoding.DecodeString(string(c.Key) + "=")
	if err != nil || len(key) != 32 {
		return nil, bad("key: is no EncodingAESKey of 43 characters")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, bad("key: " + err.Error())
	}
	if c.URL == "" {
		c.URL = vendor
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	app := &App{config: c, agent: agent, authorize: authorize, block: block, iv: key[:aes.BlockSize], client: c.HTTP()}
	if at := c.Options["authorize_url"]; at != "" {
		app.authorize = at
	}
	app.tokens.Fetch = app.fetch
	return app, nil
}

// Name is the app's own.
func (a *App) Name() string { return a.config.Name }

// Capabilities are those of template cards.
func (a *App) Capabilities() port.Capabilities {
	return port.Capabilities{FoldsRepeats: true, Updates: 1, UpdateFor: updateFor, Resends: true, AckWithin: ackWithin}
}
