package feishu_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/feishu"
	"github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/domain/fault"
)

// request is a callback as the route hands it over.
func request(c sim.Callback, at time.Time) port.Request {
	r := port.Request{Method: http.MethodPost, Header: http.Header{}, Body: c.Body, At: at}
	for name, value := range c.Header {
		http.Header(r.Header).Set(name, value)
	}
	return r
}

// sealed makes a callback of an inside, with a key and a time of one's own.
func sealed(t *testing.T, key, signKey string, at time.Time, inside any) port.Request {
	t.Helper()
	body := marshal(t, map[string]string{"encrypt": sim.Seal(key, []byte("0123456789abcdef"), marshal(t, inside))})
	return signed(sim.Sign, signKey, at, body)
}

func signed(sign func(at, nonce, key string, body []byte) string, key string, at time.Time, body []byte) port.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return request(sim.Callback{Body: body, Header: map[string]string{"X-Lark-Request-Timestamp": stamp,
		"X-Lark-Request-Nonce": "n-1", "X-Lark-Signature": sign(stamp, "n-1", key, body)}}, at)
}

// TestNothingButFeishuIsHeard: forged, replayed, stale, sealed with another key, of
// another tenant or app, cut, lengthened, doubled, too long. All are answered alike.
func TestNothingButFeishuIsHeard(t *testing.T) {
	w := open(t, nil)
	sent := send(t, w, "ou_li")
	press := simphone.Press{Message: sent.Message, Operator: "ou_li", Button: "approve"}
	inside := func(change func(header, event map[string]any)) map[string]any {
		got, _, refused := w.PressEvent(press)
		require.Empty(t, refused)
		change(got["header"].(map[string]any), got["event"].(map[string]any))
		return got
	}
	same := func(_, _ map[string]any) {}
	now := w.clock()
	good := func() port.Request { return request(w.Wrap(inside(same)), now) }

	first, err := w.app.Hear(t.Context(), good())
	require.NoError(t, err)
	require.Len(t, first.Clicks, 1)
	again := good()
	once, err := w.app.Hear(t.Context(), again)
	require.NoError(t, err)
	twice, err := w.app.Hear(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, once.Clicks[0].Event, twice.Clicks[0].Event, "replayed at once, it is the same event to the inbox")

	old := `{"open_id":"ou_li","tenant_key":"tk_1","open_message_id":"om_1","token":"c-1","action":{"value":{"token":"tok-approve","verdict":"approve"}}}`
	for name, r := range map[string]port.Request{
		"no signature":       with(good(), func(r *port.Request) { delete(r.Header, "X-Lark-Signature") }),
		"an empty signature": with(good(), func(r *port.Request) { r.Header["X-Lark-Signature"] = []string{""} }),
		"a wrong signature":  with(good(), func(r *port.Request) { r.Header["X-Lark-Signature"] = []string{strings.Repeat("0", 64)} }),
		"two signatures":     with(good(), func(r *port.Request) { r.Header["X-Lark-Signature"] = append(r.Header["X-Lark-Signature"], "x") }),
		"another nonce":      with(good(), func(r *port.Request) { r.Header["X-Lark-Request-Nonce"] = []string{"n-2"} }),
		"another timestamp": with(good(), func(r *port.Request) {
			r.Header["X-Lark-Request-Timestamp"] = []string{strconv.FormatInt(now.Unix()+1, 10)}
		}),
		"replayed later":       with(good(), func(r *port.Request) { r.At = now.Add(6 * time.Minute) }),
		"from the future":      with(good(), func(r *port.Request) { r.At = now.Add(-6 * time.Minute) }),
		"another body":         with(good(), func(r *port.Request) { r.Body = w.Wrap(inside(same)).Body }),
		"cut":                  with(good(), func(r *port.Request) { r.Body = r.Body[:len(r.Body)-3] }),
		"a GET":                with(good(), func(r *port.Request) { r.Method = http.MethodGet }),
		"bytes behind":         signed(sim.Sign, "test key", now, append(w.Wrap(inside(same)).Body, "{}"...)),
		"encrypt twice":        signed(sim.Sign, "test key", now, []byte(`{"encrypt":"a",`+string(w.Wrap(inside(same)).Body[1:]))),
		"too long":             signed(sim.Sign, "test key", now, []byte(`{"encrypt":"`+strings.Repeat("A", port.BodyMax)+`"}`)),
		"sealed by another":    sealed(t, "other key", "test key", now, inside(same)),
		"signed by another":    sealed(t, "test key", "other key", now, inside(same)),
		"not base64":           signed(sim.Sign, "test key", now, []byte(`{"encrypt":"***"}`)),
		"half a block":         signed(sim.Sign, "test key", now, []byte(`{"encrypt":"QUFBQUFBQUFBQUFBQUFBQSgYAYs="}`)),
		"another tenant":       sealed(t, "test key", "test key", now, inside(func(h, _ map[string]any) { h["tenant_key"] = "tk_2" })),
		"another app":          sealed(t, "test key", "test key", now, inside(func(h, _ map[string]any) { h["app_id"] = "cli_2" })),
		"another token":        sealed(t, "test key", "test key", now, inside(func(h, _ map[string]any) { h["token"] = "vtox" })),
		"no event id":          sealed(t, "test key", "test key", now, inside(func(h, _ map[string]any) { h["event_id"] = "" })),
		"nobody pressed":       sealed(t, "test key", "test key", now, inside(func(_, e map[string]any) { e["operator"] = nil })),
		"a guest pressed":      sealed(t, "test key", "test key", now, inside(func(_, e map[string]any) { e["operator"] = map[string]any{"open_id": "ou_x", "tenant_key": "tk_2"} })),
		"a challenge forged":   sealed(t, "test key", "test key", now, map[string]string{"type": "url_verification", "challenge": "c", "token": "no"}),
		"a challenge in clear": signed(sim.Sign, "test key", now, []byte(`{"type":"url_verification","challenge":"c","token":"vtok"}`)),
		"the old generation":   signed(sim.SignOld, "vtok", now, []byte(old)),
	} {
		t.Run(name, func(t *testing.T) {
			heard, err := w.app.Hear(t.Context(), r)
			require.Equal(t, fault.New(fault.Forbidden, port.CodeNotTheirs, fault.Arg("app", "飞书")), err, "all alike")
			require.Empty(t, heard.Clicks)
		})
	}
}

