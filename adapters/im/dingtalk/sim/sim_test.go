package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// bench is a simulator and its clock.
type bench struct {
	*Sim
	now    time.Time
	server *httptest.Server
	token  string
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: time.Unix(1_800_000_000, 0)}
	b.Sim = New(Config{AppKey: "k", AppSecret: "s", CorpID: "c", Token: "t", Template: "tpl", Robot: "k",
		AESKey: "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", Now: func() time.Time { return b.now },
		People: []Person{{UserID: "li", UnionID: "u", Department: 1}, {UserID: "out", Hidden: true}}})
	b.server = httptest.NewServer(b.Sim)
	t.Cleanup(b.server.Close)
	b.token = b.ask(t, "POST /v1.0/oauth2/accessToken", map[string]string{"appKey": "k", "appSecret": "s"})["accessToken"].(string)
	return b
}

func (b *bench) ask(t *testing.T, what string, body any) map[string]any {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	text, err := json.Marshal(body)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+strings.ReplaceAll(path, "TOKEN", b.token), bytes.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("x-acs-dingtalk-access-token", b.token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	got := map[string]any{}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&got))
	return got
}

const create = "POST /v1.0/card/instances/createAndDeliver"

func card(change func(c map[string]any)) map[string]any {
	c := map[string]any{"cardTemplateId": "tpl", "outTrackId": "o1", "callbackType": "STREAM", "userIdType": 1,
		"cardData":    map[string]any{"cardParamMap": map[string]any{"title": "T", "approve": "OK", "approve_token": "tok"}},
		"openSpaceId": "dtv1.card//IM_ROBOT.li", "imRobotOpenSpaceModel": map[string]any{},
		"imRobotOpenDeliverModel": map[string]any{"spaceType": "IM_ROBOT", "robotCode": "k"}}
	if change != nil {
		change(c)
	}
	return c
}

// TestEveryCheckRefuses: what the simulator lets through is what DingTalk would.
func TestEveryCheckRefuses(t *testing.T) {
	but := func(name string, value any) map[string]any { return card(func(c map[string]any) { c[name] = value }) }
	for _, tt := range []struct {
		name, what string
		body       any
		code       any // of the newer methods; a number of the older
	}{
		{"a wrong secret", "POST /v1.0/oauth2/accessToken", map[string]string{"appKey": "k", "appSecret": "no"}, "invalidClientIdOrSecret"},
		{"another template", create, but("cardTemplateId", "x"), "param.templateNotExist"},
		{"no name", create, but("outTrackId", ""), "MissingoutTrackId"},
		{"a number for a text", create, but("cardData", map[string]any{"cardParamMap": map[string]any{"a": 1}}), "invalidParameter"},
		{"another space", create, but("openSpaceId", "dtv1.card//IM_GROUP.x"), "param.error"},
		{"no space model", create, but("imRobotOpenSpaceModel", nil), "param.error"},
		{"another robot", create, but("imRobotOpenDeliverModel", map[string]any{"spaceType": "IM_ROBOT", "robotCode": "x"}), "param.error"},
		{"another kind of id", create, but("userIdType", 2), "param.error"},
		{"no such route", create, but("callbackType", "HTTP"), "param.callbackRouteKey"},
		{"no such card", "PUT /v1.0/card/instances", map[string]any{"outTrackId": "x"}, "param.cardNotExist"},
		{"a route to nowhere", "POST /v1.0/card/callbacks/register", map[string]any{"callbackRouteKey": "r"}, "param.error"},
		{"an old method without a token", "POST /topapi/v2/user/list?access_token=x", map[string]any{"dept_id": 1, "size": 10}, 40014.0},
		{"no such department", "POST /topapi/v2/department/listsub?access_token=TOKEN", map[string]any{"dept_id": 9}, 60003.0},
		{"a page of 101", "POST /topapi/v2/user/list?access_token=TOKEN", map[string]any{"dept_id": 1, "size": 101}, 400002.0},
		{"a stranger", "POST /topapi/user/getbyunionid?access_token=TOKEN", map[string]any{"unionid": "x"}, 60121.0},
		{"a code by another app", "POST /v1.0/oauth2/userAccessToken", map[string]any{"clientId": "x"}, "invalidClient"},
		{"a made-up code", "POST /v1.0/oauth2/userAccessToken", map[string]any{"clientId": "k", "clientSecret": "s", "code": "x", "grantType": "authorization_code"}, "invalidParameter.authCode.notFound"},
		{"a made-up person", "GET /v1.0/contact/users/me", nil, "InvalidAuthentication"},
		{"a stream of another app", "POST /v1.0/gateway/connections/open", map[string]any{"clientId": "x"}, "authFailed"},
		{"a stream of nothing", "POST /v1.0/gateway/connections/open", map[string]any{"clientId": "k", "clientSecret": "s"}, "invalidParameter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t)
			got := b.ask(t, tt.what, tt.body)
			if _, old := tt.code.(float64); old {
				require.Equal(t, tt.code, got["errcode"], "%v", got)
			} else {
				require.Equal(t, tt.code, got["code"], "%v", got)
			}
			require.Empty(t, b.Phone.Messages(""))
		})
	}
}

// TestNamesServeOnceAndTokensEnd: of cards, routes, tickets and the app.
func TestNamesServeOnceAndTokensEnd(t *testing.T) {
	b := start(t)
	b.ask(t, create, card(nil))
	require.Equal(t, "param.outTrackIdExist", b.ask(t, create, card(nil))["code"])
	require.Len(t, b.Phone.Messages("li"), 1)
	out := b.ask(t, create, card(func(c map[string]any) { c["outTrackId"], c["openSpaceId"] = "o2", "dtv1.card//IM_ROBOT.out" }))
	require.Contains(t, mustText(t, out), `"success":false`, "out of the robot's reach")
	require.Empty(t, b.Phone.Messages("out"))

	route := map[string]any{"callbackRouteKey": "r", "callbackUrl": "http://x", "apiSecret": "s"}
	b.ask(t, "POST /v1.0/card/callbacks/register", route)
	require.Equal(t, "param.callbackRouteKeyExist", b.ask(t, "POST /v1.0/card/callbacks/register", route)["code"])

	way := b.ask(t, "POST /v1.0/gateway/connections/open", map[string]any{"clientId": "k", "clientSecret": "s",
		"subscriptions": []map[string]string{{"type": "EVENT", "topic": "*"}}})
	address := way["endpoint"].(string) + "?ticket=" + way["ticket"].(string)
	conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	_, answer, err = websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	require.Error(t, err, "a ticket serves once")
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)

	b.now = b.now.Add(3 * time.Hour)
	require.Equal(t, "InvalidAuthentication", b.ask(t, create, card(nil))["code"])
}

func mustText(t *testing.T, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// TestAPressIsOfAButtonThereIs: and an answer that is none is a failure.
func TestAPressIsOfAButtonThereIs(t *testing.T) {
	b := start(t)
	hook := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(hook.Close)
	b.ask(t, "POST /v1.0/card/callbacks/register", map[string]any{"callbackRouteKey": "r", "callbackUrl": hook.URL})
	b.ask(t, create, card(func(c map[string]any) { c["callbackType"], c["callbackRouteKey"] = "HTTP", "r" }))
	for _, p := range []simphone.Press{{Message: "x", Button: "approve"}, {Message: "o1", Button: "reject"},
		{Message: "o1", Operator: "li", Button: "approve"}} {
		require.False(t, b.PressOn(t.Context(), p).OK)
	}
	require.False(t, b.Deliver(t.Context(), hook.URL, b.Event(map[string]string{})), "not a sealed «success»")
}
