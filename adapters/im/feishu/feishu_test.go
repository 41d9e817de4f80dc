package feishu_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/feishu"
	"github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/domain/fault"
)

// people are those of the simulated tenant.
var people = []sim.Person{
	{OpenID: "ou_li", Name: "李娜", Email: "li@example.com", EmployeeNo: "E1"},
	{OpenID: "ou_wu", Name: "吴刚", Email: "wu@example.com", EmployeeNo: "E2", Department: "od_a"},
	{OpenID: "ou_chen", Name: "陈晨", Email: "chen@example.com", EmployeeNo: "E3", Department: "od_b"},
	{OpenID: "ou_zhao", Name: "赵敏", Email: "zhao@example.com", EmployeeNo: "E4", Department: "od_b", Resigned: true},
	{OpenID: "ou_sun", Name: "孙权", Email: "sun@example.com", EmployeeNo: "E5", Department: "od_b"},
	{OpenID: "ou_zhou", Name: "周瑜", Email: "zhou@example.com", EmployeeNo: "E6", Department: "od_c"},
	{OpenID: "ou_out", Name: "外人", Hidden: true},
}

// tenant is a simulated tenant with our app in it, and what the app's callback heard.
type tenant struct {
	*sim.Sim
	app *feishu.App
	url string

	mutex sync.Mutex
	now   time.Time
	heard []port.Click
	toast port.Toast
	last  port.Request
}

func open(t *testing.T, options map[string]string) *tenant {
	t.Helper()
	w := &tenant{now: time.Now(), toast: port.Toast{OK: true, Words: "已同意"}}
	w.Sim = sim.New(sim.Config{AppID: "cli_1", AppSecret: "hush-secret", VerificationToken: "vtok", EncryptKey: "test key",
		TenantKey: "tk_1", People: people, Patience: time.Minute, Now: w.clock})
	server := httptest.NewServer(w.Sim)
	t.Cleanup(server.Close)
	w.url = server.URL
	opened, err := feishu.Open(port.Config{Name: "飞书", URL: server.URL, App: "cli_1", Secret: "hush-secret", Token: "vtok",
		Key: "test key", Tenant: "tk_1", Options: options})
	require.NoError(t, err)
	w.app = opened.(*feishu.App)
	hook := httptest.NewServer(http.HandlerFunc(w.hook))
	t.Cleanup(hook.Close)
	w.SetCallback(hook.URL)
	return w
}

func (w *tenant) clock() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *tenant) later(d time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.now = w.now.Add(d)
}

// hook does what the house's route does, without a house.
func (w *tenant) hook(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request := port.Request{Method: r.Method, Query: r.URL.Query(), Header: r.Header, Body: body, At: w.clock()}
	heard, err := w.app.Hear(r.Context(), request)
	if err != nil {
		http.Error(out, "", http.StatusForbidden)
		return
	}
	w.mutex.Lock()
	w.heard, w.last = append(w.heard, heard.Clicks...), request
	answer := heard.Reply(w.toast)
	w.mutex.Unlock()
	out.Header().Set("Content-Type", answer.Type)
	out.WriteHeader(answer.Status)
	_, _ = out.Write(answer.Body)
}

func ask(id string) port.Card {
	return port.Card{ID: id, Locale: "zh-CN", Title: "差旅费报销 EXP-2026-000123", Summary: "王芳提交的报销单",
		Rows: []port.Row{{Name: "金额", Value: "820.00 CNY"}, {Name: "收款方", Value: "**王** <at id=all></at> [点我](https://bad.example)"}},
		Buttons: []port.Button{{Verdict: port.Approve, Words: "同意", Token: "tok-approve"},
			{Verdict: port.Reject, Words: "拒绝", Token: "tok-reject", Ask: "拒绝原因"}},
		Link: "https://pay.example.com/documents/1", Open: "查看单据"}
}

func decided(id string) port.Card {
	c := ask(id)
	c.State = "李娜已同意"
	return c
}

func send(t *testing.T, w *tenant, to string) port.Sent {
	t.Helper()
	sent, err := w.app.Send(t.Context(), to, ask("card-1"))
	require.NoError(t, err)
	return sent
}

