package sim

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// Sign makes the signature of a callback.
func Sign(signingSecret, timestamp, body string) string {
	h := hmac.New(sha256.New, []byte(signingSecret))
	_, _ = fmt.Fprintf(h, "v0:%s:%s", timestamp, body)
	return "v0=" + hex.EncodeToString(h.Sum(nil))
}

// Callback is one callback as it goes over the line.
type Callback struct {
	Header map[string]string
	Body   string
}

// Wrap signs a body as of now.
func (s *Sim) Wrap(kind, body string) Callback {
	at := strconv.FormatInt(s.Clock().Unix(), 10)
	return Callback{Body: body, Header: map[string]string{"Content-Type": kind, "X-Slack-Request-Timestamp": at,
		"X-Slack-Signature": Sign(s.config.SigningSecret, at, body)}}
}

// Interaction wraps a payload as interactivity is sent.
func (s *Sim) Interaction(payload any) Callback {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err) // only what this program made
	}
	return s.Wrap("application/x-www-form-urlencoded", url.Values{"payload": {string(text)}}.Encode())
}

// Challenge asks the callback whether it is the right address.
func (s *Sim) Challenge(ctx context.Context) bool {
	want := random("")
	text, err := json.Marshal(map[string]string{"type": "url_verification", "challenge": want, "token": "deprecated"})
	if err != nil {
		panic(err)
	}
	status, body := s.post(ctx, s.Wrap("application/json", string(text)))
	return status == http.StatusOK && string(body) == want
}

// common is what every payload says.
func (s *Sim) common(kind, user string) map[string]any {
	return map[string]any{"type": kind, "api_app_id": s.config.AppID, "team": map[string]string{"id": s.config.TeamID},
		"user": map[string]string{"id": user, "team_id": s.config.TeamID}, "token": "deprecated"}
}

// Pressed makes the payload of a press of a button of a message.
func (s *Sim) Pressed(p simphone.Press) (payload map[string]any, refused string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m, known := s.posts[p.Message]
	if !known {
		return nil, "no such message"
	}
	for _, b := range m.blocks {
		for _, e := range b.Elements {
			if e.ActionID != p.Button || e.URL != "" {
				continue
			}
			t, u := random("T"), random("R")
			s.triggers[t] = &trigger{user: p.Operator, at: s.Clock()}
			s.urls[u] = &responseURL{ts: m.ts, at: s.Clock(), left: urlTimes}
			payload = s.common("block_actions", p.Operator)
			payload["trigger_id"], payload["response_url"] = t, s.config.Base+"/respond/"+u
			payload["container"] = map[string]any{"type": "message", "message_ts": m.ts, "channel_id": m.room}
			payload["actions"] = []map[string]any{{"action_id": e.ActionID, "block_id": b.BlockID, "value": e.Value,
				"type": "button", "text": e.Text, "action_ts": s.timestamp()}}
			return payload, ""
		}
	}
	return nil, "no such button"
}

// Submitted makes the payload of a modal that is sent with a reason.
func (s *Sim) Submitted(id, user, reason string) (payload map[string]any, refused string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	v, known := s.views[id]
	if !known || v.user != user {
		return nil, "no such modal"
	}
	in, has := v.input()
	if has && !in.Optional && strings.TrimSpace(reason) == "" {
		return nil, "Please complete this required field."
	}
	payload = s.common("view_submission", user)
	payload["view"] = map[string]any{"id": v.id, "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata,
		"type": "modal", "state": map[string]any{"values": map[string]any{in.BlockID: map[string]any{
			in.Element.ActionID: map[string]string{"type": in.Element.Type, "value": reason}}}}}
	return payload, ""
}

// PressOn makes the callback of a press on a message or of a modal's button, once:
// Slack sends it never again.
func (s *Sim) PressOn(ctx context.Context, p simphone.Press) simphone.Told {
	s.mutex.Lock()
	_, modal := s.views[p.Message]
	s.mutex.Unlock()
	if modal {
		return s.submit(ctx, p)
	}
	payload, refused := s.Pressed(p)
	if refused != "" {
		return simphone.Told{Words: refused}
	}
	status, _ := s.post(ctx, s.Interaction(payload))
	if status != http.StatusOK {
		return simphone.Told{Status: status, Words: "⚠ This app responded with an error"}
	}
	return simphone.Told{Status: status, OK: true}
}

// submit sends a modal; it closes unless it is answered with errors.
func (s *Sim) submit(ctx context.Context, p simphone.Press) simphone.Told {
	payload, refused := s.Submitted(p.Message, p.Operator, p.Reason)
	if refused != "" {
		return simphone.Told{Words: refused}
	}
	status, body := s.post(ctx, s.Interaction(payload))
	var got struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if status != http.StatusOK || len(body) > 0 && json.Unmarshal(body, &got) != nil {
		return simphone.Told{Status: status, Words: "We had some trouble connecting. Try again?"}
	}
	if got.Action == "errors" {
		for _, words := range got.Errors {
			return simphone.Told{Status: status, Words: words}
		}
	}
	s.mutex.Lock()
	delete(s.views, p.Message)
	s.mutex.Unlock()
	s.Phone.Change(p.Message, func(m *simphone.Message) { m.Card.Buttons = nil })
	return simphone.Told{Status: status, OK: true}
}

// post sends a callback; status is 0 where there was no answer in time.
func (s *Sim) post(ctx context.Context, c Callback) (int, []byte) {
	ctx, done := context.WithTimeout(ctx, s.config.Patience)
	defer done()
	s.mutex.Lock()
	to := s.config.Callback
	s.mutex.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(c.Body))
	if err != nil {
		return 0, nil
	}
	for name, value := range c.Header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return 0, nil
	}
	return answer.StatusCode, body
}
