package dingtalk_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/dingtalk"
	"github.com/countersign/countersign/adapters/im/dingtalk/sim"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
	"github.com/countersign/countersign/domain/fault"
)

// TestNothingButDingTalkIsHeard: of events, forged, replayed, stale, sealed with
// another key, of another owner, cut, lengthened, doubled, too long; all alike.
func TestNothingButDingTalkIsHeard(t *testing.T) {
	w := open(t, true)
	now := w.clock()
	event := func() port.Request { return request(w.Event(map[string]string{"EventType": "x"}), now) }
	made := func(token, key, owner, body string) port.Request {
		sealed, at := sim.Seal(key, `{"EventType":"x"}`, owner), strconv.FormatInt(now.UnixMilli(), 10)
		if body == "" {
			body = `{"encrypt":"%"}`
		}
		return port.Request{Method: http.MethodPost, At: now, Body: []byte(strings.ReplaceAll(body, "%", sealed)),
			Query: url.Values{"signature": {sim.Sign(token, at, "n", sealed)}, "timestamp": {at}, "nonce": {"n"}}}
	}
	for _, good := range []port.Request{event(), made("etok", aesKey, "ding_1", ""), made("etok", aesKey, "corp_1", "")} {
		heard, err := w.app.Hear(t.Context(), good)
		require.NoError(t, err)
		require.Empty(t, heard.Clicks)
	}
	other := "p1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus"
	for name, r := range map[string]port.Request{
		"no signature":      with(event(), func(r *port.Request) { delete(r.Query, "signature") }),
		"a wrong signature": with(event(), func(r *port.Request) { r.Query["signature"] = []string{strings.Repeat("0", 40)} }),
		"two signatures":    with(event(), func(r *port.Request) { r.Query["msg_signature"] = r.Query["signature"] }),
		"another nonce":     with(event(), func(r *port.Request) { r.Query["nonce"] = []string{"m"} }),
		"another time":      with(event(), func(r *port.Request) { r.Query["timestamp"] = []string{strconv.FormatInt(now.UnixMilli()+1, 10)} }),
		"stale":             with(event(), func(r *port.Request) { r.At = now.Add(61 * time.Minute) }),
		"another body":      with(event(), func(r *port.Request) { r.Body = event().Body }),
		"cut":               with(event(), func(r *port.Request) { r.Body = r.Body[:20] }),
		"a GET":             with(event(), func(r *port.Request) { r.Method = http.MethodGet }),
		"another token":     made("etox", aesKey, "ding_1", ""),
		"another key":       made("etok", other, "ding_1", ""),
		"another owner":     made("etok", aesKey, "ding_2", ""),
		"bytes behind":      made("etok", aesKey, "ding_1", `{"encrypt":"%"}{}`),
		"doubled":           made("etok", aesKey, "ding_1", `{"encrypt":"x","encrypt":"%"}`),
		"too long":          made("etok", aesKey, "ding_1", `{"encrypt":"%","x":"`+strings.Repeat("x", port.BodyMax)+`"}`),
	} {
		t.Run(name, func(t *testing.T) { notTheirs(t, w, r) })
	}
}

