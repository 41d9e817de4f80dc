package u8

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/countersign/countersign/adapters/erp/port"
)

// client speaks to the gateway, with a token that it renews when it is refused:
// the gateway does not promise how long one lasts.
type client struct {
	base        string
	from, to    string
	appKey      string
	secret      string
	dataSource  string
	http        *http.Client
	logins      sync.Mutex             // one login at a time
	tokenInUse  atomic.Pointer[string] // nil before the first
	tokenBefore atomic.Pointer[string] // to be hidden as well
}

func newClient(config port.Config, o port.Options) *client {
	return &client{base: strings.TrimRight(config.URL, "/"), from: o["from_account"], to: o["to_account"],
		appKey: config.User, secret: string(config.Secret), dataSource: o["ds_sequence"], http: config.HTTP()}
}

// get reads, into into.
func (c *client) get(ctx context.Context, call string, values url.Values, into any) error {
	return c.call(ctx, exchange{method: http.MethodGet, call: call + "/batch_get", values: values}, into)
}

// post writes.
func (c *client) post(ctx context.Context, call string, values url.Values, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return port.Fault(port.CodeRefused, err.Error())
	}
	return c.call(ctx, exchange{method: http.MethodPost, call: call, values: values, body: text}, nil)
}

// exchange is one call.
type exchange struct {
	method, call string
	values       url.Values
	body         []byte
}

func (x exchange) writes() bool { return x.method == http.MethodPost }

// call makes an exchange. A token that is refused was refused before anything
// ran: so it logs in once and asks again, which is safe.
func (c *client) call(ctx context.Context, x exchange, into any) error {
	token, err := c.login(ctx, "")
	if err != nil {
		return err
	}
	answer, err := c.send(ctx, x, token)
	if err == nil && badToken(answer) {
		if token, err = c.login(ctx, token); err != nil {
			return err
		}
		answer, err = c.send(ctx, x, token)
	}
	if err != nil {
		return err
	}
	if err := c.check(answer, x.writes()); err != nil || into == nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(answer.Body))
	d.UseNumber()
	if d.Decode(into) != nil {
		return port.Unclear("an answer of U8 that is not in its form", x.writes())
	}
	return nil
}

func (c *client) send(ctx context.Context, x exchange, token string) (port.Answer, error) {
	values := url.Values{"from_account": {c.from}, "to_account": {c.to}, "app_key": {c.appKey}, "token": {token},
		"ds_sequence": {c.dataSource}}
	for name, value := range x.values {
		values[name] = value
	}
	r, err := http.NewRequestWithContext(ctx, x.method, c.base+"/api/"+x.call+"?"+values.Encode(), bytes.NewReader(x.body))
	if err != nil {
		return port.Answer{}, port.Fault(port.CodeRefused, "the address of the gateway is not one")
	}
	if x.writes() {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return port.Send(c.http, r, x.writes())
}

// login returns a token that is not the one named stale.
func (c *client) login(ctx context.Context, stale string) (string, error) {
	c.logins.Lock()
	defer c.logins.Unlock()
	if now := c.tokenInUse.Load(); now != nil && *now != stale {
		return *now, nil
	}
	values := url.Values{"from_account": {c.from}, "app_key": {c.appKey}, "app_secret": {c.secret}}
	r, err := http.NewRequestWithContext(port.LoggingIn(ctx), http.MethodGet, c.base+"/system/token?"+values.Encode(), nil)
	if err != nil {
		return "", port.Fault(port.CodeRefused, "the address of the gateway is not one")
	}
	answer, err := port.Send(c.http, r, false)
	if err != nil {
		return "", err
	}
	if err := port.Status(answer.Status, false); err != nil {
		return "", err
	}
	var got struct {
		Token struct{ ID string }
	}
	head, ok := said(answer)
	if !ok || json.Unmarshal(answer.Body, &got) != nil {
		return "", port.Fault(port.CodeUnavailable, "not an answer of the gateway")
	}
	if head.code() != "0" || got.Token.ID == "" {
		return "", port.Fault(port.CodeNotAllowed, c.hide("login refused: "+head.Message))
	}
	c.tokenBefore.Store(c.tokenInUse.Swap(&got.Token.ID))
	return got.Token.ID, nil
}

// hide takes our secrets out of what the gateway says.
func (c *client) hide(words string) string {
	words = port.Hide(words, c.secret)
	for _, token := range []*string{c.tokenInUse.Load(), c.tokenBefore.Load()} {
		if token != nil {
			words = port.Hide(words, *token)
		}
	}
	return words
}
