package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/imtest"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/adapters/im/slack"
	"github.com/countersign/countersign/adapters/im/slack/sim"
	"github.com/countersign/countersign/domain/fault"
)

const signing = "8f742231b10e8888abcd99yyyzzz85a5"

// workspace is a simulated workspace with our app in it, and what its callback heard.
type workspace struct {
	*sim.Sim
	app *slack.App

	mutex sync.Mutex
	now   time.Time
	heard []port.Click
	toast port.Toast
}

func open(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{now: time.Now(), toast: port.Toast{OK: true, Words: "Approved"}}
	w.Sim = sim.New(sim.Config{AppID: "A1", TeamID: "T1", BotToken: "xoxb-hush", SigningSecret: signing, ClientID: "1.2",
		ClientSecret: "hush-client", Now: w.clock, Patience: time.Minute, People: []sim.Person{
			{ID: "ULI", Name: "Li Na", Email: "li@example.com"}, {ID: "UWU", Name: "Wu Gang", Email: "wu@example.com"},
			{ID: "UBOT", Name: "bot", Bot: true}, {ID: "UGONE", Name: "Gone", Deleted: true},
			{ID: "UCHEN", Name: "Chen"}, {ID: "UOUT", Hidden: true}}})
	server := httptest.NewServer(w.Sim)
	t.Cleanup(server.Close)
	hook := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(hook.Close)
	w.SetCallback(hook.URL, server.URL)
	opened, err := slack.Open(port.Config{Name: "Slack", URL: server.URL, App: "A1", Secret: "xoxb-hush", Token: signing,
		Key: "hush-client", Tenant: "T1", Options: map[string]string{"client_id": "1.2"}})
	require.NoError(t, err)
	w.app = opened.(*slack.App)
	return w
}

func (w *workspace) clock() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *workspace) serve(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	heard, err := w.app.Hear(r.Context(), port.Request{Method: r.Method, Header: r.Header, Body: body, At: w.clock()})
	if err != nil {
		http.Error(out, "", http.StatusForbidden)
		return
	}
	w.mutex.Lock()
	w.heard = append(w.heard, heard.Clicks...)
	toast := w.toast
	w.mutex.Unlock()
	answer := heard.Reply(toast)
	if answer.Type != "" {
		out.Header().Set("Content-Type", answer.Type)
	}
	out.WriteHeader(answer.Status)
	_, _ = out.Write(answer.Body)
}

func request(c sim.Callback, at time.Time) port.Request {
	r := port.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(c.Body), At: at}
	for name, value := range c.Header {
		http.Header(r.Header).Set(name, value)
	}
	return r
}

// TestConformance proves that Slack keeps what the port promises.
func TestConformance(t *testing.T) {
	imtest.Run(t, func(t *testing.T) imtest.Fixture {
		w := open(t)
		plan := func(kind string) func() {
			return func() { w.Faults.Set(simphone.Fault{Kind: kind, Op: "send", Count: 1}) }
		}
		header := func(name string, values ...string) func(*port.Request) {
			return func(r *port.Request) { r.Header[name] = values }
		}
		return imtest.Fixture{
			Port: w.app, To: "ULI", Other: "UWU", Stranger: "UOUT", Seen: imtest.OnPhone(&w.Phone),
			Press: func(t *testing.T, who string, _ port.Card, b port.Button, _ string) port.Request {
				payload, refused := w.Pressed(simphone.Press{Message: w.Phone.Messages("")[0].ID, Operator: who, Button: string(b.Verdict)})
				require.Empty(t, refused)
				return request(w.Interaction(payload), w.clock())
			},
			Stale: func(*testing.T) port.Request {
				return request(w.Wrap("application/json", `{"type":"url_verification","challenge":"c"}`), w.clock().Add(6*time.Minute))
			},
			Check: func(*testing.T) (port.Request, string) {
				return request(w.Wrap("application/json", `{"type":"url_verification","challenge":"c"}`), w.clock()), "c"
			},
			Lose: plan("drop-after"), Limit: plan("rate-limit"), Fail: plan("error-before"),
			SignIn: func(who string) string { return w.Code(who, "https://approvals.example.com/back") },
			Unsigned: map[string]func(*port.Request){
				"another time":   header("X-Slack-Request-Timestamp", strconv.FormatInt(w.clock().Unix()+1, 10)),
				"no time":        header("X-Slack-Request-Timestamp"),
				"no signature":   header("X-Slack-Signature"),
				"two signatures": header("X-Slack-Signature", "v0=a", "v0=b"),
			},
		}
	})
}

