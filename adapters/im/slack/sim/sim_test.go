package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: time.Unix(1_800_000_000, 0)}
	b.Sim = New(Config{AppID: "A", TeamID: "T", BotToken: "xoxb", SigningSecret: "s", ClientID: "c", ClientSecret: "cs",
		Now:    func() time.Time { return b.now },
		People: []Person{{ID: "U1"}, {ID: "UB", Bot: true}, {ID: "UD", Deleted: true}, {ID: "UH", Hidden: true}}})
	b.server = httptest.NewServer(b.Sim)
	t.Cleanup(b.server.Close)
	b.SetCallback("", b.server.URL)
	require.Equal(t, true, b.form(t, "conversations.open", "users", "U1")["ok"])
	return b
}

// form asks a method with fields, as the bot unless told otherwise.
func (b *bench) form(t *testing.T, method string, fields ...string) map[string]any {
	t.Helper()
	values := url.Values{"token": {"xoxb"}}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	answer, err := http.PostForm(b.server.URL+"/api/"+method, values)
	require.NoError(t, err)
	return read(t, answer)
}

func (b *bench) json(t *testing.T, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer xoxb")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	return read(t, answer)
}

func read(t *testing.T, answer *http.Response) map[string]any {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	got := map[string]any{}
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	return got
}

const (
	header  = `{"type":"header","text":{"type":"plain_text","text":"T"}}`
	buttons = `{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"},"value":"v"}]}`
	modal   = `{"type":"modal","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"OK"},` +
		`"blocks":[{"type":"input","block_id":"b","label":{"type":"plain_text","text":"Why"},"element":{"type":"plain_text_input","action_id":"r"}}]}`
)

// TestEveryCheckRefuses: what the simulator lets through is what Slack would.
func TestEveryCheckRefuses(t *testing.T) {
	blocks := func(block string) []string { return []string{"channel", "DU1", "blocks", "[" + block + "]"} }
	for _, tt := range []struct {
		name, method, word string
		fields             []string
	}{
		{"no token", "chat.postMessage", "not_authed", []string{"token", ""}},
		{"another token", "chat.postMessage", "invalid_auth", []string{"token", "x"}},
		{"nobody", "conversations.open", "user_not_found", []string{"users", "UX"}},
		{"who is hidden", "conversations.open", "user_not_found", []string{"users", "UH"}},
		{"a bot", "conversations.open", "cannot_dm_bot", []string{"users", "UB"}},
		{"who left", "conversations.open", "user_disabled", []string{"users", "UD"}},
		{"no such conversation", "chat.postMessage", "channel_not_found", []string{"channel", "D9", "blocks", "[" + header + "]"}},
		{"no blocks", "chat.postMessage", "invalid_blocks", []string{"channel", "DU1", "blocks", "[]"}},
		{"a header of mrkdwn", "chat.postMessage", "invalid_blocks", blocks(strings.Replace(header, "plain_text", "mrkdwn", 1))},
		{"a header of 151", "chat.postMessage", "invalid_blocks", blocks(strings.Replace(header, `"T"`, `"`+strings.Repeat("T", 151)+`"`, 1))},
		{"an empty section", "chat.postMessage", "invalid_blocks", blocks(`{"type":"section"}`)},
		{"a long field", "chat.postMessage", "invalid_blocks", blocks(`{"type":"section","fields":[{"type":"plain_text","text":"` + strings.Repeat("x", 2001) + `"}]}`)},
		{"no buttons", "chat.postMessage", "invalid_blocks", blocks(`{"type":"actions"}`)},
		{"a button without a name", "chat.postMessage", "invalid_blocks", blocks(strings.Replace(buttons, `"action_id":"a",`, "", 1))},
		{"a value of 2001", "chat.postMessage", "invalid_blocks", blocks(strings.Replace(buttons, `"v"`, `"`+strings.Repeat("v", 2001)+`"`, 1))},
		{"a block twice", "chat.postMessage", "invalid_blocks", blocks(`{"type":"divider","block_id":"x"},{"type":"divider","block_id":"x"}`)},
		{"metadata without a type", "chat.postMessage", "invalid_metadata_format", append(blocks(header), "metadata", "{}")},
		{"no such message", "chat.update", "message_not_found", append(blocks(header), "ts", "1.1")},
		{"no such history", "conversations.history", "channel_not_found", []string{"channel", "D9"}},
		{"another app's secret", "openid.connect.token", "bad_client_secret", []string{"client_id", "c"}},
		{"a made-up code", "openid.connect.token", "invalid_code", []string{"client_id", "c", "client_secret", "cs", "code", "x"}},
		{"a made-up person", "openid.connect.userInfo", "invalid_auth", []string{"token", "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t)
			require.Equal(t, tt.word, b.form(t, tt.method, tt.fields...)["error"])
			require.Empty(t, b.Phone.Messages(""))
		})
	}
}