// TestAnHTTPPressIsBoundByItsTimestampAndOurToken: the signature covers nothing else.
func TestAnHTTPPressIsBoundByItsTimestampAndOurToken(t *testing.T) {
	w := open(t, true)
	sent, err := w.app.Send(t.Context(), "li", ask("c1"))
	require.NoError(t, err)
	body, _ := w.Body(simphone.Press{Message: sent.Message, Operator: "li", Button: "approve"})
	clock := w.clock()
	fresh := func(change func(p map[string]any)) port.Request {
		clock = clock.Add(time.Millisecond) // a timestamp serves one body
		var p map[string]any
		require.NoError(t, json.Unmarshal(body, &p))
		change(p)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		r := request(w.HTTPPress(sent.Message, text), clock)
		at := strconv.FormatInt(clock.UnixMilli(), 10)
		r.Header["X-Ddpaas-Signature-Timestamp"] = []string{at}
		r.Header["X-Ddpaas-Signature"] = []string{sim.SignPress(dingtalk.PressSecret("etok"), at)}
		return r
	}
	same := func(map[string]any) {}
	good := fresh(same)
	first, err := w.app.Hear(t.Context(), good)
	require.NoError(t, err)
	require.Equal(t, "tok-c1", first.Clicks[0].Token)
	again, err := w.app.Hear(t.Context(), good)
	require.NoError(t, err)
	require.Equal(t, first.Clicks[0].Event, again.Clicks[0].Event)
	older, err := w.app.Hear(t.Context(), fresh(func(p map[string]any) { p["value"] = p["content"]; delete(p, "content") }))
	require.NoError(t, err)
	require.Equal(t, "tok-c1", older.Clicks[0].Token, "the older name of content")

	for name, r := range map[string]port.Request{
		"another body under a timestamp that has one": with(good, func(r *port.Request) { r.Body = fresh(func(p map[string]any) { p["userId"] = "wu" }).Body }),
		"another secret": with(fresh(same), func(r *port.Request) {
			r.Header["X-Ddpaas-Signature"] = []string{sim.SignPress("card-secret", r.Header["X-Ddpaas-Signature-Timestamp"][0])}
		}),
		"stale":           with(fresh(same), func(r *port.Request) { r.At = r.At.Add(6 * time.Minute) }),
		"another company": fresh(func(p map[string]any) { p["corpId"] = "corp_2" }),
		"another type":    fresh(func(p map[string]any) { p["type"] = "lwp" }),
		"nobody":          fresh(func(p map[string]any) { p["userId"] = "" }),
		"another id":      fresh(func(p map[string]any) { p["userIdType"] = 2 }),
		"another action":  fresh(func(p map[string]any) { p["content"] = `{"cardPrivateData":{"actionIds":["pay"]}}` }),
		"two actions":     fresh(func(p map[string]any) { p["content"] = `{"cardPrivateData":{"actionIds":["approve","reject"]}}` }),
		"content doubled": fresh(func(p map[string]any) {
			p["content"] = `{"cardPrivateData":{},"cardPrivateData":{"actionIds":["approve"]}}`
		}),
		"bytes behind": with(fresh(same), func(r *port.Request) { r.Body = append(r.Body, '}') }),
		"cut":          with(fresh(same), func(r *port.Request) { r.Body = r.Body[:len(r.Body)-2] }),
	} {
		t.Run(name, func(t *testing.T) { notTheirs(t, w, r) })
	}
	streams := open(t, false)
	t.Run("over HTTP where a stream is used", func(t *testing.T) { notTheirs(t, streams, fresh(same)) })
}

// TestPublishedVectors: what others computed, we compute.
func TestPublishedVectors(t *testing.T) {
	const sealed = "X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ=="
	opened, err := dingtalk.Open(port.Config{Name: "v", App: "dingxxxxxx", Secret: "s", Token: "tokenxxxx", Key: aesKey,
		Tenant: "corp", Options: map[string]string{"template": "t"}})
	require.NoError(t, err)
	heard, err := opened.Hear(t.Context(), port.Request{Method: http.MethodPost, At: time.UnixMilli(1605695694141),
		Body: []byte(`{"encrypt":"` + sealed + `"}`), Query: url.Values{"nonce": {"WelUQl6bCqcBa2fM"},
			"signature": {"f36f4ba5337d426c7d4bca0dbcb06b3ddc1388fc"}, "timestamp": {"1605695694141"}}})
	require.NoError(t, err)
	require.Empty(t, heard.Clicks)
	message, owner, err := dingtalk.OpenSealed(aesKey, sealed)
	require.NoError(t, err)
	require.Equal(t, "success dingxxxxxx", message+" "+owner)
	require.Equal(t, "TPHlE3qT3Wqhg38UTMKeGlMYx//4uA9InJah4oT1Suw=", sim.SignPress("card-secret", "1577808000000"))
}

func with(r port.Request, change func(*port.Request)) port.Request {
	header, query := http.Header{}, url.Values{}
	for name, values := range r.Header {
		header[name] = values
	}
	for name, values := range r.Query {
		query[name] = values
	}
	r.Header, r.Query = header, query
	change(&r)
	return r
}

func notTheirs(t *testing.T, w *company, r port.Request) {
	t.Helper()
	heard, err := w.app.Hear(t.Context(), r)
	require.Equal(t, fault.New(fault.Forbidden, port.CodeNotTheirs, fault.Arg("app", "钉钉")), err, "all alike")
	require.Empty(t, heard.Clicks)
}
