package yonbip

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// tokenMargin is how long before its end a token is not used any more.
const tokenMargin = 2 * time.Minute

// client speaks to a tenant's gateway, with a token that it renews.
type client struct {
	lookup         string // where a tenant's addresses are found
	tenant         string
	appKey, secret string
	http           *http.Client
	now            func() time.Time

	mutex    sync.Mutex
	gateway  string
	tokens   string
	token    string
	tokenEnd time.Time
}

func newClient(config port.Config, o port.Options, base *url.URL) (*client, error) {
	c := &client{lookup: strings.TrimRight(base.String(), "/"), tenant: o["tenant"], appKey: config.User,
		secret: string(config.Secret), http: config.HTTP(), now: time.Now, gateway: o["gateway_url"], tokens: o["token_url"]}
	if (c.gateway == "") != (c.tokens == "") {
		return nil, port.BadOption("gateway_url", "and token_url belong together: write both or none")
	}
	for name, address := range map[string]string{"gateway_url": c.gateway, "token_url": c.tokens} {
		if address != "" && !c.mayBe(address) {
			return nil, port.BadOption(name, "is no https address")
		}
	}
	return c, nil
}

// mayBe holds that an address is as safe as the one we were given: no answer
// leads us from https to http.
func (c *client) mayBe(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(c.lookup, "http:"))
}

// request is one call of a business interface.
type request struct {
	path   string
	body   any
	writes bool
}

// call asks and reads data into into, unless that is nil.
//
// A token that the gateway does not take was refused before anything ran: so a
// new one is fetched once and the call repeated, which is safe.
func (c *client) call(ctx context.Context, r request, into any) error {
	token, gateway, err := c.login(ctx, "")
	if err != nil {
		return err
	}
	got, err := c.post(ctx, gateway, token, r)
	if err == nil && badToken(got) {
		if token, gateway, err = c.login(ctx, token); err != nil {
			return err
		}
		got, err = c.post(ctx, gateway, token, r)
	}
	if err != nil {
		return err
	}
	data, err := c.data(got, r)
	if err != nil || into == nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(into) != nil {
		return port.Unclear("an answer of YonBIP that is not in its form", r.writes)
	}
	return nil
}

func (c *client) post(ctx context.Context, gateway, token string, r request) (port.Answer, error) {
	text, err := json.Marshal(r.body)
	if err != nil {
		return port.Answer{}, port.Fault(port.CodeRefused, err.Error())
	}
	address := strings.TrimRight(gateway, "/") + r.path + "?access_token=" + url.QueryEscape(token)
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return port.Answer{}, port.Fault(port.CodeRefused, "the address of the gateway is not one")
	}
	out.Header.Set("Content-Type", "application/json")
	return port.Send(c.http, out, r.writes)
}

// login returns a token that is not the one named stale, and the gateway.
func (c *client) login(ctx context.Context, stale string) (token, gateway string, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.token != "" && c.token != stale && c.now().Before(c.tokenEnd) {
		return c.token, c.gateway, nil
	}
	ctx = port.LoggingIn(ctx)
	if c.gateway == "" {
		var found struct{ GatewayURL, TokenURL string }
		address := c.lookup + "/open-auth/dataCenter/getGatewayAddress?" + url.Values{"tenantId": {c.tenant}}.Encode()
		if err := c.get(ctx, address, &found); err != nil {
			return "", "", err
		}
		if !c.mayBe(found.GatewayURL) || !c.mayBe(found.TokenURL) {
			return "", "", port.Fault(port.CodeUnavailable, "the tenant's addresses are not https")
		}
		c.gateway, c.tokens = found.GatewayURL, found.TokenURL
	}
	var got struct {
		Token  string `json:"access_token"`
		Expire int64
	}
	values := url.Values{"appKey": {c.appKey}, "timestamp": {strconv.FormatInt(c.now().UnixMilli(), 10)}}
	values.Set("signature", signature(c.secret, values))
	address := strings.TrimRight(c.tokens, "/") + "/open-auth/selfAppAuth/base/v1/getAccessToken?" + values.Encode()
	if err := c.get(ctx, address, &got); err != nil {
		return "", "", err
	}
	if got.Token == "" {
		return "", "", port.Fault(port.CodeUnavailable, "no token in the answer")
	}
	c.token, c.tokenEnd = got.Token, c.now().Add(time.Duration(got.Expire)*time.Second-tokenMargin)
	return c.token, c.gateway, nil
}

// get asks the token service, which answers 00000. Nothing it does writes.
func (c *client) get(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return port.Fault(port.CodeRefused, "the address of the token service is not one")
	}
	answer, err := port.Send(c.http, r, false)
	if err != nil {
		return err
	}
	if err := port.Status(answer.Status, false); err != nil {
		return err
	}
	got := envelope(answer.Body)
	if got == nil {
		return port.Fault(port.CodeUnavailable, "not an answer of the token service")
	}
	if got.code() != "00000" {
		return port.Fault(port.CodeNotAllowed, port.Hide(got.code()+" "+got.Message, c.secret))
	}
	if json.Unmarshal(got.Data, into) != nil {
		return port.Fault(port.CodeUnavailable, "not an answer of the token service")
	}
	return nil
}

// signature signs parameters: sorted by name, name and value joined, HMAC, base64.
func signature(secret string, values url.Values) string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha256.New, []byte(secret))
	for _, name := range names {
		mac.Write([]byte(name + values.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hide takes our secrets out of what YonBIP says. The token may be renewed
// meanwhile; an old one opens nothing.
func (c *client) hide(words string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return port.Hide(words, c.secret, c.token)
}