func ask(id string) port.Card {
	c := imtest.Asked(id)
	c.Rows = append(c.Rows, port.Row{Name: "Applicant", Value: "*Wang* <!channel> <@ULI> https://bad.example"})
	c.Buttons = append(c.Buttons, port.Button{Verdict: port.Reject, Words: "Reject", Token: "tok-reject", Ask: "Why?"})
	return c
}

// TestAReasonIsWrittenInAModal: the press opens it, and only what is sent is heard.
func TestAReasonIsWrittenInAModal(t *testing.T) {
	w := open(t)
	require.True(t, w.Challenge(t.Context()))
	sent, err := w.app.Send(t.Context(), "ULI", ask("c1"))
	require.NoError(t, err)
	m, _ := w.Phone.Message(sent.Message)
	for _, line := range m.Card.Lines {
		require.Empty(t, line.Marked, "a name is words, whatever is in it: %s", line.Text)
	}
	require.True(t, w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ULI", Button: "reject"}).OK)
	require.Empty(t, w.heard, "a reason is still owed")
	modal := w.Phone.Messages("ULI")[0]
	require.Equal(t, []simphone.Button{{Name: "submit", Words: "Reject", Asks: "Why?"}}, modal.Card.Buttons)
	submit := simphone.Press{Message: modal.ID, Operator: "ULI", Button: "submit"}
	require.False(t, w.PressOn(t.Context(), submit).OK, "Slack itself asks for it")

	w.toast = port.Toast{Words: "Say more"}
	submit.Reason = "no"
	require.Equal(t, simphone.Told{Status: 200, Words: "Say more"}, w.PressOn(t.Context(), submit), "it stays open")
	w.toast = port.Toast{OK: true}
	submit.Reason = "wrong amount"
	require.True(t, w.PressOn(t.Context(), submit).OK)
	require.Len(t, w.heard, 2)
	require.NotEqual(t, w.heard[0].Event, w.heard[1].Event, "another reason is another event")
	got := w.heard[1]
	require.Equal(t, port.Reject, got.Verdict)
	require.Equal(t, "wrong amount", got.Reason)
	require.Equal(t, "tok-reject", got.Token)
	require.Equal(t, "ULI", got.Operator)
	require.Equal(t, port.Sent{To: "ULI", Card: "c1", Message: sent.Message, Where: sent.Where}, got.Sent)

	w.Faults.Set(simphone.Fault{Kind: "error-before", Op: "modal", Count: 1})
	told := w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ULI", Button: "reject"})
	require.Equal(t, http.StatusServiceUnavailable, told.Status, "who pressed sees that it failed")
}

// TestWhoIsRefusedIsTold: to them alone, through the press's own address.
func TestWhoIsRefusedIsTold(t *testing.T) {
	w := open(t)
	sent, err := w.app.Send(t.Context(), "ULI", ask("c1"))
	require.NoError(t, err)
	w.toast = port.Toast{Words: "Not yours <!channel>"}
	require.True(t, w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "UWU", Button: "approve"}).OK)
	require.Eventually(t, func() bool {
		m, _ := w.Phone.Message(sent.Message)
		return len(m.Notes) == 1 && m.Notes[0] == "Not yours &lt;!channel&gt;"
	}, time.Minute, 5*time.Millisecond)
}

