package sim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/wecom/sim"
)

type house struct {
	*sim.Server

	t     *testing.T
	at    string
	token string
	now   time.Time
}

func open(t *testing.T, o sim.Options) *house {
	t.Helper()
	h := &house{t: t, now: time.Now()}
	o.Now = func() time.Time { return h.now }
	s, err := sim.New(o)
	require.NoError(t, err)
	s.Join(sim.Member{ID: "li", Name: "Li"}, sim.Member{ID: "gone", Disabled: true})
	listener := httptest.NewServer(s)
	t.Cleanup(func() {
		listener.Close()
		s.Close()
	})
	h.Server, h.at = s, listener.URL
	h.token, _ = h.get("/cgi-bin/gettoken?corpid=ww-sim&corpsecret=sim-secret")["access_token"].(string)
	return h
}

// raw is one exchange as it came; its body is closed at the end of the test.
func (h *house) raw(method, path, body string) (*http.Response, error) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.at+path, strings.NewReader(body))
	require.NoError(h.t, err)
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		h.t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

func (h *house) read(method, path, body string) map[string]any {
	h.t.Helper()
	response, err := h.raw(method, path, body) //nolint:bodyclose // raw closes it
	require.NoError(h.t, err)
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	require.NoError(h.t, json.NewDecoder(response.Body).Decode(&out))
	return out
}

func (h *house) get(path string) map[string]any {
	h.t.Helper()
	return h.read(http.MethodGet, path, "")
}

func (h *house) post(path, body string) map[string]any {
	h.t.Helper()
	return h.read(http.MethodPost, path+"?access_token="+h.token, body)
}

const card = `{"touser":"li","msgtype":"template_card","agentid":1000002,"template_card":{"card_type":"button_interaction",
	"main_title":{"title":"T"},"task_id":"t1","button_list":[{"text":"OK","key":"approve:x"}],"card_action":{"type":1,"url":"https://a.b"}}}`

func (h *house) send() string {
	h.t.Helper()
	said := h.post("/cgi-bin/message/send", card)
	require.EqualValues(h.t, 0, said["errcode"], said)
	code, _ := said["response_code"].(string)
	return code
}

func update(code string) string {
	return `{"userids":["li"],"agentid":1000002,"response_code":"` + code + `","template_card":{"card_type":"button_interaction",
		"main_title":{"title":"T"},"replace_text":"Done","card_action":{"type":1,"url":"https://a.b"}}}`
}

// TestTheSimulatorRefuses proves that each check of the simulator can fail.
func TestTheSimulatorRefuses(t *testing.T) {
	replaced := func(from, to string) string { return strings.Replace(card, from, to, 1) }
	const sending, updating = "/cgi-bin/message/send", "/cgi-bin/message/update_template_card"
	for _, tt := range []struct {
		name string
		code int
		ask  func(h *house) map[string]any
	}{
		{"a wrong secret", 40001, func(h *house) map[string]any { return h.get("/cgi-bin/gettoken?corpid=ww-sim&corpsecret=x") }},
		{"another company", 40013, func(h *house) map[string]any { return h.get("/cgi-bin/gettoken?corpid=x&corpsecret=sim-secret") }},
		{"a made-up token", 40014, func(h *house) map[string]any { h.token = "x"; return h.post(sending, card) }},
		{"a token that ended", 42001, func(h *house) map[string]any { h.now = h.now.Add(3 * time.Hour); return h.post(sending, card) }},
		{"another agent", 40056, func(h *house) map[string]any { return h.post(sending, replaced("1000002", "7")) }},
		{"another kind", 40008, func(h *house) map[string]any {
			return h.post(sending, replaced(`"template_card","agent`, `"text","agent`))
		}},
		{"a bad task_id", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`"t1"`, `"t 1"`)) }},
		{"no buttons", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`{"text":"OK","key":"approve:x"}`, "")) }},
		{"a button without key", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`approve:x`, "")) }},
		{"no title", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`"title":"T"`, `"title":""`)) }},
		{"no address", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`https://a.b`, "")) }},
		{"another card", 40058, func(h *house) map[string]any { return h.post(sending, replaced(`button_interaction`, "text_notice")) }},
		{"not JSON", 47001, func(h *house) map[string]any { return h.post(sending, "{") }},
		{"nobody", 81013, func(h *house) map[string]any { return h.post(sending, replaced(`"li"`, `"gone"`)) }},
		{"a made-up response_code", 42042, func(h *house) map[string]any { return h.post(updating, update("x")) }},
		{"a used response_code", 42043, func(h *house) map[string]any {
			code := h.send()
			h.post(updating, update(code))
			return h.post(updating, update(code))
		}},
		{"a response_code that ended", 42042, func(h *house) map[string]any {
			code := h.send()
			h.now = h.now.Add(73 * time.Hour)
			h.token, _ = h.get("/cgi-bin/gettoken?corpid=ww-sim&corpsecret=sim-secret")["access_token"].(string)
			return h.post(updating, update(code))
		}},
		{"somebody else's card", 81013, func(h *house) map[string]any {
			return h.post(updating, strings.Replace(update(h.send()), `["li"]`, `["bo"]`, 1))
		}},
		{"a made-up code", 40029, func(h *house) map[string]any {
			return h.get("/cgi-bin/auth/getuserinfo?code=x&access_token=" + h.token)
		}},
		{"a planned limit", 45009, func(h *house) map[string]any {
			h.Plan("send", sim.Fault{Kind: sim.Limited})
			return h.post(sending, card)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualValues(t, tt.code, tt.ask(open(t, sim.Options{}))["errcode"])
		})
	}
	t.Run("an address that is not trusted", func(t *testing.T) {
		h := open(t, sim.Options{Trusted: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}})
		require.EqualValues(t, 60020, h.post(sending, card)["errcode"])
	})
	t.Run("one too many", func(t *testing.T) {
		h := open(t, sim.Options{PerMinute: 1})
		h.send()
		require.EqualValues(t, 45009, h.post(sending, card)["errcode"])
	})
}

