package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// fresh is how far a callback's timestamp may be from when it came.
const fresh = 5 * time.Minute

// modalWithin bounds the opening of a modal: its trigger serves three seconds.
const modalWithin = 2500 * time.Millisecond

// Hear reads one callback: a press, a reason written in a modal, or an event. Where
// a press wants a reason, it opens the modal, and nothing is heard yet.
func (a *App) Hear(ctx context.Context, r port.Request) (port.Heard, error) {
	if r.Method != http.MethodPost || len(r.Body) > port.BodyMax || !a.verify(r) {
		return port.Heard{}, a.notTheirs()
	}
	if bytes.HasPrefix(r.Body, []byte("{")) {
		return a.hearEvent(r)
	}
	form, err := url.ParseQuery(string(r.Body))
	var p payload
	if err != nil || len(form) != 1 || port.ReadStrict([]byte(port.Once(form, "payload")), &p) != nil ||
		p.AppID != a.config.App || p.Team.ID != a.config.Tenant || p.User.ID == "" ||
		p.User.TeamID != "" && p.User.TeamID != a.config.Tenant {
		return port.Heard{}, a.notTheirs()
	}
	switch p.Type {
	case "block_actions":
		return a.hearPress(ctx, p)
	case "view_submission":
		return a.hearReason(p)
	}
	return nothing(), nil
}

// verify compares the signature over version, timestamp and raw body, and asks that it is fresh.
func (a *App) verify(r port.Request) bool {
	at := port.Once(r.Header, "X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || r.At.Sub(time.Unix(seconds, 0)).Abs() > fresh {
		return false
	}
	mac := hmac.New(sha256.New, []byte(a.config.Token))
	_, _ = mac.Write([]byte("v0:" + at + ":"))
	_, _ = mac.Write(r.Body)
	want := "v0=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(port.Once(r.Header, "X-Slack-Signature")))
}

// hearEvent answers the question for the address, and acknowledges whatever happens:
// none of it is wanted here.
func (a *App) hearEvent(r port.Request) (port.Heard, error) {
	var e struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		TeamID    string `json:"team_id"`
		AppID     string `json:"api_app_id"`
	}
	if port.ReadStrict(r.Body, &e) != nil {
		return port.Heard{}, a.notTheirs()
	}
	if e.Type == "url_verification" && e.Challenge != "" {
		return port.Heard{Reply: func(port.Toast) port.Response {
			return port.Response{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: []byte(e.Challenge)}
		}}, nil
	}
	if e.TeamID != a.config.Tenant || e.AppID != a.config.App {
		return port.Heard{}, a.notTheirs()
	}
	return nothing(), nil
}

