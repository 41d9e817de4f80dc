package dingtalk_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/dingtalk"
	"github.com/countersign/countersign/adapters/im/dingtalk/sim"
	"github.com/countersign/countersign/adapters/im/imtest"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/domain/fault"
)

const aesKey = "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus"

// company is a simulated company with our app in it, and what its callback heard.
type company struct {
	*sim.Sim
	app  *dingtalk.App
	hook *httptest.Server

	mutex sync.Mutex
	now   time.Time
	heard []port.Click
	toast port.Toast
}

// open makes one whose presses come over HTTP, or over a stream.
func open(t *testing.T, overHTTP bool) *company {
	t.Helper()
	w := &company{now: time.Now(), toast: port.Toast{OK: true, Words: "已同意"}}
	w.Sim = sim.New(sim.Config{AppKey: "ding_1", AppSecret: "hush-secret", CorpID: "corp_1", Token: "etok", AESKey: aesKey,
		Template: "t.schema", Robot: "ding_1", Patience: time.Minute, Now: w.clock, Departments: []sim.Department{{ID: 2, Parent: 1}, {ID: 3, Parent: 2}},
		People: []sim.Person{{UserID: "li", UnionID: "u-li", Name: "李娜", Email: "li@example.com", JobNumber: "E1", Department: 1},
			{UserID: "wu", UnionID: "u-wu", Name: "吴刚", Email: "wu@example.com", JobNumber: "E2", Department: 2},
			{UserID: "chen", UnionID: "u-chen", Name: "陈晨", Department: 3}, {UserID: "zhao", UnionID: "u-zhao", Department: 3},
			{UserID: "sun", UnionID: "u-sun", Name: "孙权", Department: 3, Inactive: true},
			{UserID: "out", UnionID: "u-out", Hidden: true}}})
	server := httptest.NewServer(w.Sim)
	t.Cleanup(server.Close)
	w.hook = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.hook.Close)
	options := map[string]string{"template": "t.schema"}
	if overHTTP {
		options["callback"] = w.hook.URL
	}
	opened, err := dingtalk.Open(port.Config{Name: "钉钉", URL: server.URL, App: "ding_1", Secret: "hush-secret", Token: "etok",
		Key: aesKey, Tenant: "corp_1", Options: options})
	require.NoError(t, err)
	if overHTTP {
		w.app = opened.(*dingtalk.App)
		return w
	}
	w.app = opened.(dingtalk.Streaming).App
	return w
}

func (w *company) clock() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *company) hear(_ context.Context, c port.Click) port.Toast {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.heard = append(w.heard, c)
	return w.toast
}

func (w *company) serve(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	heard, err := w.app.Hear(r.Context(), port.Request{Method: r.Method, Query: r.URL.Query(), Header: r.Header, Body: body,
		At: w.clock()})
	if err != nil {
		http.Error(out, "", http.StatusForbidden)
		return
	}
	toast := port.Toast{}
	for _, c := range heard.Clicks {
		toast = w.hear(r.Context(), c)
	}
	answer := heard.Reply(toast)
	out.Header().Set("Content-Type", answer.Type)
	out.WriteHeader(answer.Status)
	_, _ = out.Write(answer.Body)
}

func request(c sim.Callback, at time.Time) port.Request {
	r := port.Request{Method: http.MethodPost, Query: c.Query, Header: http.Header{}, Body: c.Body, At: at}
	for name, value := range c.Header {
		http.Header(r.Header).Set(name, value)
	}
	return r
}

// TestConformance proves that DingTalk keeps what the port promises, over HTTP. The
// press is heard once before anything is forged of it: the platform's signature
// covers the timestamp alone, and only a timestamp that has its body protects.
func TestConformance(t *testing.T) {
	imtest.Run(t, func(t *testing.T) imtest.Fixture {
		w := open(t, true)
		plan := func(kind string) func() {
			return func() { w.Faults.Set(simphone.Fault{Kind: kind, Op: "send", Count: 1}) }
		}
		header := func(name string, values ...string) func(*port.Request) {
			return func(r *port.Request) { r.Header[name] = values }
		}
		return imtest.Fixture{
			Port: w.app, To: "li", Other: "wu", Stranger: "out", Seen: imtest.OnPhone(&w.Phone),
			Press: func(t *testing.T, who string, _ port.Card, b port.Button, _ string) port.Request {
				track := w.Phone.Messages("")[0].ID
				body, refused := w.Body(simphone.Press{Message: track, Operator: who, Button: string(b.Verdict)})
				require.Empty(t, refused)
				r := request(w.HTTPPress(track, body), w.clock())
				_, err := w.app.Hear(t.Context(), r)
				require.NoError(t, err)
				return r
			},
			Stale: func(*testing.T) port.Request {
				return request(w.Event(map[string]string{"EventType": "check_url"}), w.clock().Add(2*time.Hour))
			},
			Lose: plan("drop-after"), Limit: plan("rate-limit"), Fail: plan("error-before"), End: w.ExpireTokens,
			SignIn: func(who string) string { return w.Code("u-" + who) },
			Unsigned: map[string]func(*port.Request){
				"another time": header("X-Ddpaas-Signature-Timestamp", strconv.FormatInt(w.clock().UnixMilli()+1, 10)),
				"no time":      header("X-Ddpaas-Signature-Timestamp"), "no signature": header("X-Ddpaas-Signature"),
				"two signatures": header("X-Ddpaas-Signature", "a", "b"),
				"replayed later": func(r *port.Request) { r.At = r.At.Add(6 * time.Minute) },
			},
		}
	})
}