// TestTheSameTaskIsShownOnce proves that a second card with a task_id reaches nobody
// and brings no response_code.
func TestTheSameTaskIsShownOnce(t *testing.T) {
	h := open(t, sim.Options{})
	require.NotEmpty(t, h.send())
	require.Empty(t, h.send())
	require.Len(t, h.Cards("li"), 1)
	require.Equal(t, 1, h.Cards("li")[0].Again)
}

// TestAPressComesAgain proves that a callback is sent three times more and no oftener,
// the same each time, and no more once it was taken.
func TestAPressComesAgain(t *testing.T) {
	for _, tt := range []struct{ refuse, want int }{{0, 1}, {2, 3}, {9, 4}} {
		var bodies [][]byte
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, body)
			if len(bodies) <= tt.refuse {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		defer gateway.Close()
		h := open(t, sim.Options{Callback: gateway.URL, RetryAfter: time.Millisecond})
		h.send()
		taken, err := h.Press(t.Context(), "li", "t1", "approve:x")
		require.NoError(t, err)
		require.Equal(t, tt.refuse < 4, taken)
		require.Len(t, bodies, tt.want)
		require.True(t, bytes.Equal(bodies[0], bodies[len(bodies)-1]))
	}
}

// TestFaultsAndJournal proves that faults happen as planned and that the journal tells
// the truth of them.
func TestFaultsAndJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	h := open(t, sim.Options{Journal: path})
	planned, err := http.Post(h.at+"/_sandbox/faults", "application/json", strings.NewReader(`{"send":[{"kind":"drop"},{"kind":"500"}]}`))
	require.NoError(t, err)
	require.NoError(t, planned.Body.Close())
	require.Equal(t, http.StatusNoContent, planned.StatusCode)
	_, err = h.raw(http.MethodPost, "/cgi-bin/message/send?access_token="+h.token, card) //nolint:bodyclose // there is none
	require.Error(t, err)
	require.Len(t, h.Cards("li"), 1, "it was done all the same")
	again, err := http.Post(h.at+"/cgi-bin/message/send?access_token="+h.token, "application/json", strings.NewReader(card))
	require.NoError(t, err)
	require.NoError(t, again.Body.Close())
	require.Equal(t, http.StatusInternalServerError, again.StatusCode)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], `"effect":"applied","fault":"drop"`)
	require.Contains(t, lines[1], `"effect":"none","fault":"500"`)
}

// TestThePhoneShowsAndPresses proves that a person can see a card and press it.
func TestThePhoneShowsAndPresses(t *testing.T) {
	told := 0
	gateway := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told++ }))
	defer gateway.Close()
	h := open(t, sim.Options{Callback: gateway.URL})
	h.send()
	page, err := http.Get(h.at + "/phone/?as=li")
	require.NoError(t, err)
	body, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Contains(t, string(body), `value="approve:x"`)
	answer, err := http.PostForm(h.at+"/phone/press", map[string][]string{"as": {"li"}, "task": {"t1"}, "key": {"approve:x"}})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 1, told)
	require.Equal(t, "/phone/", answer.Request.URL.Path)
	require.Contains(t, answer.Request.URL.RawQuery, "taken=yes")
}

// TestABrowserThatIsNobodysPhoneIsShownTheWay to one, and back to the sign-in page; an
// address that is none of a web page is no way.
func TestABrowserThatIsNobodysPhoneIsShownTheWay(t *testing.T) {
	h := open(t, sim.Options{})
	for back, way := range map[string]bool{"http%3A%2F%2Flocalhost%3A8080%2Flogin%2Fim%2Fcallback": true, "javascript%3Aalert(1)": false} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/connect/oauth2/authorize?appid=ww-sim&response_type=code&redirect_uri="+back, nil))
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Contains(t, w.Body.String(), `href="/phone/"`)
		require.Equal(t, way, strings.Contains(w.Body.String(), `href="http://localhost:8080/login"`), w.Body)
		require.NotContains(t, w.Body.String(), "javascript")
	}
}