// payload is what Slack says of a press or of a modal.
type payload struct {
	Type  string `json:"type"`
	AppID string `json:"api_app_id"`
	Team  struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Container   struct {
		MessageTS string `json:"message_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`
		Text     struct {
			Text string `json:"text"`
		} `json:"text"`
	} `json:"actions"`
	View struct {
		ID              string `json:"id"`
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		State           struct {
			Values map[string]map[string]struct {
				Value string `json:"value"`
			} `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

// pending is a press that waits for its reason, kept in the modal.
type pending struct {
	Card    string       `json:"c"`
	Token   string       `json:"t"`
	Verdict port.Verdict `json:"v"`
	Message string       `json:"m"`
	Where   string       `json:"w"`
}

// hearPress reads a press of one of our buttons; a button that opens a page says nothing.
func (a *App) hearPress(ctx context.Context, p payload) (port.Heard, error) {
	if len(p.Actions) != 1 || p.Container.MessageTS == "" || p.Container.ChannelID == "" {
		return port.Heard{}, a.notTheirs()
	}
	act, verdict := p.Actions[0], port.Verdict(p.Actions[0].ActionID)
	if verdict != port.Approve && verdict != port.Reject {
		return nothing(), nil
	}
	var v value
	if port.ReadStrict([]byte(act.Value), &v) != nil {
		return port.Heard{}, a.notTheirs()
	}
	if v.Ask != "" {
		return a.ask(ctx, p, act.Text.Text, v.Ask, pending{v.Card, v.Token, verdict,
			p.Container.MessageTS, p.Container.ChannelID})
	}
	event := strings.Join([]string{"press", p.Container.MessageTS, p.User.ID, act.ActionID, act.ActionTS}, ":")
	return port.Heard{
		Clicks: []port.Click{{Event: event, Operator: p.User.ID, Token: v.Token, Verdict: verdict, At: at(act.ActionTS),
			Sent: port.Sent{To: p.User.ID, Card: v.Card, Message: p.Container.MessageTS, Where: p.Container.ChannelID}}},
		Reply: func(t port.Toast) port.Response {
			if !t.OK && t.Words != "" {
				go a.whisper(context.WithoutCancel(ctx), p.ResponseURL, t.Words)
			}
			return port.Response{Status: http.StatusOK}
		},
	}, nil
}

// ask opens the modal; where that fails, Slack shows whoever pressed an error.
func (a *App) ask(ctx context.Context, p payload, words, ask string, wait pending) (port.Heard, error) {
	ctx, done := context.WithTimeout(ctx, modalWithin)
	defer done()
	metadata, err := json.Marshal(wait)
	if err == nil {
		_, err = a.api.OpenViewContext(ctx, p.TriggerID, asked(words, ask, string(metadata)))
	}
	if err != nil {
		return port.Heard{Reply: func(port.Toast) port.Response {
			return port.Response{Status: http.StatusServiceUnavailable}
		}}, nil
	}
	return nothing(), nil
}

// hearReason reads a modal that was sent. The same reason twice is one event; another
// reason, after we refused the first, is another.
func (a *App) hearReason(p payload) (port.Heard, error) {
	var wait pending
	if p.View.CallbackID != reasonView || p.View.ID == "" ||
		port.ReadStrict([]byte(p.View.PrivateMetadata), &wait) != nil {
		return port.Heard{}, a.notTheirs()
	}
	reason := p.View.State.Values[reasonField][reasonField].Value
	sum := sha256.Sum256([]byte(reason))
	return port.Heard{
		Clicks: []port.Click{{Event: "reason:" + p.View.ID + ":" + hex.EncodeToString(sum[:8]), Operator: p.User.ID,
			Token: wait.Token, Verdict: wait.Verdict, Reason: reason,
			Sent: port.Sent{To: p.User.ID, Card: wait.Card, Message: wait.Message, Where: wait.Where}}},
		Reply: func(t port.Toast) port.Response {
			if t.OK {
				return port.Response{Status: http.StatusOK} // closes it
			}
			return reply(map[string]any{"response_action": "errors", "errors": map[string]string{reasonField: t.Words}})
		},
	}, nil
}

// whisper tells whoever pressed, and nobody else, what became of it: Slack has no
// other answer to a press. It is a courtesy, and may fail.
func (a *App) whisper(ctx context.Context, to, words string) {
	if !strings.HasPrefix(to, "https://hooks.slack.com/") && !strings.HasPrefix(to, a.base+"/") {
		return
	}
	text, err := json.Marshal(map[string]any{"response_type": "ephemeral", "replace_original": false,
		"text": escaped(words)})
	if err != nil {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/json")
	_, _ = port.Exchange(a.config.Name, a.wire.client, r, true)
}

// at reads when a button was pressed: seconds with a fraction.
func at(ts string) time.Time {
	whole, _, _ := strings.Cut(ts, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func nothing() port.Heard {
	return port.Heard{Reply: func(port.Toast) port.Response { return port.Response{Status: http.StatusOK} }}
}

func reply(v any) port.Response {
	text, err := json.Marshal(v)
	if err != nil {
		return port.Response{Status: http.StatusInternalServerError}
	}
	return port.Response{Status: http.StatusOK, Type: "application/json; charset=utf-8", Body: text}
}

func (a *App) notTheirs() error { return port.Fault(port.CodeNotTheirs, a.config.Name, "") }