func ask(id string) port.Card {
	c := imtest.Asked(id)
	c.Rows = append(c.Rows, port.Row{Name: "申请人", Value: "**王** <at>all</at> [点我](https://bad.example)"})
	c.Buttons = append(c.Buttons, port.Button{Verdict: port.Reject, Words: "拒绝", Token: "tok-reject", Ask: "原因"})
	return c
}

// TestACardIsPressedOverAStream: nobody needs to reach us; what is not acknowledged
// comes again as the same event; pings are echoed; a connection is opened anew.
func TestACardIsPressedOverAStream(t *testing.T) {
	w := open(t, false)
	ctx, end := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	listening.Go(func() { port.KeepListening(ctx, dingtalk.Streaming{App: w.app}, w.hear, func(error) {}) })
	defer listening.Wait()
	defer end()
	w.Connections(1)
	echo, ok := w.Ping(t.Context())
	require.True(t, ok)
	require.Equal(t, `{"opaque":"1"}`, echo)

	sent, err := w.app.Send(t.Context(), "li", ask("c1"))
	require.NoError(t, err)
	m, _ := w.Phone.Message(sent.Message)
	require.Len(t, m.Card.Buttons, 1, "a reason cannot be written on the card: the page asks for it")
	done := ask("c1")
	done.State = "李娜已同意"
	w.toast.Card = &done
	told := w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "wu", Button: "approve"})
	require.Equal(t, simphone.Told{Status: 200, OK: true, Words: "已同意"}, told)
	require.Len(t, w.heard, 1)
	click := w.heard[0]
	require.Equal(t, "wu", click.Operator)
	require.Equal(t, "tok-c1", click.Token)
	require.Equal(t, port.Approve, click.Verdict)
	require.Equal(t, sent.Message, click.Sent.Message)
	m, _ = w.Phone.Message(sent.Message)
	require.Empty(t, m.Card.Buttons, "the answer changed the card")

	require.NoError(t, w.app.Update(t.Context(), sent, ask("c1")))
	w.LoseAcks(1)
	require.True(t, w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "li", Button: "approve"}).OK)
	require.Len(t, w.heard, 3)
	require.Equal(t, w.heard[1].Event, w.heard[2].Event, "the same message again is the same event")
	require.NotEqual(t, w.heard[0].Event, w.heard[1].Event)

	body, _ := json.Marshal(map[string]any{"type": "actionCallback", "corpId": "corp_2", "userId": "li", "outTrackId": "x",
		"content": `{"cardPrivateData":{"actionIds":["approve"],"params":{"token":"tok-c1"}}}`})
	_, ok = w.Tell(t.Context(), "CALLBACK", "/v1.0/card/instances/callback", string(body))
	require.False(t, ok, "another company")
	_, ok = w.Tell(t.Context(), "CALLBACK", "/v1.0/im/bot/messages/get", "{}")
	require.False(t, ok, "nothing of ours")
	status, ok := w.Tell(t.Context(), "EVENT", "*", "{}")
	require.True(t, ok)
	require.JSONEq(t, `{"status":"SUCCESS","message":""}`, status)
	require.Len(t, w.heard, 3)

	w.Disconnect()
	w.Connections(0)
	w.Connections(1)
	_, ok = w.Ping(t.Context())
	require.True(t, ok)
}

// TestPressesAndEventsOverHTTP: the simulator's own way round, through an address that we registered.
func TestPressesAndEventsOverHTTP(t *testing.T) {
	w := open(t, true)
	sent, err := w.app.Send(t.Context(), "li", ask("c1"))
	require.NoError(t, err)
	told := w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "li", Button: "approve"})
	require.Equal(t, simphone.Told{Status: 200, OK: true, Words: "已同意"}, told)
	require.Len(t, w.heard, 1)
	require.True(t, w.Deliver(t.Context(), w.hook.URL, w.Event(map[string]string{"EventType": "check_url"})),
		"the answer is a sealed «success»")
	require.Len(t, w.Journal.Entries("register"), 1)
	gone := w.app.Update(t.Context(), port.Sent{Message: "none"}, ask("c1"))
	require.Equal(t, port.CodeCardGone, fault.CodeOf(gone))
}

// TestASignInNamesOnlyOurPeople: a code of somebody of DingTalk who is not in the company.
func TestASignInNamesOnlyOurPeople(t *testing.T) {
	w := open(t, false)
	_, err := w.app.WhoIs(t.Context(), w.Code("u-stranger"), port.Attempt{})
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
	w.Faults.Set(simphone.Fault{Kind: "error-before", Op: "code", Count: 1})
	_, err = w.app.WhoIs(t.Context(), w.Code("u-li"), port.Attempt{})
	require.Equal(t, port.CodeUnavailable, fault.CodeOf(err))
}

// TestConfigurationIsRefusedWithItsKey by name.
func TestConfigurationIsRefusedWithItsKey(t *testing.T) {
	for name, spoil := range map[string]func(*port.Config){
		"app": func(c *port.Config) { c.App = "" }, "secret": func(c *port.Config) { c.Secret = "" },
		"tenant": func(c *port.Config) { c.Tenant = "" }, "options.template": func(c *port.Config) { c.Options = nil },
		"key": func(c *port.Config) { c.Key = "short" }, "token": func(c *port.Config) { c.Token = "" },
		"url":            func(c *port.Config) { c.URL = "nowhere" },
		"options.colour": func(c *port.Config) { c.Options["colour"] = "red" },
	} {
		c := port.Config{Name: "d", App: "a", Secret: "s", Token: "t", Key: aesKey, Tenant: "n",
			Options: map[string]string{"template": "t"}}
		spoil(&c)
		_, err := dingtalk.Open(c)
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err), name)
		require.ErrorContains(t, err, name)
	}
}