// TestLimitsOfTimeAndNumber: of messages, triggers and response_urls.
func TestLimitsOfTimeAndNumber(t *testing.T) {
	b := start(t)
	post := func() map[string]any {
		return b.form(t, "chat.postMessage", "channel", "DU1", "blocks", "["+buttons+"]")
	}
	ts := post()["ts"].(string)
	for range 4 {
		post()
	}
	require.Equal(t, "ratelimited", post()["error"], "about one a second")

	press := func() (trigger, to string) {
		p, refused := b.Pressed(simphone.Press{Message: ts, Operator: "U1", Button: "a"})
		require.Empty(t, refused)
		return p["trigger_id"].(string), p["response_url"].(string)
	}
	openView := func(trigger, view string) any {
		return b.json(t, b.server.URL+"/api/views.open", fmt.Sprintf(`{"trigger_id":%q,"view":%s}`, trigger, view))["error"]
	}
	require.Equal(t, "invalid_trigger_id", openView("x", modal))
	trigger, to := press()
	for _, bad := range []string{`{"type":"home"}`, strings.Replace(modal, `"T"`, `"`+strings.Repeat("T", 25)+`"`, 1),
		strings.Replace(modal, `"submit"`, `"submits"`, 1), strings.Replace(modal, `"type":"modal"`, `"type":"modal","private_metadata":"`+strings.Repeat("x", 3001)+`"`, 1)} {
		require.Equal(t, "invalid_arguments", openView(trigger, bad))
	}
	require.Nil(t, openView(trigger, modal))
	require.Equal(t, "exchanged_trigger_id", openView(trigger, modal), "a trigger serves once")
	late, _ := press()
	b.now = b.now.Add(4 * time.Second)
	require.Equal(t, "expired_trigger_id", openView(late, modal), "three seconds")

	for range 5 {
		require.Equal(t, true, b.json(t, to, `{"text":"t"}`)["ok"])
	}
	require.Equal(t, "used_url", b.json(t, to, `{"text":"t"}`)["error"], "five times")
	_, to = press()
	b.now = b.now.Add(31 * time.Minute)
	require.Equal(t, "used_url", b.json(t, to, `{"text":"t"}`)["error"], "half an hour")
}

// TestAPressIsOfWhatIsThere: and a failing answer is seen as one.
func TestAPressIsOfWhatIsThere(t *testing.T) {
	b := start(t)
	hook := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(hook.Close)
	b.SetCallback(hook.URL, b.server.URL)
	ts := b.form(t, "chat.postMessage", "channel", "DU1", "blocks", "["+buttons+"]")["ts"].(string)
	b.views["V1"] = &view{id: "V1", user: "U1", Blocks: []block{{Type: "input", BlockID: "b"}}}
	for _, p := range []simphone.Press{{Message: "x", Button: "a"}, {Message: ts, Button: "x"}, {Message: ts, Operator: "U1", Button: "a"},
		{Message: "V1", Operator: "U2", Reason: "r"}, {Message: "V1", Operator: "U1"}, {Message: "V1", Operator: "U1", Reason: "r"}} {
		require.False(t, b.PressOn(t.Context(), p).OK, "%+v", p)
	}
	require.False(t, b.Challenge(t.Context()))
}
