package server_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	feishu "github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/simphone"
	wecomsim "github.com/countersign/countersign/adapters/im/wecom/sim"
	"github.com/countersign/countersign/domain/org"
)

// push is a press before it goes over the line: who presses, and what the button carries.
type push struct {
	who, message      string // the platform's ids
	card, token, says string // says is a verdict
	tenant, app       string // "" = ours
}

// wire is a press on the line: a request, or a frame of a stream.
type wire struct {
	query  url.Values
	header map[string]string
	body   string
}

// turned is the wire with one character of its body another one.
func (w wire) turned(at string) wire {
	n := strings.Index(w.body, at) + len(at)
	other := "A"
	if w.body[n:n+1] == other {
		other = "B"
	}
	w.body = w.body[:n] + other + w.body[n+1:]
	return w
}

// without is the wire without a header.
func (w wire) without(header string) wire {
	w.header = maps.Clone(w.header)
	delete(w.header, header)
	return w
}

// with is the wire with another header.
func (w wire) with(header, value string) wire {
	w = w.without(header)
	w.header[header] = value
	return w
}

// line is one platform as whoever presses, and whoever only pretends to, reaches the house.
type line struct {
	platform

	clock *clock
	url   string                                           // of the hook
	held  func(t *testing.T, person, document string) push // the approve button of a card in their hand
	made  func(p push) wire                                // as the platform makes it, now
	lies  map[string]func(t *testing.T, p push) wire       // what does not come from the platform as it is
	heard map[string]bool                                  // of these, those that are answered with 200, and tell nothing
	never map[string]string                                // the lies that cannot be told here, and why
	said  func(t *testing.T, p push, answer []byte) string // what whoever pressed is told; nil for nothing
	frame func(t *testing.T, w wire) (string, bool)        // gives a frame to the house, where it is no request
}

// clock is a simulator's: it can be an hour late, and runs ahead of how often it lets
// itself be asked.
type clock struct {
	late  atomic.Bool
	ahead atomic.Int64 // seconds
}

func (c *clock) now() time.Time {
	at := time.Now().Add(time.Duration(c.ahead.Load()) * time.Second)
	if c.late.Load() {
		at = at.Add(-time.Hour)
	}
	return at
}

// anHourAgo makes a wire as it was made an hour ago.
func (c *clock) anHourAgo(made func(p push) wire) func(*testing.T, push) wire {
	return func(_ *testing.T, p push) wire {
		c.late.Store(true)
		defer c.late.Store(false)
		return made(p)
	}
}

// lines are all platforms, DingTalk by both ways.
func lines(people *org.Snapshot) map[string]func(t *testing.T) *line {
	return map[string]func(t *testing.T) *line{
		"wecom": func(t *testing.T) *line { return wecomLine(t, people) }, "feishu": func(*testing.T) *line { return feishuLine(people) },
		"slack": func(*testing.T) *line { return slackLine(people) }, "dingtalk": func(*testing.T) *line { return dingtalkLine(people, "") },
		"dingtalk over HTTP": func(*testing.T) *line { return dingtalkLine(people, "to be registered") },
	}
}

