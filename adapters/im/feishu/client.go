package feishu

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// answer is the outside of whatever Feishu answers.
type answer struct {
	Code int             `json:"code"`
	Msg  string          `json:"msg"`
	Data json.RawMessage `json:"data"`
}

// What Feishu's numbers mean to us. Of these, only 230001, 230002, 230013 and the
// three of the token are in what was verified on paper; the others are commonly seen.
const (
	codeTokenInvalid = 99991663
	codeTokenMissing = 99991661
	codeTokenExpired = 99991664
	codeTooOften     = 99991400
	codeTooOftenChat = 230020
	codeNotInChat    = 230002
	codeNotAvailable = 230013
	codeRecalled     = 230011
	codeTooOld       = 230031
	codeNoSuchPerson = 99992351
)

// Send shows a card. Its uuid makes Feishu fold a repeat within an hour into the first.
func (a *App) Send(ctx context.Context, to string, c port.Card) (port.Sent, error) {
	content, err := a.content(c)
	if err != nil {
		return port.Sent{}, err
	}
	var got struct {
		MessageID string `json:"message_id"`
		ChatID    string `json:"chat_id"`
	}
	err = a.call(ctx, request{http.MethodPost, "/open-apis/im/v1/messages?receive_id_type=open_id", true, map[string]any{
		"receive_id": to, "msg_type": "interactive", "content": content, "uuid": fold(c.ID, to)}}, &got)
	if err != nil {
		return port.Sent{}, err
	}
	if got.MessageID == "" {
		return port.Sent{}, port.Unclear(a.config.Name, "no message_id", true)
	}
	return port.Sent{To: to, Card: c.ID, Message: got.MessageID, Where: got.ChatID}, nil
}

// fold is what a repeat is known by: Feishu takes 50 characters.
func fold(card, to string) string {
	sum := sha256.Sum256([]byte(card + "\x00" + to))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Update changes the message; where it is too old for that, the code of the last
// press changes it, half an hour long and twice at most.
func (a *App) Update(ctx context.Context, s port.Sent, c port.Card) error {
	content, err := a.content(c)
	if err != nil {
		return err
	}
	path := "/open-apis/im/v1/messages/" + url.PathEscape(s.Message)
	err = a.call(ctx, request{http.MethodPatch, path, true, map[string]any{"content": content}}, nil)
	if s.Once == "" || fault.CodeOf(err) != port.CodeCardGone {
		return err
	}
	err = a.call(ctx, request{http.MethodPost, "/open-apis/interactive/v1/card/update", true,
		map[string]any{"token": s.Once, "card": json.RawMessage(content)}}, nil)
	if fault.CodeOf(err) == port.CodeRefused { // used up or over; its numbers are not documented
		return port.Fault(port.CodeCardGone, a.config.Name, "")
	}
	return err
}

// request is one call of the API; writes says whether somebody may see something of it.
type request struct {
	method, path string
	writes       bool
	body         any // nil = none
}

// call asks the API with the app's token, and reads data into a place, nil for none.
func (a *App) call(ctx context.Context, r request, into any) error {
	return a.tokens.With(ctx, func(token string) (bool, error) {
		got, err := a.exchange(ctx, r, token)
		if err != nil {
			return false, err
		}
		if got.Code == codeTokenInvalid || got.Code == codeTokenMissing || got.Code == codeTokenExpired {
			return true, port.Fault(port.CodeRefused, a.config.Name, a.words(got))
		}
		if got.Code != 0 {
			return false, a.refusal(got)
		}
		if into != nil && json.Unmarshal(got.Data, into) != nil {
			return false, port.Unclear(a.config.Name, "data is not what was asked for", r.writes)
		}
		return false, nil
	})
}

// exchange asks once; an error has no words of Feishu's own.
func (a *App) exchange(ctx context.Context, r request, token string) (answer, error) {
	got, err := a.send(ctx, r, token)
	if err != nil {
		return answer{}, err
	}
	var said struct {
		Code *int `json:"code"` // an answer without one is not Feishu's
		answer
	}
	if json.Unmarshal(got.Body, &said) != nil || said.Code == nil {
		if err := port.StatusFault(a.config.Name, got, r.writes); err != nil {
			return answer{}, err
		}
		return answer{}, port.Unclear(a.config.Name, "not an answer of Feishu", r.writes)
	}
	said.answer.Code = *said.Code
	often := said.answer.Code == codeTooOften || said.answer.Code == codeTooOftenChat
	if often || got.Status == http.StatusTooManyRequests {
		return answer{}, port.RateLimited(a.config.Name, retryAfter(got.Header))
	}
	if got.Status >= http.StatusInternalServerError {
		return answer{}, port.Unclear(a.config.Name, a.words(said.answer), r.writes)
	}
	return said.answer, nil
}

// send makes one exchange with a body of JSON.
func (a *App) send(ctx context.Context, r request, token string) (port.Answer, error) {
	var body bytes.Buffer
	if r.body != nil {
		if err := json.NewEncoder(&body).Encode(r.body); err != nil {
			return port.Answer{}, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
	}
	out, err := http.NewRequestWithContext(ctx, r.method, a.base+r.path, &body)
	if err != nil {
		return port.Answer{}, port.Fault(port.CodeRefused, a.config.Name, "the address is not one")
	}
	out.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		out.Header.Set("Authorization", "Bearer "+token)
	}
	return port.Exchange(a.config.Name, a.http, out, r.writes)
}

// fetchToken gets the token of the app in its tenant.
func (a *App) fetchToken(ctx context.Context) (string, time.Duration, error) {
	got, err := a.send(ctx, request{http.MethodPost, "/open-apis/auth/v3/tenant_access_token/internal", false,
		map[string]string{"app_id": a.config.App, "app_secret": string(a.config.Secret)}}, "")
	if err != nil {
		return "", 0, err
	}
	if err := port.StatusFault(a.config.Name, got, false); err != nil {
		return "", 0, err
	}
	var token struct {
		answer
		Token  string `json:"tenant_access_token"`
		Expire int64  `json:"expire"`
	}
	if json.Unmarshal(got.Body, &token) != nil {
		return "", 0, port.Unclear(a.config.Name, "not an answer of Feishu", false)
	}
	if token.Code != 0 || token.Token == "" {
		return "", 0, port.Fault(port.CodeRefused, a.config.Name, a.words(token.answer))
	}
	return token.Token, time.Duration(token.Expire) * time.Second, nil
}

// refusal sorts what Feishu refuses.
func (a *App) refusal(got answer) error {
	switch got.Code {
	case codeNotInChat, codeNotAvailable, codeNoSuchPerson:
		return port.Fault(port.CodeNobody, a.config.Name, a.words(got))
	case codeRecalled, codeTooOld:
		return port.Fault(port.CodeCardGone, a.config.Name, a.words(got))
	}
	return port.Fault(port.CodeRefused, a.config.Name, a.words(got))
}

// words are Feishu's own, without our secrets.
func (a *App) words(got answer) string {
	said := fmt.Sprintf("%d %s", got.Code, got.Msg)
	return port.Hide(strings.TrimSpace(said), string(a.config.Secret), string(a.config.Token), string(a.config.Key))
}

// retryAfter is how many seconds Feishu asks to wait, "" where it does not say.
func retryAfter(h http.Header) string {
	if wait := h.Get("x-ogw-ratelimit-reset"); wait != "" {
		return wait
	}
	return h.Get("Retry-After")
}