// TestACardIsShownPressedAndChanged: two taps, and the card says how it ended.
func TestACardIsShownPressedAndChanged(t *testing.T) {
	w := open(t, nil)
	require.True(t, w.Challenge(t.Context()), "the address is proved")
	sent := send(t, w, "ou_li")
	m, ok := w.Phone.Message(sent.Message)
	require.True(t, ok)
	require.Equal(t, "差旅费报销 EXP-2026-000123", m.Card.Title)
	require.Equal(t, []simphone.Link{{Words: "查看单据", URL: "https://pay.example.com/documents/1"}}, m.Card.Links)
	require.Len(t, m.Card.Buttons, 2)
	for _, line := range m.Card.Lines {
		require.Empty(t, line.Marked, "a name is words, whatever is in it: %s", line.Text)
	}

	told := w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ou_li", Button: "reject"})
	require.False(t, told.OK, "Feishu itself asks for the reason")
	told = w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ou_li", Button: "reject", Reason: "金额不符"})
	require.Equal(t, simphone.Told{Status: 200, OK: true, Words: "已同意"}, told)
	done := decided("card-1")
	w.toast.Card = &done
	w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ou_wu", Button: "approve"})
	require.Len(t, w.heard, 2)
	first, second := w.heard[0], w.heard[1]
	require.Equal(t, port.Reject, first.Verdict)
	require.Equal(t, "金额不符", first.Reason)
	require.Equal(t, "tok-reject", first.Token)
	require.Equal(t, "ou_li", first.Operator)
	require.Equal(t, sent.Message, first.Sent.Message)
	require.WithinDuration(t, w.clock(), first.At, time.Second)
	require.Equal(t, "tok-approve", second.Token)
	require.Equal(t, "ou_wu", second.Operator, "who pressed a forwarded card is named, and judged later")
	require.NotEqual(t, first.Event, second.Event)

	m, _ = w.Phone.Message(sent.Message)
	require.Empty(t, m.Card.Buttons, "the answer itself changed the card")
	require.NoError(t, w.app.Update(t.Context(), first.Sent, ask("card-1")))
	m, _ = w.Phone.Message(sent.Message)
	require.Len(t, m.Card.Buttons, 2)
}

// TestAnOldCardIsChangedByItsPressTwice: after 14 days only the token of a press
// changes it, twice, for half an hour.
func TestAnOldCardIsChangedByItsPressTwice(t *testing.T) {
	w := open(t, nil)
	sent := send(t, w, "ou_li")
	w.later(15 * 24 * time.Hour)
	require.Equal(t, port.CodeCardGone, fault.CodeOf(w.app.Update(t.Context(), sent, decided("card-1"))))
	w.PressOn(t.Context(), simphone.Press{Message: sent.Message, Operator: "ou_li", Button: "approve"})
	require.NoError(t, w.app.Update(t.Context(), w.heard[0].Sent, decided("card-1")))
	require.NoError(t, w.app.Update(t.Context(), w.heard[0].Sent, decided("card-1")))
	require.Equal(t, port.CodeCardGone, fault.CodeOf(w.app.Update(t.Context(), w.heard[0].Sent, decided("card-1"))))
}

// TestWhatGoesWrongIsSortedByWhatToDo: and a lost answer never makes a second card.
func TestWhatGoesWrongIsSortedByWhatToDo(t *testing.T) {
	for _, tt := range []struct{ kind, to, code string }{
		{"error-before", "ou_li", port.CodeUnknown}, {"error-after", "ou_li", port.CodeUnknown},
		{"drop-after", "ou_li", port.CodeUnknown}, {"reset", "ou_li", port.CodeUnknown},
		{"garbage", "ou_li", port.CodeUnknown}, {"rate-limit", "ou_li", port.CodeRateLimited},
		{"", "ou_nobody", port.CodeNobody}, {"", "ou_out", port.CodeNobody},
	} {
		t.Run(tt.kind+" "+tt.to, func(t *testing.T) {
			w := open(t, nil)
			if tt.kind != "" {
				w.Faults.Set(simphone.Fault{Kind: tt.kind, Op: "send", Count: 1})
			}
			_, err := w.app.Send(t.Context(), tt.to, ask("card-1"))
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.NotContains(t, err.Error(), "hush-secret")
			if tt.kind == "rate-limit" {
				require.ErrorContains(t, err, "Retry-After: 3")
			}
			if tt.kind != "" {
				send(t, w, "ou_li")
				require.Len(t, w.Phone.Messages("ou_li"), 1, "the uuid folds the repeat")
			}
		})
	}
	w := open(t, nil)
	send(t, w, "ou_li")
	w.ExpireTokens()
	_, err := w.app.Send(t.Context(), "ou_li", ask("card-2"))
	require.NoError(t, err, "an invalid token is renewed once")
	require.Len(t, w.Journal.Entries("token"), 2)
}

