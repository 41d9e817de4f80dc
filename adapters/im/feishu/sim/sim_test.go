package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
	b.Sim = New(Config{AppID: "cli_1", AppSecret: "secret", VerificationToken: "vtok", EncryptKey: "key", TenantKey: "tk",
		People: []Person{{OpenID: "ou_1", Name: "李娜"}, {OpenID: "ou_2", Name: "外人", Hidden: true}},
		Now:    func() time.Time { return b.now }})
	b.server = httptest.NewServer(b.Sim)
	t.Cleanup(b.server.Close)
	_, got := b.ask(t, "POST /open-apis/auth/v3/tenant_access_token/internal", "", map[string]string{"app_id": "cli_1", "app_secret": "secret"})
	b.token = got["tenant_access_token"].(string)
	return b
}

func (b *bench) ask(t *testing.T, what, token string, body any) (int, map[string]any) {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	text, err := json.Marshal(body)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, bytes.NewReader(text))
	require.NoError(t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(raw, &got), "%s", raw)
	return answer.StatusCode, got
}

const messages = "POST /open-apis/im/v1/messages?receive_id_type=open_id"

func content(change func(c map[string]any)) string {
	c := map[string]any{"schema": "2.0", "config": map[string]any{"update_multi": true},
		"header": map[string]any{"title": map[string]any{"tag": "plain_text", "content": "T"}},
		"body": map[string]any{"elements": []map[string]any{{"tag": "div", "text": map[string]any{"tag": "lark_md", "content": "<at id=all></at> **x**"}},
			{"tag": "form", "name": "f", "elements": []map[string]any{
				{"tag": "input", "name": "reason", "required": true, "placeholder": map[string]any{"content": "why"}},
				{"tag": "button", "name": "reject", "form_action_type": "submit", "behaviors": []map[string]any{{"type": "callback", "value": map[string]string{"k": "v"}}}}}}}}}
	if change != nil {
		change(c)
	}
	text, _ := json.Marshal(c)
	return string(text)
}

func elements(e ...map[string]any) func(map[string]any) {
	return func(c map[string]any) { c["body"] = map[string]any{"elements": e} }
}

// TestEveryCheckRefuses: what the simulator lets through is what Feishu would.
func TestEveryCheckRefuses(t *testing.T) {
	card := func(change func(map[string]any)) map[string]any {
		return map[string]any{"receive_id": "ou_1", "msg_type": "interactive", "content": content(change)}
	}
	but := func(name string, value any) map[string]any {
		in := card(nil)
		in[name] = value
		return in
	}
	for _, tt := range []struct {
		name, what, token string
		body              any
		code              float64
	}{
		{"a wrong secret", "POST /open-apis/auth/v3/tenant_access_token/internal", "", map[string]string{"app_id": "cli_1", "app_secret": "no"}, 10014},
		{"no token", messages, "", card(nil), 99991661},
		{"an unknown token", messages, "t-x", card(nil), 99991663},
		{"another kind of id", "POST /open-apis/im/v1/messages?receive_id_type=email", "ours", card(nil), 230001},
		{"another kind of message", messages, "ours", but("msg_type", "text"), 230001},
		{"a uuid of 51", messages, "ours", but("uuid", strings.Repeat("u", 51)), 230001},
		{"nobody", messages, "ours", but("receive_id", "ou_9"), 99992351},
		{"out of range", messages, "ours", but("receive_id", "ou_2"), 230013},
		{"no JSON", messages, "ours", but("content", "{"), 230099},
		{"the first schema", messages, "ours", card(func(c map[string]any) { c["schema"] = "1.0" }), 230099},
		{"not shared", messages, "ours", card(func(c map[string]any) { c["config"] = map[string]any{} }), 230099},
		{"too long", messages, "ours", card(func(c map[string]any) { c["x"] = strings.Repeat("x", cardMax) }), 230099},
		{"a name twice", messages, "ours", card(elements(map[string]any{"name": "a"}, map[string]any{"name": "a"})), 230099},
		{"a form without a name", messages, "ours", card(elements(map[string]any{"tag": "form"})), 230099},
		{"an input without a name", messages, "ours", card(elements(map[string]any{"tag": "form", "name": "f", "elements": []any{map[string]any{"tag": "input"}}})), 230099},
		{"a button that submits nothing", messages, "ours", card(elements(map[string]any{"tag": "form", "name": "f", "elements": []any{map[string]any{"tag": "button", "name": "b"}}})), 230099},
		{"no such message", "PATCH /open-apis/im/v1/messages/om_x", "ours", map[string]string{"content": content(nil)}, 230001},
		{"no such card's token", "POST /open-apis/interactive/v1/card/update", "ours", map[string]any{"token": "c-x", "card": map[string]any{}}, 300010},
		{"another department's children", "GET /open-apis/contact/v3/departments/7/children?fetch_child=true", "ours", nil, 40011},
		{"a code by another app", "POST /open-apis/authen/v2/oauth/token", "", map[string]string{"grant_type": "authorization_code"}, 20002},
		{"a made-up code", "POST /open-apis/authen/v2/oauth/token", "", map[string]string{"grant_type": "authorization_code", "client_id": "cli_1", "client_secret": "secret", "code": "x"}, 20003},
		{"a made-up person", "GET /open-apis/authen/v1/user_info", "u-x", nil, 20005},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t)
			if tt.token == "ours" {
				tt.token = b.token
			}
			_, got := b.ask(t, tt.what, tt.token, tt.body)
			require.Equal(t, tt.code, got["code"], "%v", got)
			require.Empty(t, b.Phone.Messages(""))
		})
	}
}

