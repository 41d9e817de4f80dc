package wecom_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/imtest"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/wecom"
	"github.com/countersign/countersign/adapters/im/wecom/sim"
	"github.com/countersign/countersign/domain/fault"
)

func config(url string) port.Config {
	return port.Config{Name: "wecom", Provider: "wecom", URL: url, Tenant: sim.Corp, App: strconv.Itoa(sim.Agent),
		Secret: sim.Secret, Token: sim.Token, Key: sim.Key, Options: map[string]string{"employee_attribute": "工号"}}
}

func company(t *testing.T, o sim.Options) (*sim.Server, port.Port) {
	t.Helper()
	s, err := sim.New(o)
	require.NoError(t, err)
	s.Join(sim.Member{ID: "LiNa", Name: "李娜", Email: "li@example.com", Employee: "E7"},
		sim.Member{ID: "MaxMeyer", Name: "Max", Department: 2}, sim.Member{ID: "Left", Name: "Left", Disabled: true})
	listener := httptest.NewServer(s)
	t.Cleanup(func() {
		listener.Close()
		s.Close()
	})
	p, err := wecom.Open(config(listener.URL))
	require.NoError(t, err)
	return s, p
}

func post(told sim.Told, at time.Time) port.Request {
	return port.Request{Method: http.MethodPost, Query: told.Query, Body: told.Body, At: at}
}

func seen(list []sim.Card) []imtest.Seen {
	var out []imtest.Seen
	for _, c := range list {
		s := imtest.Seen{Text: c.Title + "\n" + c.Desc + "\n" + c.Replace, Links: []string{c.URL}}
		for _, r := range c.Rows {
			s.Text += "\n" + r[0] + " " + r[1]
		}
		for _, b := range c.Buttons {
			if b.Kind == 1 {
				s.Links = append(s.Links, b.URL)
			} else if c.Replace == "" {
				s.Buttons = append(s.Buttons, b.Text)
			}
		}
		out = append(out, s)
	}
	return out
}

func fixture(t *testing.T) imtest.Fixture {
	s, p := company(t, sim.Options{})
	return imtest.Fixture{
		Port: p, To: "LiNa", Other: "MaxMeyer", Stranger: "Left",
		Seen: func(to string) []imtest.Seen { return seen(s.Cards(to)) },
		Press: func(t *testing.T, who string, card port.Card, b port.Button, _ string) port.Request {
			told, err := s.Pressed(who, card.ID, string(b.Verdict)+":"+b.Token)
			require.NoError(t, err)
			return post(told, time.Now())
		},
		Stale: func(t *testing.T) port.Request {
			told, err := s.Pressed("LiNa", "c1", "approve:t")
			require.NoError(t, err)
			return post(told, time.Now().Add(time.Hour))
		},
		Check: func(t *testing.T) (port.Request, string) {
			told, word, err := s.Checked()
			require.NoError(t, err)
			return port.Request{Method: http.MethodGet, Query: told.Query, At: time.Now()}, word
		},
		Lose:   func() { s.Plan("send", sim.Fault{Kind: sim.DropReply}) },
		Limit:  func() { s.Plan("send", sim.Fault{Kind: sim.Limited}) },
		Fail:   func() { s.Plan("send", sim.Fault{Kind: sim.Before500}) },
		End:    s.EndTokens,
		SignIn: s.SignInCode,
		Unsigned: map[string]func(*port.Request){
			"another time":  func(r *port.Request) { r.Query["timestamp"] = []string{strconv.FormatInt(r.At.Unix()+1, 10)} },
			"another nonce": func(r *port.Request) { r.Query["nonce"] = []string{"n"} },
			"no signature":  func(r *port.Request) { delete(r.Query, "msg_signature") },
			"two signatures": func(r *port.Request) {
				r.Query["msg_signature"] = append(r.Query["msg_signature"], r.Query["msg_signature"][0])
			},
		},
	}
}

// TestConformance proves that WeCom keeps what the port promises.
func TestConformance(t *testing.T) { imtest.Run(t, fixture) }

