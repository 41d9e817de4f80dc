package server_test

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dingtalk "github.com/countersign/countersign/adapters/im/dingtalk/sim"
	"github.com/countersign/countersign/adapters/im/simphone"
	slack "github.com/countersign/countersign/adapters/im/slack/sim"
	"github.com/countersign/countersign/domain/org"
)

func slackLine(people *org.Snapshot) *line {
	var c clock
	base := platforms(people)["slack"]()
	config := slack.Config{AppID: "A1", TeamID: "T1", BotToken: "xoxb", SigningSecret: "v", ClientID: "1.2", ClientSecret: "k",
		Patience: time.Minute, Now: c.now}
	for id, p := range people.People {
		config.People = append(config.People, slack.Person{ID: "U" + id, Name: p.Name, Email: p.Email, Deleted: !p.Active})
	}
	s := slack.New(config)
	base.serve, base.phone, base.press = s, &s.Phone, s.PressOn
	base.at = func(at, hook string) { s.SetCallback(hook, at) }
	l := &line{platform: base, clock: &c}
	var first string // a message of the app, for a payload to begin with
	payload := func(p push) map[string]any {
		in, refused := s.Pressed(simphone.Press{Message: first, Operator: p.who, Button: "approve"})
		if refused != "" {
			panic(refused)
		}
		in["api_app_id"] = cmp.Or(p.app, "A1")
		in["team"] = map[string]string{"id": cmp.Or(p.tenant, "T1")}
		in["container"].(map[string]any)["message_ts"] = p.message
		action := in["actions"].([]map[string]any)[0]
		text, err := json.Marshal(map[string]string{"c": p.card, "t": p.token})
		if err != nil {
			panic(err)
		}
		action["action_id"], action["value"] = p.says, string(text)
		return in
	}
	line := func(c slack.Callback) wire { return wire{header: c.Header, body: c.Body} }
	l.made = func(p push) wire { return line(s.Interaction(payload(p))) }
	l.held = func(t *testing.T, person, document string) push {
		m := onPlatform{platform: base}.message(t, person, document)
		first = m.ID
		in, refused := s.Pressed(simphone.Press{Message: m.ID, Operator: base.account(person), Button: "approve"})
		require.Empty(t, refused)
		var v struct{ C, T string }
		require.NoError(t, json.Unmarshal([]byte(in["actions"].([]map[string]any)[0]["value"].(string)), &v))
		return push{who: base.account(person), message: m.ID, card: v.C, token: v.T, says: "approve"}
	}
	other := config
	other.SigningSecret = "another"
	stranger := slack.New(other)
	const signature, at, form = "X-Slack-Signature", "X-Slack-Request-Timestamp", "application/x-www-form-urlencoded"
	l.lies = map[string]func(*testing.T, push) wire{
		"a forged signature":   func(_ *testing.T, p push) wire { return line(stranger.Interaction(payload(p))) },
		"no signature":         func(_ *testing.T, p push) wire { return l.made(p).without(signature) },
		"another timestamp":    func(_ *testing.T, p push) wire { w := l.made(p); return w.with(at, w.header[at]+"0") },
		"a tampered body":      func(_ *testing.T, p push) wire { return l.made(p).turned("%22user%22%3A%7B%22id%22%3A%22") },
		"another press's body": func(_ *testing.T, p push) wire { w := l.made(p); w.body = l.made(p).body; return w },
		"an hour old":          c.anHourAgo(l.made),
		"another key":          func(_ *testing.T, p push) wire { return line(stranger.Wrap(form, l.made(p).body)) },
		"another tenant":       func(_ *testing.T, p push) wire { p.tenant = "T2"; return l.made(p) },
		"another app":          func(_ *testing.T, p push) wire { p.app = "A2"; return l.made(p) },
		"wrapped again": func(_ *testing.T, p push) wire {
			return line(s.Wrap(form, url.Values{"payload": {l.made(p).body}}.Encode()))
		},
		"two of them": func(_ *testing.T, p push) wire {
			body := l.made(p).body
			return line(s.Wrap(form, body+"&"+body))
		},
	}
	l.said = func(t *testing.T, _ push, _ []byte) string { // by its own way, to them alone
		var note string
		require.Eventually(t, func() bool {
			m, _ := s.Phone.Message(first)
			if len(m.Notes) > 0 {
				note = m.Notes[len(m.Notes)-1]
			}
			return note != ""
		}, time.Minute, 5*time.Millisecond)
		s.Phone.Change(first, func(m *simphone.Message) { m.Notes = nil })
		return note
	}
	return l
}

