package kingdee

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// The two services; every method is a path of its own below the site.
const (
	formService = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
	authService = "Kingdee.BOS.WebApi.ServicesStub.AuthService."
)

// sessionCookie carries a session in both directions.
const sessionCookie = "kdservice-sessionid"

// client speaks the WebAPI, signed (every request stands alone) or in a
// session. A user has one session a client type: share the connection, and give
// Countersign a user of its own.
type client struct {
	base   *url.URL
	signer signer
	signed bool
	http   *http.Client
	now    func() time.Time

	logins  sync.Mutex             // one login at a time
	session atomic.Pointer[string] // nil before the first
}

func newClient(config port.Config, s port.Options, base *url.URL) (*client, error) {
	c := &client{base: base, http: config.HTTP(), now: time.Now, signed: s["login"] == "signed", signer: signer{
		appID: s["app_id"], appSecret: string(config.Secret), account: config.Database, user: config.User,
		orgID: s["organization"]}}
	if !c.signed && s["login"] != "session" {
		return nil, port.BadOption("login", "is "+s["login"]+": write signed or session")
	}
	var err error
	if c.signed {
		c.signer.clientID, c.signer.clientKey, err = clientKey(s["app_id"])
	}
	return c, err
}

// call asks one operation of the form service.
//
// A session that was lost is refused before anything runs: so it logs in once
// and asks again, which is safe.
func (c *client) call(ctx context.Context, operation string, writes bool, body any) (json.RawMessage, error) {
	session, err := c.login(ctx, "")
	if err != nil {
		return nil, err
	}
	answer, err := c.send(ctx, formService+operation, session, writes, body)
	if err == nil && !c.signed && lostSession(answer) {
		if session, err = c.login(ctx, session); err != nil {
			return nil, err
		}
		answer, err = c.send(ctx, formService+operation, session, writes, body)
	}
	return answer, err
}

// login returns a session that is not the one named stale; "" where requests are signed.
func (c *client) login(ctx context.Context, stale string) (string, error) {
	if c.signed {
		return "", nil
	}
	c.logins.Lock()
	defer c.logins.Unlock()
	if now := c.current(); now != stale {
		return now, nil
	}
	s, timestamp := c.signer, strconv.FormatInt(c.now().Unix(), 10)
	sign := loginSign(s.account, s.user, s.appID, s.appSecret, timestamp)
	answer, err := c.send(port.LoggingIn(ctx), authService+"LoginBySign", "", false, map[string]any{
		"format": 1, "useragent": "ApiClient",
		"rid": nonce(), "parameters": []any{s.account, s.user, s.appID, timestamp, sign, 2052}, "timestamp": timestamp,
		"v": "1.0"})
	if err != nil {
		return "", err
	}
	var got struct {
		LoginResultType int
		Message         string
		KDSVCSessionID  string `json:"KDSVCSessionId"`
	}
	if json.Unmarshal(answer, &got) != nil || got.LoginResultType != 1 || got.KDSVCSessionID == "" {
		return "", port.Fault(port.CodeNotAllowed, c.hide("login refused: "+got.Message))
	}
	c.session.Store(&got.KDSVCSessionID)
	return got.KDSVCSessionID, nil
}

// current is the session in use, "" before the first.
func (c *client) current() string {
	if s := c.session.Load(); s != nil {
		return *s
	}
	return ""
}

// send makes one exchange and returns the body of a 200.
func (c *client) send(ctx context.Context, method, session string, writes bool, body any) (json.RawMessage, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, port.Fault(port.CodeRefused, err.Error())
	}
	address := *c.base
	address.Path = strings.TrimRight(address.Path, "/") + "/" + method + ".common.kdsvc"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(text))
	if err != nil {
		return nil, port.Fault(port.CodeRefused, "the address of the site is not one")
	}
	r.Header.Set("Content-Type", "application/json")
	if c.signed {
		c.signer.sign(r.Header, address.Path, strconv.FormatInt(c.now().Unix(), 10), nonce())
	}
	if session != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	}
	answer, err := port.Send(c.http, r, writes)
	if err != nil {
		return nil, err
	}
	return c.accept(answer, writes)
}

// accept takes what is an answer of the WebAPI, and nothing else.
func (c *client) accept(answer port.Answer, writes bool) (json.RawMessage, error) {
	body := bytes.TrimSpace(answer.Body)
	if answer.Status != http.StatusOK {
		return nil, gatewayFault(answer.Status, body, writes, c.hide)
	}
	if said, ok := bytes.CutPrefix(body, []byte("response_error:")); ok {
		return nil, port.Unclear(c.hide(string(said)), writes) // an exception of the platform, at whatever point
	}
	if !json.Valid(body) {
		return nil, port.Unclear("not an answer of K3Cloud", writes)
	}
	return body, nil
}

// hide takes our secrets out of what the site says.
func (c *client) hide(words string) string {
	return port.Hide(words, c.signer.appSecret, c.signer.clientKey, c.current())
}

func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