// TestLimitsOfTime: tokens, repeats, changes and the tokens of cards end.
func TestLimitsOfTime(t *testing.T) {
	b := start(t)
	send := func(uuid string) map[string]any {
		_, got := b.ask(t, messages, b.token, map[string]any{"receive_id": "ou_1", "msg_type": "interactive", "content": content(nil), "uuid": uuid})
		return got
	}
	first := send("u")["data"].(map[string]any)["message_id"].(string)
	require.Equal(t, first, send("u")["data"].(map[string]any)["message_id"])
	m, _ := b.Phone.Message(first)
	require.Equal(t, []string{"<at id=all>", "**x**"}, m.Card.Lines[0].Marked, "markup is seen where it works")
	b.now = b.now.Add(61 * time.Minute)
	require.NotEqual(t, first, send("u")["data"].(map[string]any)["message_id"], "a uuid serves an hour")
	for range 4 {
		send("")
	}
	require.EqualValues(t, 230020, send("")["code"], "five a second to one person")

	patch := func() any {
		_, got := b.ask(t, "PATCH /open-apis/im/v1/messages/"+first, b.token, map[string]string{"content": content(nil)})
		return got["code"]
	}
	for range 5 {
		require.EqualValues(t, 0, patch())
	}
	require.EqualValues(t, 230020, patch(), "five a second")
	b.now = b.now.Add(time.Hour)
	require.EqualValues(t, 99991663, patch(), "a token serves two hours")

	once := func() any {
		_, got := b.ask(t, "POST /open-apis/auth/v3/tenant_access_token/internal", "", map[string]string{"app_id": "cli_1", "app_secret": "secret"})
		b.token = got["tenant_access_token"].(string)
		_, got = b.ask(t, "POST /open-apis/interactive/v1/card/update", b.token, map[string]any{"token": "c-1", "card": json.RawMessage(content(nil))})
		return got["code"]
	}
	b.uses["c-1"] = &use{message: first, at: b.now, left: useTimes}
	require.EqualValues(t, 300010, once(), "not before the press was answered")
	b.uses["c-1"].answered = true
	require.EqualValues(t, 0, once())
	require.EqualValues(t, 0, once())
	require.EqualValues(t, 300010, once(), "twice")
	b.uses["c-1"].left, b.now = 1, b.now.Add(31*time.Minute)
	require.EqualValues(t, 300010, once(), "half an hour")
	b.now = b.now.Add(14 * 24 * time.Hour)
	once()
	require.EqualValues(t, 230031, patch(), "14 days")
}

// TestAPressIsAsFeishuMakesIt: of a button there is, with the reason a form wants, once.
func TestAPressIsAsFeishuMakesIt(t *testing.T) {
	b := start(t)
	_, got := b.ask(t, messages, b.token, map[string]any{"receive_id": "ou_1", "msg_type": "interactive", "content": content(nil)})
	id := got["data"].(map[string]any)["message_id"].(string)
	calls := 0
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		if calls == 1 && r.Header.Get("X-Lark-Signature") != Sign(r.Header.Get("X-Lark-Request-Timestamp"), r.Header.Get("X-Lark-Request-Nonce"), "key", body) {
			t.Error("not signed")
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(hook.Close)
	b.SetCallback(hook.URL)
	for _, p := range []simphone.Press{{Message: "om_x", Operator: "ou_1", Button: "reject"},
		{Message: id, Operator: "ou_1", Button: "approve"}, {Message: id, Operator: "ou_1", Button: "reject"}} {
		require.False(t, b.PressOn(t.Context(), p).OK)
	}
	require.Zero(t, calls, "Feishu itself refuses those")
	told := b.PressOn(t.Context(), simphone.Press{Message: id, Operator: "ou_1", Button: "reject", Reason: "no"})
	require.False(t, told.OK)
	require.Equal(t, 1, calls, "never sent again")
	require.False(t, b.Challenge(t.Context()))
}

// TestThePhoneShowsWordsAsWords, and presses.
func TestThePhoneShowsWordsAsWords(t *testing.T) {
	b := start(t)
	b.Phone.Show(simphone.Message{ID: "m", To: "ou_1", Card: simphone.Card{Title: "<script>x</script>"}})
	answer, err := http.Get(b.server.URL + "/_phone?who=ou_1")
	require.NoError(t, err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "&lt;script&gt;x")
	pressed, err := http.PostForm(b.server.URL+"/_phone/press", map[string][]string{"message": {"m"}, "who": {"ou_1"}, "button": {"b"}})
	require.NoError(t, err)
	defer pressed.Body.Close()
	page, err = io.ReadAll(pressed.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "no such card")
}
