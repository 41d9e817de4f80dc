package sim

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// patience is how long Feishu waits for an answer to a callback.
const patience = 3 * time.Second

// Sign makes the signature of events and callbacks of the second schema.
func Sign(timestamp, nonce, encryptKey string, body []byte) string {
	h := sha256.New()
	_, _ = io.WriteString(h, timestamp+nonce+encryptKey)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// SignOld makes the signature of the old card callback.
func SignOld(timestamp, nonce, verificationToken string, body []byte) string {
	h := sha1.New()
	_, _ = io.WriteString(h, timestamp+nonce+verificationToken)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Seal encrypts the inside of a callback; iv is 16 bytes.
func Seal(encryptKey string, iv, plain []byte) string {
	key := sha256.Sum256([]byte(encryptKey))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	sealed := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, padded)
	return base64.StdEncoding.EncodeToString(append(bytes.Clone(iv), sealed...))
}

// Callback is one callback as it goes over the line.
type Callback struct {
	Header map[string]string
	Body   []byte
}

// Wrap encrypts and signs the inside of a callback as of now.
func (s *Sim) Wrap(inside any) Callback {
	plain, err := json.Marshal(inside)
	if err != nil {
		panic(err) // only what this program made
	}
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv)
	body, err := json.Marshal(map[string]string{"encrypt": Seal(s.config.EncryptKey, iv, plain)})
	if err != nil {
		panic(err)
	}
	at, nonce := strconv.FormatInt(s.Clock().Unix(), 10), random("")
	return Callback{Body: body, Header: map[string]string{"Content-Type": "application/json; charset=utf-8",
		"X-Lark-Request-Timestamp": at, "X-Lark-Request-Nonce": nonce,
		"X-Lark-Signature": Sign(at, nonce, s.config.EncryptKey, body)}}
}

// Inside makes what a callback says, before it is encrypted.
func (s *Sim) Inside(eventType string, event any) map[string]any {
	return map[string]any{"schema": "2.0", "event": event, "header": map[string]any{
		"event_id": random("ev_"), "event_type": eventType, "token": s.config.VerificationToken,
		"create_time": strconv.FormatInt(s.Clock().UnixMilli(), 10),
		"app_id":      s.config.AppID, "tenant_key": s.config.TenantKey}}
}

// Post sends a callback; status is 0 where there was no answer in time.
func (s *Sim) Post(ctx context.Context, c Callback) (status int, body []byte) {
	ctx, done := context.WithTimeout(ctx, s.config.Patience)
	defer done()
	s.mutex.Lock()
	url := s.config.Callback
	s.mutex.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.Body))
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
	if body, err = io.ReadAll(io.LimitReader(answer.Body, 1<<20)); err != nil {
		return 0, nil
	}
	return answer.StatusCode, body
}

// Challenge asks the callback whether it is the right address.
func (s *Sim) Challenge(ctx context.Context) bool {
	want := random("")
	c := s.Wrap(map[string]string{"challenge": want, "token": s.config.VerificationToken, "type": "url_verification"})
	delete(c.Header, "X-Lark-Signature")
	status, body := s.Post(ctx, c)
	var got struct {
		Challenge string `json:"challenge"`
	}
	return status == http.StatusOK && json.Unmarshal(body, &got) == nil && got.Challenge == want
}

// PressEvent makes the inside of a press, and the card's token in it.
func (s *Sim) PressEvent(p simphone.Press) (inside map[string]any, token string, refused string) {
	s.mutex.Lock()
	h, known := s.cards[p.Message]
	s.mutex.Unlock()
	if !known {
		return nil, "", "no such card"
	}
	value, form, found := h.body.button(p.Button)
	if !found {
		return nil, "", "no such button"
	}
	action := map[string]any{"value": value, "tag": "button", "name": p.Button, "timezone": "Asia/Shanghai"}
	if form != nil {
		values := map[string]string{}
		for _, e := range form.Elements {
			if e.Tag == "input" {
				if e.Required && p.Reason == "" {
					return nil, "", "required: " + e.Placeholder.Content
				}
				values[e.Name] = p.Reason
			}
		}
		action["form_value"] = values
	}
	token = random("c-")
	return s.Inside("card.action.trigger", map[string]any{
		"operator": map[string]string{"tenant_key": s.config.TenantKey, "open_id": p.Operator}, "token": token,
		"action": action, "host": "im_message",
		"context": map[string]string{"open_message_id": p.Message, "open_chat_id": "oc_" + p.Operator}}), token, ""
}

// PressOn makes the callback of a press, once: Feishu sends it never again.
func (s *Sim) PressOn(ctx context.Context, p simphone.Press) simphone.Told {
	inside, token, refused := s.PressEvent(p)
	if refused != "" {
		return simphone.Told{Words: refused}
	}
	u := &use{message: p.Message, at: s.Clock(), left: useTimes}
	s.mutex.Lock()
	s.uses[token] = u
	s.mutex.Unlock()
	status, body := s.Post(ctx, s.Wrap(inside))
	var got struct {
		Toast struct {
			Type    string `json:"type"`
			Content string `json:"content"`
		} `json:"toast"`
		Card struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		} `json:"card"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &got) != nil {
		return simphone.Told{Status: status, Words: fmt.Sprintf("出错了，请稍后重试 (%d)", status)}
	}
	s.mutex.Lock()
	u.answered = true
	s.mutex.Unlock()
	if got.Card.Type == "raw" {
		if bad := s.change(p.Message, string(got.Card.Data)); bad != "" {
			return simphone.Told{Status: status, Words: "card: " + bad}
		}
	}
	return simphone.Told{Status: status, OK: true, Words: got.Toast.Content}
}
