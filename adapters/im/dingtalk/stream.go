package dingtalk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/platform/publicnet"
)

// A connection is taken for lost when nothing comes for so long; DingTalk pings
// about every two minutes.
const (
	silenceMax = 5 * time.Minute
	writeMax   = 10 * time.Second
)

// cardTopic is what presses come under.
const cardTopic = "/v1.0/card/instances/callback"

// frame is one message of a stream; answered with the same message id.
type frame struct {
	Type    string `json:"type"` // SYSTEM, EVENT, CALLBACK
	Headers struct {
		Topic     string `json:"topic"`
		MessageID string `json:"messageId"`
		EventID   string `json:"eventId"`
		Time      string `json:"time"`
	} `json:"headers"`
	Data string `json:"data"`
}

// Listen opens a connection and gives each press to hear, until DingTalk asks to
// connect anew (then without an error), or the connection is lost. Only DingTalk
// gives out the ticket of a connection, to whom knows the app's secret: that, and TLS, is
// what makes its messages DingTalk's.
func (a Streaming) Listen(ctx context.Context, hear func(context.Context, port.Click) port.Toast) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	conn.SetReadLimit(port.BodyMax)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silenceMax)); err != nil {
			return port.Lost(a.config.Name, err, false)
		}
		_, text, err := conn.ReadMessage()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return port.Lost(a.config.Name, err, false)
		}
		var f frame
		if json.Unmarshal(text, &f) != nil || f.Headers.MessageID == "" {
			continue // nothing that could be answered
		}
		if f.Type == "SYSTEM" && f.Headers.Topic == "disconnect" {
			return nil
		}
		code, data := a.answerTo(ctx, f, hear)
		if err := a.acknowledge(conn, f, code, data); err != nil {
			return port.Lost(a.config.Name, err, false)
		}
	}
}

// connect asks for a ticket, which serves once, and connects with it.
func (a *App) connect(ctx context.Context) (*websocket.Conn, error) {
	got, err := a.send(ctx, http.MethodPost, a.base+"/v1.0/gateway/connections/open", "", false, object{
		"clientId": a.config.App, "clientSecret": string(a.config.Secret), "ua": "countersign/1.0",
		"subscriptions": []object{{"type": "CALLBACK", "topic": cardTopic}}})
	if err == nil {
		_, err = a.judge(got, false)
	}
	if err != nil {
		return nil, err
	}
	var way struct {
		Endpoint string `json:"endpoint"`
		Ticket   string `json:"ticket"`
	}
	if json.Unmarshal(got.Body, &way) != nil || way.Ticket == "" {
		return nil, port.Unclear(a.config.Name, "not an answer of DingTalk", false)
	}
	if strings.HasPrefix(a.base, "https:") && !strings.HasPrefix(way.Endpoint, "wss://") {
		return nil, port.Fault(port.CodeRefused, a.config.Name, "the stream is not encrypted")
	}
	line := a.config.Way()
	dialer := websocket.Dialer{HandshakeTimeout: a.http.Timeout, Proxy: line.Proxy, NetDialContext: line.DialContext,
		TLSClientConfig: a.config.TLS}
	conn, answer, err := dialer.DialContext(ctx, way.Endpoint+"?"+url.Values{"ticket": {way.Ticket}}.Encode(), nil)
	if answer != nil {
		_ = answer.Body.Close()
	}
	if errors.Is(err, publicnet.ErrPrivate) {
		return nil, port.Fault(port.CodeRefused, a.config.Name, "the stream: "+publicnet.ErrPrivate.Error())
	}
	if err != nil {
		return nil, port.Unclear(a.config.Name, "the stream does not open", false)
	}
	return conn, nil
}

// answerTo says what a message is answered: 404 where nothing here is meant.
func (a *App) answerTo(ctx context.Context, f frame, hear func(context.Context, port.Click) port.Toast) (int, string) {
	switch {
	case f.Type == "SYSTEM" && f.Headers.Topic == "ping":
		return http.StatusOK, f.Data
	case f.Type == "EVENT":
		return http.StatusOK, `{"status":"SUCCESS","message":""}`
	case f.Type != "CALLBACK" || f.Headers.Topic != cardTopic:
		return http.StatusNotFound, ""
	}
	click, ok := a.click([]byte(f.Data))
	if !ok {
		return http.StatusNotFound, ""
	}
	click.Event = "stream:" + f.Headers.MessageID
	if f.Headers.EventID != "" { // the same when a message comes again
		click.Event = "stream:" + f.Headers.EventID
	}
	text, err := json.Marshal(object{"response": pressed(hear(ctx, click))})
	if err != nil {
		return http.StatusInternalServerError, ""
	}
	return http.StatusOK, string(text)
}

// acknowledge answers one message; without it DingTalk sends it again.
func (a *App) acknowledge(conn *websocket.Conn, f frame, code int, data string) error {
	message := "OK"
	if code != http.StatusOK {
		message = http.StatusText(code)
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeMax)); err != nil {
		return err
	}
	return conn.WriteJSON(object{"code": code, "message": message, "data": data,
		"headers": object{"messageId": f.Headers.MessageID, "contentType": "application/json"}})
}