// TestTheOldCallbackIsHeardWhereItIsWanted: under its own signature alone; neither
// generation's serves for the other.
func TestTheOldCallbackIsHeardWhereItIsWanted(t *testing.T) {
	w := open(t, map[string]string{"callbacks": "old"})
	now := w.clock()
	body := func(tenant string) []byte {
		return marshal(t, map[string]any{"open_id": "ou_li", "tenant_key": tenant, "open_message_id": "om_1", "open_chat_id": "oc_1",
			"token": "c-1", "action": map[string]any{"tag": "button", "value": map[string]string{"card": "c1", "token": "tok-approve", "verdict": "approve"}}})
	}
	heard, err := w.app.Hear(t.Context(), signed(sim.SignOld, "vtok", now, body("tk_1")))
	require.NoError(t, err)
	require.Equal(t, []port.Click{{Event: "old:c-1", Operator: "ou_li", Token: "tok-approve", Verdict: port.Approve,
		Sent: port.Sent{To: "ou_li", Card: "c1", Message: "om_1", Where: "oc_1", Once: "c-1"}}}, heard.Clicks)
	done := decided("card-1")
	require.Contains(t, string(heard.Reply(port.Toast{Card: &done}).Body), "李娜已同意")

	for name, r := range map[string]port.Request{
		"the new signature over the old body": signed(sim.Sign, "test key", now, body("tk_1")),
		"the new hash with the old secret":    signed(sim.Sign, "vtok", now, body("tk_1")),
		"the old hash with the new secret":    signed(sim.SignOld, "test key", now, body("tk_1")),
		"the old signature over a new body":   signed(sim.SignOld, "vtok", now, w.Wrap(w.Inside("x", nil)).Body),
		"another tenant":                      signed(sim.SignOld, "vtok", now, body("tk_2")),
		"no tenant":                           signed(sim.SignOld, "vtok", now, body("")),
		"stale":                               with(signed(sim.SignOld, "vtok", now, body("tk_1")), func(r *port.Request) { r.At = now.Add(time.Hour) }),
		"doubled":                             signed(sim.SignOld, "vtok", now, append([]byte(`{"open_id":"ou_wu",`), body("tk_1")[1:]...)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.app.Hear(t.Context(), r)
			require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
		})
	}
}

// TestEventsAreAcknowledgedAndDoNothing: even hours later, when Feishu sends them again.
func TestEventsAreAcknowledgedAndDoNothing(t *testing.T) {
	w := open(t, nil)
	event := w.Wrap(w.Inside("contact.user.created_v3", map[string]any{}))
	for _, after := range []time.Duration{0, 6 * time.Hour} {
		heard, err := w.app.Hear(t.Context(), request(event, w.clock().Add(after)))
		require.NoError(t, err)
		require.Empty(t, heard.Clicks)
		require.Equal(t, "{}", string(heard.Reply(port.Toast{}).Body))
	}
	_, err := w.app.Hear(t.Context(), request(event, w.clock().Add(9*time.Hour)))
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err))
}

// TestPublishedVectors: what others computed, we compute.
func TestPublishedVectors(t *testing.T) {
	const sealedHello = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=" // published, with «test key»
	require.Equal(t, "97f87d15d56b8fd0fd9c723f7c7a9373324661b516abef41bf874ab6dbdeebae",
		sim.Sign("1609073151", "nonce-1", "test key", []byte(`{"encrypt":"`+sealedHello+`"}`)))
	require.Equal(t, "b59e28f1ab12d3d3b84cd912b655d9e7986452ab",
		sim.SignOld("1609073151", "nonce-1", "vtok", []byte(`{"open_id":"ou_x","action":{"value":{"k":"v"}}}`)))
	challenge := `{"challenge":"c1","token":"vtok","type":"url_verification"}`
	sealedChallenge := sim.Seal("test key", []byte("AAAAAAAAAAAAAAAA"), []byte(challenge))
	require.Equal(t, "QUFBQUFBQUFBQUFBQUFBQSgYAYuoM7VnmkTF/bxSAzfsCx9RjkbdRTxUZYehtyckbjCcqKVbFQagz2r3lsOSXcPc06MQRsdQ88k/OP1pfTc=",
		sealedChallenge)

	w := open(t, nil)
	heard, err := w.app.Hear(t.Context(), port.Request{Method: http.MethodPost, At: time.Now(),
		Body: marshal(t, map[string]string{"encrypt": sealedChallenge})})
	require.NoError(t, err)
	require.JSONEq(t, `{"challenge":"c1"}`, string(heard.Reply(port.Toast{}).Body))
	plain, err := feishu.Decrypt("test key", sealedHello)
	require.NoError(t, err)
	require.Equal(t, "hello world", plain)
}

func with(r port.Request, change func(*port.Request)) port.Request {
	change(&r)
	return r
}