// The published vectors of WeCom's own libraries.
const (
	vectorToken = "QDG6eK"
	vectorKey   = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	vectorCorp  = "wx5823bf96d3bd56c7"

	echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="

	// hello is a text message whose pad is 30: who takes AES's 16 for the most refuses it.
	hello = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/" +
		"sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR" +
		"+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw" +
		"8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1pt" +
		"DAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)

// TestPublishedVectors proves that what WeCom's own documentation signed and encrypted
// is heard.
func TestPublishedVectors(t *testing.T) {
	c := config("")
	c.Tenant, c.Token, c.Key, c.App = vectorCorp, vectorToken, vectorKey, "218"
	p, err := wecom.Open(c)
	require.NoError(t, err)
	check := port.Request{Method: http.MethodGet, At: time.Unix(1409659589, 0), Query: map[string][]string{
		"msg_signature": {"5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"}, "timestamp": {"1409659589"},
		"nonce": {"263014780"}, "echostr": {echo}}}
	got, err := p.Hear(t.Context(), check)
	require.NoError(t, err)
	require.Equal(t, "1616140317555161061", string(got.Reply(port.Toast{}).Body))

	message := port.Request{Method: http.MethodPost, At: time.Unix(1409659813, 0), Query: map[string][]string{
		"msg_signature": {"477715d11cdb4164915debcba66cb864d751f3e6"}, "timestamp": {"1409659813"}, "nonce": {"1372623149"}},
		Body: []byte("<xml><ToUserName>" + vectorCorp + "</ToUserName><Encrypt>" + hello + "</Encrypt></xml>")}
	got, err = p.Hear(t.Context(), message)
	require.NoError(t, err)
	require.Empty(t, got.Clicks, "a text is no press")

	c.Tenant = "wx-another"
	other, err := wecom.Open(c)
	require.NoError(t, err)
	_, err = other.Hear(t.Context(), message)
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err), "signed for another company")
}

// TestHostileXMLIsNoCallback: it is refused before anything in it is believed.
func TestHostileXMLIsNoCallback(t *testing.T) {
	_, p := company(t, sim.Options{})
	for name, body := range map[string]string{
		"a document type": `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>`,
		"an entity":       `<xml><Encrypt>&a;</Encrypt></xml>`,
		"a field twice":   `<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>`,
		"two roots":       `<xml><Encrypt>a</Encrypt></xml><xml></xml>`,
		"depth":           "<xml><Encrypt>a</Encrypt>" + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</xml>",
		"elements":        "<xml><Encrypt>a</Encrypt><c>" + strings.Repeat("<a/>", 1000) + "</c></xml>",
		"bytes":           "<xml><Encrypt>" + strings.Repeat("a", 1<<20) + "</Encrypt></xml>",
	} {
		_, err := p.Hear(t.Context(), port.Request{Method: http.MethodPost, At: time.Now(), Body: []byte(body),
			Query: map[string][]string{"timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}}})
		require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err), name)
		require.ErrorContains(t, err, "malformed", "%s: not for its signature", name)
	}
}

// TestBadConfig proves that an app that cannot work is refused before it is asked for
// anything.
func TestBadConfig(t *testing.T) {
	for name, spoil := range map[string]func(*port.Config){
		"no AgentId": func(c *port.Config) { c.App = "x" }, "a short key": func(c *port.Config) { c.Key = "abc" },
		"no secret": func(c *port.Config) { c.Secret = "" }, "no company": func(c *port.Config) { c.Tenant = "" },
	} {
		c := config("")
		spoil(&c)
		_, err := wecom.Open(c)
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err), name)
	}
}

// TestPeopleTellWhoTheyAre proves that somebody can be matched by address and number.
func TestPeopleTellWhoTheyAre(t *testing.T) {
	_, p := company(t, sim.Options{})
	page, err := p.People(t.Context(), "")
	require.NoError(t, err)
	require.Contains(t, page.People, port.Person{ID: "LiNa", Name: "李娜", Email: "li@example.com", Employee: "E7", Active: true})
}