// send gives a wire to the house, and says what that answers. A frame has no status of HTTP
// but a code of its own, which is 404 where nothing here is meant.
func (l *line) send(t *testing.T, w wire) (int, []byte) {
	t.Helper()
	if l.frame != nil && w.header["topic"] != "" {
		answer, ok := l.frame(t, w)
		if !ok {
			return http.StatusNotFound, nil
		}
		return http.StatusOK, []byte(answer)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+"?"+w.query.Encode(), strings.NewReader(w.body))
	require.NoError(t, err)
	for name, value := range w.header {
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	_, err = recorder.Body.ReadFrom(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, recorder.Body.Bytes()
}

func textOf(t *testing.T, v any) string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// wecomLine has a second simulator for each secret that a liar does not have.
func wecomLine(t *testing.T, people *org.Snapshot) *line {
	var c clock
	opened := func(o wecomsim.Options) *wecomsim.Server {
		o.Now, o.RetryAfter = c.now, time.Millisecond
		s, err := wecomsim.New(o)
		require.NoError(t, err)
		return s
	}
	s := opened(wecomsim.Options{})
	t.Cleanup(s.Close)
	for id, p := range people.People {
		s.Join(wecomsim.Member{ID: phoneOf(id), Name: p.Name, Email: p.Email, Disabled: !p.Active})
	}
	from := func(s *wecomsim.Server) func(p push) wire {
		return func(p push) wire {
			told, err := s.Pressed(p.who, p.card, p.says+":"+p.token)
			require.NoError(t, err)
			return wire{query: told.Query, body: string(told.Body)}
		}
	}
	by := func(o wecomsim.Options) func(*testing.T, push) wire {
		return func(_ *testing.T, p push) wire { return from(opened(o))(p) }
	}
	l := &line{made: from(s), clock: &c}
	l.platform = platform{config: wecomConfig("", "wecom"), account: phoneOf, serve: s, ready: func() {},
		at: func(base, hook string) { s.SetCallback(hook) }}
	l.held = func(t *testing.T, person, document string) push {
		for _, card := range s.Cards(phoneOf(person)) {
			if strings.HasSuffix(card.URL, document) {
				_, token, _ := strings.Cut(keyOf(card, "同意"), ":")
				return push{who: phoneOf(person), message: card.Task, card: card.Task, token: token, says: "approve"}
			}
		}
		t.Fatalf("%s has no card of %s", person, document)
		return push{}
	}
	signed := func(change func(url.Values)) func(*testing.T, push) wire {
		return func(_ *testing.T, p push) wire {
			w := l.made(p)
			change(w.query)
			return w
		}
	}
	l.lies = map[string]func(*testing.T, push) wire{
		"a forged signature":   by(wecomsim.Options{Token: "another"}),
		"no signature":         signed(func(q url.Values) { q.Del("msg_signature") }),
		"two signatures":       signed(func(q url.Values) { q.Add("msg_signature", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3") }),
		"another timestamp":    signed(func(q url.Values) { q.Set("timestamp", q.Get("timestamp")+"0") }),
		"a tampered body":      func(_ *testing.T, p push) wire { return l.made(p).turned("<Encrypt><![CDATA[") },
		"another press's body": func(_ *testing.T, p push) wire { w := l.made(p); w.body = l.made(p).body; return w },
		"an hour old":          c.anHourAgo(l.made),
		"another key":          by(wecomsim.Options{Key: "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"}),
		"another tenant":       by(wecomsim.Options{Corp: "ww-other"}),
		"another app":          by(wecomsim.Options{Agent: 1000003}),
		"wrapped again": func(t *testing.T, p push) wire {
			told, err := s.Tell([]byte(l.made(p).body), time.Now())
			require.NoError(t, err)
			return wire{query: told.Query, body: string(told.Body)}
		},
	}
	l.heard = map[string]bool{"another app": true, "wrapped again": true} // they are WeCom's, and no press of a card of ours
	return l
}

func feishuLine(people *org.Snapshot) *line {
	var c clock
	base := platforms(people)["feishu"]()
	config := feishu.Config{AppID: "cli", AppSecret: "s", VerificationToken: "v", EncryptKey: "k", TenantKey: "t", Patience: time.Minute,
		Now: c.now}
	for id, p := range people.People {
		config.People = append(config.People, feishu.Person{OpenID: "ou_" + id, Name: p.Name, Email: p.Email, Resigned: !p.Active})
	}
	s := feishu.New(config)
	base.serve, base.phone, base.press, base.at = s, &s.Phone, s.PressOn, func(_, hook string) { s.SetCallback(hook) }
	l := &line{platform: base, clock: &c}
	inside := func(p push) map[string]any {
		in := s.Inside("card.action.trigger", map[string]any{"token": "c-press", "host": "im_message",
			"operator": map[string]string{"tenant_key": cmp.Or(p.tenant, "t"), "open_id": p.who},
			"action":   map[string]any{"tag": "button", "name": p.says, "value": map[string]string{"card": p.card, "token": p.token, "verdict": p.says}},
			"context":  map[string]string{"open_message_id": p.message, "open_chat_id": "oc"}})
		header := in["header"].(map[string]any)
		header["tenant_key"], header["app_id"] = cmp.Or(p.tenant, "t"), cmp.Or(p.app, "cli")
		return in
	}
	line := func(c feishu.Callback) wire { return wire{header: c.Header, body: string(c.Body)} }
	l.made = func(p push) wire { return line(s.Wrap(inside(p))) }
	l.held = func(t *testing.T, person, document string) push {
		o := onPlatform{platform: base}
		m := o.message(t, person, document)
		in, _, refused := s.PressEvent(simphone.Press{Message: m.ID, Operator: base.account(person), Button: "approve"})
		require.Empty(t, refused)
		var v struct{ Card, Token, Verdict string }
		require.NoError(t, json.Unmarshal([]byte(textOf(t, in["event"].(map[string]any)["action"].(map[string]any)["value"])), &v))
		return push{who: base.account(person), message: m.ID, card: v.Card, token: v.Token, says: v.Verdict}
	}
	other := config
	other.EncryptKey = "another"
	stranger := feishu.New(other)
	const signature, at, nonce = "X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"
	l.lies = map[string]func(*testing.T, push) wire{
		"a forged signature":   func(_ *testing.T, p push) wire { return l.made(p).with(signature, strings.Repeat("0", 64)) },
		"no signature":         func(_ *testing.T, p push) wire { return l.made(p).without(signature) },
		"another timestamp":    func(_ *testing.T, p push) wire { w := l.made(p); return w.with(at, w.header[at]+"0") },
		"another nonce":        func(_ *testing.T, p push) wire { return l.made(p).with(nonce, "another") },
		"a tampered body":      func(_ *testing.T, p push) wire { return l.made(p).turned(`"encrypt":"`) },
		"another press's body": func(_ *testing.T, p push) wire { w := l.made(p); w.body = l.made(p).body; return w },
		"a lengthened body":    func(_ *testing.T, p push) wire { w := l.made(p); w.body += `{"encrypt":"x"}`; return w },
		"an hour old":          c.anHourAgo(l.made),
		"another key":          func(_ *testing.T, p push) wire { return line(stranger.Wrap(inside(p))) },
		"another key, signed with ours": func(_ *testing.T, p push) wire {
			w := line(stranger.Wrap(inside(p)))
			return w.with(signature, feishu.Sign(w.header[at], w.header[nonce], "k", []byte(w.body)))
		},
		"another verification token": func(_ *testing.T, p push) wire {
			in := inside(p)
			in["header"].(map[string]any)["token"] = "another"
			return line(s.Wrap(in))
		},
		"another tenant": func(_ *testing.T, p push) wire { p.tenant = "t2"; return l.made(p) },
		"another app":    func(_ *testing.T, p push) wire { p.app = "cli2"; return l.made(p) },
		"not encrypted": func(t *testing.T, p push) wire {
			w := l.made(p)
			w.body = textOf(t, inside(p))
			return w.with(signature, feishu.Sign(w.header[at], w.header[nonce], "k", []byte(w.body)))
		},
		"wrapped again": func(_ *testing.T, p push) wire { return line(s.Wrap(json.RawMessage(l.made(p).body))) },
	}
	l.said = func(t *testing.T, _ push, answer []byte) string {
		var got struct {
			Toast struct{ Type, Content string }
		}
		require.NoError(t, json.Unmarshal(answer, &got), string(answer))
		return got.Toast.Type + ": " + got.Toast.Content
	}
	return l
}