// dingtalkLine is over a stream, or where there is a callback over HTTP, whose signature
// covers nothing but a timestamp.
func dingtalkLine(people *org.Snapshot, callback string) *line {
	var c clock
	base := platforms(people)["dingtalk"]()
	config := dingtalk.Config{AppKey: "ding", AppSecret: "s", CorpID: "t", Template: "card", Robot: "ding", Patience: time.Minute,
		Token: "tok", AESKey: "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", Now: c.now}
	for id, p := range people.People {
		config.People = append(config.People, dingtalk.Person{UserID: "d_" + id, Name: p.Name, Email: p.Email, UnionID: "u_" + id,
			Department: 1, Inactive: !p.Active})
	}
	s := dingtalk.New(config)
	base.serve, base.phone, base.press, base.ready = s, &s.Phone, s.PressOn, func() {}
	l := &line{platform: base, clock: &c}
	body := func(p push) string {
		content, err := json.Marshal(map[string]any{"cardPrivateData": map[string]any{"actionIds": []string{p.says},
			"params": map[string]string{"token": p.token}}})
		if err != nil {
			panic(err)
		}
		text, err := json.Marshal(map[string]any{"type": "actionCallback", "outTrackId": p.message, "corpId": cmp.Or(p.tenant, "t"),
			"userId": p.who, "userIdType": 1, "content": string(content)})
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	var first string // a card of the app, which knows what presses are signed with
	l.held = func(t *testing.T, person, document string) push {
		m := onPlatform{platform: base}.message(t, person, document)
		first = m.ID
		text, refused := s.Body(simphone.Press{Message: m.ID, Operator: base.account(person), Button: "approve"})
		require.Empty(t, refused)
		var in struct{ Content string }
		var v struct {
			CardPrivateData struct{ Params struct{ Token string } }
		}
		require.NoError(t, json.Unmarshal(text, &in))
		require.NoError(t, json.Unmarshal([]byte(in.Content), &v))
		return push{who: base.account(person), message: m.ID, card: m.ID, token: v.CardPrivateData.Params.Token, says: "approve"}
	}
	l.said = func(t *testing.T, _ push, answer []byte) string {
		var got struct {
			Response        json.RawMessage
			UserPrivateData struct{ CardParamMap map[string]string }
		}
		require.NoError(t, json.Unmarshal(answer, &got), string(answer))
		if got.Response != nil {
			require.NoError(t, json.Unmarshal(got.Response, &got))
		}
		return got.UserPrivateData.CardParamMap["notice"]
	}
	event := func(c dingtalk.Callback) wire { return wire{query: c.Query, header: c.Header, body: string(c.Body)} }
	if callback == "" {
		return dingtalkStream(l, s, body)
	}
	l.config.Token, l.config.Key = "tok", "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus"
	l.config.Options = map[string]string{"template": "card", "callback": callback}
	l.made = func(p push) wire { return event(s.HTTPPress(first, []byte(body(p)))) }
	other := config
	other.AESKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	stranger := dingtalk.New(other)
	const signature, at = "x-ddpaas-signature", "x-ddpaas-signature-timestamp"
	l.lies = map[string]func(*testing.T, push) wire{
		"a forged signature": func(_ *testing.T, p push) wire {
			w := l.made(p)
			return w.with(signature, dingtalk.SignPress("another", w.header[at]))
		},
		"no signature":      func(_ *testing.T, p push) wire { return l.made(p).without(signature) },
		"another timestamp": func(_ *testing.T, p push) wire { w := l.made(p); return w.with(at, w.header[at]+"0") },
		"a tampered body": func(t *testing.T, p push) wire { // under the signature of a press that was heard
			w := l.made(push{who: "d_chen", message: p.message, token: "none", says: "approve"})
			status, _ := l.send(t, w)
			require.Equal(t, 200, status)
			w.body = body(p)
			return w
		},
		"an hour old":    c.anHourAgo(l.made),
		"another key":    func(_ *testing.T, p push) wire { return event(stranger.Event(json.RawMessage(body(p)))) },
		"another tenant": func(_ *testing.T, p push) wire { p.tenant = "t2"; return l.made(p) },
		"wrapped again":  func(_ *testing.T, p push) wire { return event(s.Event(json.RawMessage(body(p)))) },
		"two of them": func(_ *testing.T, p push) wire {
			return event(s.HTTPPress(first, []byte(body(p)+body(p))))
		},
	}
	l.heard = map[string]bool{"wrapped again": true} // it is an event of DingTalk's, and those do nothing
	l.never = map[string]string{"another app": "a press does not name its app: its secret signs"}
	return l
}

// dingtalkStream is the line that the house opened, with a ticket that only the app's
// secret gets: a frame on it has no signature and no ciphertext of its own.
func dingtalkStream(l *line, s *dingtalk.Sim, body func(push) string) *line {
	const callback, topic = "CALLBACK", "/v1.0/card/instances/callback"
	frame := func(kind, topic, data string) wire {
		return wire{header: map[string]string{"kind": kind, "topic": topic}, body: data}
	}
	l.ready = func() { s.Connections(1) }
	l.frame = func(t *testing.T, w wire) (string, bool) {
		return s.Tell(t.Context(), w.header["kind"], w.header["topic"], w.body)
	}
	l.made = func(p push) wire { return frame(callback, topic, body(p)) }
	l.lies = map[string]func(*testing.T, push) wire{
		"no signature":   func(_ *testing.T, p push) wire { return wire{body: body(p)} }, // a request, and no frame
		"another tenant": func(_ *testing.T, p push) wire { p.tenant = "t2"; return l.made(p) },
		"another topic":  func(_ *testing.T, p push) wire { return frame(callback, "/v1.0/im/bot/messages/get", body(p)) },
		"another kind":   func(_ *testing.T, p push) wire { return frame("EVENT", topic, body(p)) },
		"wrapped again": func(t *testing.T, p push) wire {
			return frame(callback, topic, strings.Replace(body(p), `"content":"`, `"content":`+textOf(t, body(p))+`,"was":"`, 1))
		},
		"two of them": func(_ *testing.T, p push) wire { return frame(callback, topic, body(p)+body(p)) },
	}
	l.heard = map[string]bool{"another kind": true} // events are DingTalk's, and do nothing
	l.never = map[string]string{
		"a forged signature": "a frame has none: who is at the other end was proved when the line was opened",
		"a tampered body":    "TLS carries it", "an hour old": "what was not acknowledged comes again, however late",
		"another key": "nothing is encrypted but the line", "another app": "a line is one app's",
	}
	return l
}
