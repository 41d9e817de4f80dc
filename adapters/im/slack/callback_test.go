package slack_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/adapters/im/slack/sim"
	"github.com/countersign/countersign/domain/fault"
)

// TestNothingButSlackIsHeard: forged, replayed, stale, signed with another secret, of
// another workspace or app, cut, lengthened, doubled, too long. All are answered alike.
func TestNothingButSlackIsHeard(t *testing.T) {
	w := open(t)
	now := w.clock()
	sent, err := w.app.Send(t.Context(), "ULI", ask("c1"))
	require.NoError(t, err)
	payload := func(change func(p map[string]any)) map[string]any {
		p, refused := w.Pressed(simphone.Press{Message: sent.Message, Operator: "ULI", Button: "approve"})
		require.Empty(t, refused)
		change(p)
		return p
	}
	same := func(map[string]any) {}
	good := func() port.Request { return request(w.Interaction(payload(same)), now) }
	changed := func(change func(p map[string]any)) port.Request { return request(w.Interaction(payload(change)), now) }
	signed := func(secret, body string) port.Request {
		at := strconv.FormatInt(now.Unix(), 10)
		return request(sim.Callback{Body: body, Header: map[string]string{"X-Slack-Request-Timestamp": at,
			"X-Slack-Signature": sim.Sign(secret, at, body)}}, now)
	}
	form := func(text string) string { return url.Values{"payload": {text}}.Encode() }
	again := good()
	once, err := w.app.Hear(t.Context(), again)
	require.NoError(t, err)
	twice, err := w.app.Hear(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, once.Clicks, twice.Clicks, "replayed at once, it is the same event to the inbox")

	submission := func(change func(view map[string]any)) port.Request {
		view := map[string]any{"id": "V1", "callback_id": "countersign_reason", "private_metadata": `{"t":"tok","v":"reject"}`}
		change(view)
		return request(w.Interaction(map[string]any{"type": "view_submission", "api_app_id": "A1",
			"team": map[string]string{"id": "T1"}, "user": map[string]string{"id": "ULI"}, "view": view}), now)
	}
	_, err = w.app.Hear(t.Context(), submission(same))
	require.NoError(t, err)
	body := string(good().Body)
	for name, r := range map[string]port.Request{
		"no signature":      with(good(), func(r *port.Request) { delete(r.Header, "X-Slack-Signature") }),
		"a wrong signature": with(good(), func(r *port.Request) { r.Header["X-Slack-Signature"] = []string{"v0=" + strings.Repeat("0", 64)} }),
		"another version": with(good(), func(r *port.Request) {
			r.Header["X-Slack-Signature"] = []string{"v1" + r.Header["X-Slack-Signature"][0][2:]}
		}),
		"two signatures": with(good(), func(r *port.Request) { r.Header["X-Slack-Signature"] = append(r.Header["X-Slack-Signature"], "x") }),
		"another time": with(good(), func(r *port.Request) {
			r.Header["X-Slack-Request-Timestamp"] = []string{strconv.FormatInt(now.Unix()-1, 10)}
		}),
		"replayed later":     with(good(), func(r *port.Request) { r.At = now.Add(301 * time.Second) }),
		"from the future":    with(good(), func(r *port.Request) { r.At = now.Add(-302 * time.Second) }),
		"another body":       with(good(), func(r *port.Request) { r.Body = good().Body[1:] }),
		"cut":                with(good(), func(r *port.Request) { r.Body = r.Body[:len(r.Body)-5] }),
		"bytes behind":       with(good(), func(r *port.Request) { r.Body = append(r.Body, "%7D"...) }),
		"a GET":              with(good(), func(r *port.Request) { r.Method = http.MethodGet }),
		"another secret":     signed("other", body),
		"payload twice":      signed(signing, body+"&"+body),
		"another field":      signed(signing, body+"&x=1"),
		"JSON and more":      signed(signing, form(marshal(t, payload(same))+"{}")),
		"a name twice":       signed(signing, form(`{"type":"block_actions",`+marshal(t, payload(same))[1:])),
		"no JSON":            signed(signing, form("{")),
		"nothing":            signed(signing, ""),
		"too long":           signed(signing, form(`{"x":"`+strings.Repeat("x", port.BodyMax)+`"}`)),
		"another app":        changed(func(p map[string]any) { p["api_app_id"] = "A2" }),
		"another workspace":  changed(func(p map[string]any) { p["team"] = map[string]string{"id": "T2"} }),
		"a guest":            changed(func(p map[string]any) { p["user"] = map[string]string{"id": "UX", "team_id": "T2"} }),
		"nobody":             changed(func(p map[string]any) { p["user"] = nil }),
		"two actions":        changed(func(p map[string]any) { a := p["actions"].([]map[string]any); p["actions"] = append(a, a[0]) }),
		"no message":         changed(func(p map[string]any) { p["container"] = nil }),
		"a value not ours":   changed(func(p map[string]any) { p["actions"].([]map[string]any)[0]["value"] = "tok" }),
		"another modal":      submission(func(v map[string]any) { v["callback_id"] = "theirs" }),
		"a modal not ours":   submission(func(v map[string]any) { v["private_metadata"] = "" }),
		"an event elsewhere": signed(signing, `{"type":"event_callback","team_id":"T2","api_app_id":"A1"}`),
		"an event twice":     signed(signing, `{"type":"url_verification","challenge":"a","challenge":"b"}`),
	} {
		t.Run(name, func(t *testing.T) {
			heard, err := w.app.Hear(t.Context(), r)
			require.Equal(t, fault.New(fault.Forbidden, port.CodeNotTheirs, fault.Arg("app", "Slack")), err, "all alike")
			require.Empty(t, heard.Clicks)
		})
	}
	for name, r := range map[string]port.Request{
		"an event of ours":           signed(signing, `{"type":"event_callback","team_id":"T1","api_app_id":"A1","event_id":"Ev1"}`),
		"a button that opens a page": changed(func(p map[string]any) { p["actions"].([]map[string]any)[0]["action_id"] = "open" }),
		"another kind":               changed(func(p map[string]any) { p["type"] = "shortcut" }),
	} {
		heard, err := w.app.Hear(t.Context(), r)
		require.NoError(t, err, name)
		require.Empty(t, heard.Clicks, name)
		require.Equal(t, http.StatusOK, heard.Reply(port.Toast{}).Status)
	}
}

// TestPublishedVector: what Slack's documentation signed, we sign alike, and hear only on that day.
func TestPublishedVector(t *testing.T) {
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com" +
		"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	const want = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	require.Equal(t, want, sim.Sign(signing, "1531420618", body))
	w := open(t)
	r := request(sim.Callback{Body: body, Header: map[string]string{"X-Slack-Request-Timestamp": "1531420618",
		"X-Slack-Signature": want}}, time.Unix(1531420618, 0))
	require.True(t, w.app.Verify(r))
	r.At = r.At.Add(301 * time.Second)
	require.False(t, w.app.Verify(r))
}

func with(r port.Request, change func(*port.Request)) port.Request {
	change(&r)
	return r
}
