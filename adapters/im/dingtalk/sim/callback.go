package sim

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// patience is how long an answer is waited for.
const patience = 3 * time.Second

// Sign makes the signature of an event.
func Sign(token, timestamp, nonce, encrypted string) string {
	all := sort.StringSlice{token, timestamp, nonce, encrypted}
	all.Sort()
	return fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(all, ""))))
}

// SignPress makes the signature of an HTTP press: of its timestamp, and nothing else.
func SignPress(apiSecret, timestamp string) string {
	h := hmac.New(sha256.New, []byte(apiSecret))
	_, _ = io.WriteString(h, timestamp)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Seal encrypts an event; aesKey is that of the console, of 43 characters.
func Seal(aesKey, message, owner string) string {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		panic(err) // a test's own mistake
	}
	var plain bytes.Buffer
	_, _ = io.CopyN(&plain, rand.Reader, 16)
	_ = binary.Write(&plain, binary.BigEndian, uint32(len(message)))
	plain.WriteString(message + owner)
	pad := 32 - plain.Len()%32
	plain.Write(bytes.Repeat([]byte{byte(pad)}, pad))
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := plain.Bytes()
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(out, out)
	return base64.StdEncoding.EncodeToString(out)
}

// unseal is for the answers to events.
func (s *Sim) unseal(text string) (message, owner string) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 || len(raw)%16 != 0 {
		return "", ""
	}
	block, err := aes.NewCipher(s.aesKey)
	if err != nil {
		return "", ""
	}
	cipher.NewCBCDecrypter(block, s.aesKey[:16]).CryptBlocks(raw, raw)
	pad := int(raw[len(raw)-1])
	if pad > len(raw) || len(raw)-pad < 20 {
		return "", ""
	}
	raw = raw[:len(raw)-pad]
	n := int(binary.BigEndian.Uint32(raw[16:20]))
	if n > len(raw)-20 {
		return "", ""
	}
	return string(raw[20 : 20+n]), string(raw[20+n:])
}

// Callback is one callback as it goes over the line.
type Callback struct {
	Query  url.Values
	Header map[string]string
	Body   []byte
}

// Event makes an event as of now.
func (s *Sim) Event(message any) Callback {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err) // only what this program made
	}
	sealed := Seal(s.config.AESKey, string(text), s.config.AppKey)
	at, nonce := stamp(s.Clock()), hex.EncodeToString([]byte(random(""))[:4])
	body, err := json.Marshal(map[string]string{"encrypt": sealed})
	if err != nil {
		panic(err)
	}
	return Callback{Query: url.Values{"signature": {Sign(s.config.Token, at, nonce, sealed)}, "timestamp": {at},
		"nonce": {nonce}}, Body: body}
}

// Deliver sends an event, and says whether it was answered with a sealed «success».
func (s *Sim) Deliver(ctx context.Context, to string, c Callback) bool {
	status, body := s.post(ctx, to+"?"+c.Query.Encode(), c)
	var got struct {
		Signature string `json:"msg_signature"`
		At        string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
		Encrypt   string `json:"encrypt"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &got) != nil ||
		got.Signature != Sign(s.config.Token, got.At, got.Nonce, got.Encrypt) {
		return false
	}
	message, owner := s.unseal(got.Encrypt)
	return message == "success" && owner == s.config.AppKey
}

// Body makes what a press says, by either way.
func (s *Sim) Body(p simphone.Press) (body []byte, refused string) {
	s.mutex.Lock()
	h, known := s.cards[p.Message]
	words, token := "", ""
	if known {
		words, token = h.shared[p.Button], h.shared[p.Button+"_token"]
	}
	linked := known && h.shared[p.Button+"_link"] != ""
	s.mutex.Unlock()
	switch {
	case !known:
		return nil, "no such card"
	case words == "" || linked:
		return nil, "no such button"
	}
	content, err := json.Marshal(map[string]any{"cardPrivateData": map[string]any{
		"actionIds": []string{p.Button}, "params": map[string]string{"token": token}}})
	if err == nil {
		body, err = json.Marshal(map[string]any{"type": "actionCallback", "outTrackId": p.Message, "corpId": s.config.CorpID,
			"userId": p.Operator, "userIdType": 1, "content": string(content)})
	}
	if err != nil {
		panic(err) // only what this program made
	}
	return body, ""
}

// HTTPPress signs a body as of now with the secret of the card's route.
func (s *Sim) HTTPPress(track string, body []byte) Callback {
	s.mutex.Lock()
	secret := s.routes[s.cards[track].route].secret
	s.mutex.Unlock()
	at := stamp(s.Clock())
	return Callback{Body: body, Header: map[string]string{"x-ddpaas-signature-timestamp": at,
		"x-ddpaas-signature": SignPress(secret, at)}}
}

// PressOn makes the callback of a press: over the stream or HTTP, as the card says.
func (s *Sim) PressOn(ctx context.Context, p simphone.Press) simphone.Told {
	body, refused := s.Body(p)
	if refused != "" {
		return simphone.Told{Words: refused}
	}
	s.mutex.Lock()
	h := *s.cards[p.Message]
	to := s.routes[h.route].url
	s.mutex.Unlock()
	if h.kind == "STREAM" {
		data, ok := s.stream.deliver(ctx, "CALLBACK", cardTopic, string(body))
		var got struct{ Response json.RawMessage }
		if !ok || json.Unmarshal([]byte(data), &got) != nil {
			return simphone.Told{Words: "操作失败，请稍后重试"}
		}
		return s.answered(p, http.StatusOK, got.Response)
	}
	status, answer := s.post(ctx, to, s.HTTPPress(p.Message, body))
	return s.answered(p, status, answer)
}

// answered shows what a press was answered with.
func (s *Sim) answered(p simphone.Press, status int, body []byte) simphone.Told {
	var got struct {
		CardData        struct{ CardParamMap map[string]string }
		UserPrivateData struct{ CardParamMap map[string]string }
	}
	if status != http.StatusOK || json.Unmarshal(body, &got) != nil {
		return simphone.Told{Status: status, Words: "操作失败，请稍后重试"}
	}
	if len(got.CardData.CardParamMap) > 0 {
		s.change(p.Message, got.CardData.CardParamMap, true)
	}
	return simphone.Told{Status: status, OK: true, Words: got.UserPrivateData.CardParamMap["notice"]}
}

// post sends a callback; status is 0 where there was no answer in time.
func (s *Sim) post(ctx context.Context, to string, c Callback) (int, []byte) {
	ctx, done := context.WithTimeout(ctx, s.config.Patience)
	defer done()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(c.Body))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Content-Type", "application/json")
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