// TestPeopleAreListedInPages: with work e-mail and employee number; who left is not active.
func TestPeopleAreListedInPages(t *testing.T) {
	w := open(t, nil)
	got := map[string]port.Person{}
	cursor, pages := "", 0
	for {
		page, err := w.app.People(t.Context(), cursor)
		require.NoError(t, err)
		for _, p := range page.People {
			got[p.ID] = p
		}
		pages++
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Len(t, got, 6)
	require.Greater(t, pages, 4)
	require.Equal(t, port.Person{ID: "ou_chen", Name: "陈晨", Email: "chen@example.com", Employee: "E3", Active: true}, got["ou_chen"])
	require.False(t, got["ou_zhao"].Active)
	_, err := w.app.People(t.Context(), "***")
	require.Equal(t, port.CodeRefused, fault.CodeOf(err))
}

// TestASignInNamesSomebodyOnce: by a code that serves once and where it was asked for.
func TestASignInNamesSomebodyOnce(t *testing.T) {
	w := open(t, nil)
	const redirect = "https://pay.example.com/im/feishu"
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	begun := port.Attempt{Redirect: redirect, State: "st&te", Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
	at := w.app.SignInURL(begun)
	require.Contains(t, at, "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256", "RFC 7636, B")
	answer, err := browser.Get(at + "&as=ou_wu")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := answer.Location()
	require.NoError(t, err)
	require.Equal(t, "st&te", back.Query().Get("state"))
	code := back.Query().Get("code")

	elsewhere, another := begun, begun
	elsewhere.Redirect, another.Verifier = "https://other.example.com", "another attempt's"
	for _, wrong := range []port.Attempt{elsewhere, another} {
		_, err = w.app.WhoIs(t.Context(), code, wrong)
		require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
	}
	who, err := w.app.WhoIs(t.Context(), code, begun)
	require.NoError(t, err)
	require.Equal(t, "ou_wu", who)
	_, err = w.app.WhoIs(t.Context(), code, begun)
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
	w.Faults.Set(simphone.Fault{Kind: "error-before", Op: "code", Count: 1})
	_, err = w.app.WhoIs(t.Context(), w.Code("ou_wu", redirect), begun)
	require.Equal(t, port.CodeUnavailable, fault.CodeOf(err))
}

// TestConfigurationIsRefusedWithItsKey: above all, no app without an Encrypt Key.
func TestConfigurationIsRefusedWithItsKey(t *testing.T) {
	good := port.Config{Name: "f", App: "a", Secret: "s", Token: "t", Key: "k", Tenant: "n"}
	for name, spoil := range map[string]func(*port.Config){
		"app": func(c *port.Config) { c.App = "" }, "secret": func(c *port.Config) { c.Secret = "" },
		"token": func(c *port.Config) { c.Token = "" }, "key": func(c *port.Config) { c.Key = "" },
		"tenant": func(c *port.Config) { c.Tenant = "" }, "url": func(c *port.Config) { c.URL = "nowhere" },
		"options.colour": func(c *port.Config) { c.Options = map[string]string{"colour": "red"} },
	} {
		c := good
		spoil(&c)
		_, err := feishu.Open(c)
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err))
		require.ErrorContains(t, err, name)
	}
	for url, accounts := range map[string]string{"": "https://accounts.feishu.cn/",
		"https://open.larksuite.com/": "https://accounts.larksuite.com/"} {
		c := good
		c.URL = url
		opened, err := feishu.Open(c)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(opened.(port.SignIn).SignInURL(port.Attempt{Redirect: "https://x"}), accounts))
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}