// TestALostAnswerMakesNoSecondCard: Send looks for the card before it says anything.
func TestALostAnswerMakesNoSecondCard(t *testing.T) {
	for kind, code := range map[string]string{"drop-after": "", "reset": "", "error-after": "", "garbage": "",
		"error-before": port.CodeUnknown, "drop-before": port.CodeUnknown, "rate-limit": port.CodeRateLimited} {
		w := open(t)
		_, err := w.app.Send(t.Context(), "ULI", ask("c0"))
		require.NoError(t, err)
		w.Faults.Set(simphone.Fault{Kind: kind, Op: "send", Count: 1})
		sent, err := w.app.Send(t.Context(), "ULI", ask("c1"))
		require.Equal(t, code, fault.CodeOf(err), "%s: %v", kind, err)
		if code == "" {
			require.Len(t, w.Phone.Messages("ULI"), 2, kind)
			require.Equal(t, w.Phone.Messages("ULI")[0].ID, sent.Message, "it found the right one")
			require.NoError(t, w.app.Update(t.Context(), sent, ask("c1")))
		}
	}
	w := open(t)
	w.Faults.Set(simphone.Fault{Kind: "drop-after", Op: "send", Count: 1}, simphone.Fault{Kind: "error-before", Op: "history", Count: 1})
	_, err := w.app.Send(t.Context(), "ULI", ask("c1"))
	require.Equal(t, port.CodeUnknown, fault.CodeOf(err), "it could not look")
	w.Faults.Set(simphone.Fault{Kind: "error-before", Op: "history", Count: 1})
	_, err = w.app.Send(t.Context(), "ULI", ask("c1"))
	require.Equal(t, port.CodeUnavailable, fault.CodeOf(err), "it does not send before it has looked")
	_, err = w.app.Send(t.Context(), "ULI", ask("c1"))
	require.NoError(t, err)
	require.Len(t, w.Phone.Messages("ULI"), 1)
	gone := w.app.Update(t.Context(), port.Sent{Where: "DULI", Message: "1.1"}, ask("c1"))
	require.Equal(t, port.CodeCardGone, fault.CodeOf(gone))
	long := ask("c1")
	long.Title, long.Summary = strings.Repeat("长", 400), strings.Repeat("x", 9000)
	for range 30 {
		long.Rows = append(long.Rows, port.Row{Name: "n", Value: strings.Repeat("v", 3000)})
	}
	_, err = w.app.Send(t.Context(), "ULI", long)
	require.NoError(t, err, "what is too long is cut, not refused")
}

// TestPeopleAndStrangersAtTheDoor: no bots; who left is not active; another workspace's people do not sign in.
func TestPeopleAndStrangersAtTheDoor(t *testing.T) {
	w := open(t)
	got := map[string]port.Person{}
	for cursor := ""; ; {
		page, err := w.app.People(t.Context(), cursor)
		require.NoError(t, err)
		for _, p := range page.People {
			got[p.ID] = p
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, map[string]port.Person{"ULI": {ID: "ULI", Name: "Li Na", Email: "li@example.com", Active: true},
		"UWU":   {ID: "UWU", Name: "Wu Gang", Email: "wu@example.com", Active: true},
		"UCHEN": {ID: "UCHEN", Name: "Chen", Active: true}, "UGONE": {ID: "UGONE", Name: "Gone"}}, got)
	_, err := w.app.WhoIs(t.Context(), w.Code("USTRANGER", "https://x"), port.Attempt{Redirect: "https://x"})
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
	w.Faults.Set(simphone.Fault{Kind: "error-before", Op: "code", Count: 1})
	_, err = w.app.WhoIs(t.Context(), w.Code("ULI", "https://x"), port.Attempt{Redirect: "https://x"})
	require.Equal(t, port.CodeUnavailable, fault.CodeOf(err))
}

// TestConfigurationIsRefusedWithItsKey by name.
func TestConfigurationIsRefusedWithItsKey(t *testing.T) {
	for name, spoil := range map[string]func(*port.Config){
		"app": func(c *port.Config) { c.App = "" }, "secret": func(c *port.Config) { c.Secret = "" },
		"token": func(c *port.Config) { c.Token = "" }, "key": func(c *port.Config) { c.Key = "" },
		"tenant": func(c *port.Config) { c.Tenant = "" }, "options.client_id": func(c *port.Config) { c.Options = nil },
		"url": func(c *port.Config) { c.URL = "nowhere" }, "options.colour": func(c *port.Config) { c.Options["colour"] = "x" },
	} {
		c := port.Config{Name: "s", App: "a", Secret: "s", Token: "t", Key: "k", Tenant: "n",
			Options: map[string]string{"client_id": "1"}}
		spoil(&c)
		_, err := slack.Open(c)
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err), name)
		require.ErrorContains(t, err, name)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
