package feishu

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// How old a callback may be. One of a card is never sent again, so it is fresh. An
// event may come again for 7.1 hours, perhaps with its first timestamp; but an
// event says nothing here that does anything.
const (
	cardFresh  = 5 * time.Minute
	eventFresh = 8 * time.Hour
)

// Hear reads one callback: an event, a press, or the question whether this is the
// right address.
func (a *App) Hear(_ context.Context, r port.Request) (port.Heard, error) {
	var outer struct {
		Encrypt string `json:"encrypt"`
	}
	if r.Method != http.MethodPost || port.ReadStrict(r.Body, &outer) != nil {
		return port.Heard{}, a.notTheirs()
	}
	if outer.Encrypt == "" {
		return a.hearOld(r)
	}
	signed := len(r.Header["X-Lark-Signature"]) > 0
	if signed && !a.verify(r, sha256Of, string(a.config.Key)) {
		return port.Heard{}, a.notTheirs()
	}
	text, err := a.decrypt(outer.Encrypt)
	if err != nil {
		return port.Heard{}, a.notTheirs()
	}
	var n notice
	if port.ReadStrict(text, &n) != nil {
		return port.Heard{}, a.notTheirs()
	}
	if n.Type == "url_verification" {
		return a.hearChallenge(n)
	}
	if !signed || !a.ours(n) {
		return port.Heard{}, a.notTheirs()
	}
	return a.hearNotice(r, n)
}

// notice is the inside of a callback of the second schema, or a challenge.
type notice struct {
	Type      string `json:"type"`
	Challenge string `json:"challenge"`
	Token     string `json:"token"`

	Schema string `json:"schema"`
	Header struct {
		EventID    string `json:"event_id"`
		EventType  string `json:"event_type"`
		CreateTime string `json:"create_time"` // some send microseconds, the documentation says milliseconds
		Token      string `json:"token"`
		AppID      string `json:"app_id"`
		TenantKey  string `json:"tenant_key"`
	} `json:"header"`
	Event struct {
		Operator struct {
			OpenID    string `json:"open_id"`
			TenantKey string `json:"tenant_key"`
		} `json:"operator"`
		Token  string `json:"token"` // changes the card twice
		Action struct {
			Value     value `json:"value"`
			FormValue struct {
				Reason string `json:"reason"`
			} `json:"form_value"`
		} `json:"action"`
		Context struct {
			MessageID string `json:"open_message_id"`
			ChatID    string `json:"open_chat_id"`
		} `json:"context"`
	} `json:"event"`
}

// ours says whether a notice is for this app in this tenant.
func (a *App) ours(n notice) bool {
	return n.Schema == "2.0" && n.Header.EventID != "" && same(n.Header.Token, string(a.config.Token)) &&
		n.Header.AppID == a.config.App && n.Header.TenantKey == a.config.Tenant
}

// hearChallenge answers whether this is the right address. Feishu signs no
// challenge; it is encrypted with our key and names our token.
func (a *App) hearChallenge(n notice) (port.Heard, error) {
	if !same(n.Token, string(a.config.Token)) || n.Challenge == "" {
		return port.Heard{}, a.notTheirs()
	}
	return port.Heard{Reply: func(port.Toast) port.Response { return reply(object{"challenge": n.Challenge}) }}, nil
}

// hearNotice reads what is verified: a press where it is one, nothing otherwise.
func (a *App) hearNotice(r port.Request, n notice) (port.Heard, error) {
	if n.Header.EventType != "card.action.trigger" {
		if !fresh(r, eventFresh) {
			return port.Heard{}, a.notTheirs()
		}
		return port.Heard{Reply: func(port.Toast) port.Response { return reply(object{}) }}, nil
	}
	e := n.Event
	if !fresh(r, cardFresh) || e.Operator.OpenID == "" || e.Context.MessageID == "" ||
		e.Operator.TenantKey != "" && e.Operator.TenantKey != a.config.Tenant {
		return port.Heard{}, a.notTheirs()
	}
	return port.Heard{
		Clicks: []port.Click{{Event: n.Header.EventID, Operator: e.Operator.OpenID, Token: e.Action.Value.Token,
			Verdict: e.Action.Value.Verdict, Reason: e.Action.FormValue.Reason, At: created(n.Header.CreateTime),
			Sent: port.Sent{To: e.Operator.OpenID, Card: e.Action.Value.Card, Message: e.Context.MessageID,
				Where: e.Context.ChatID, Once: e.Token}}},
		Reply: toastReply,
	}, nil
}

// hearOld reads the old card callback, where the app is told to: it is signed with
// another hash over another secret, so neither generation's signature serves for the other.
func (a *App) hearOld(r port.Request) (port.Heard, error) {
	var press struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		Token     string `json:"token"`
		OpenID    string `json:"open_id"`
		TenantKey string `json:"tenant_key"`
		MessageID string `json:"open_message_id"`
		ChatID    string `json:"open_chat_id"`
		Action    struct {
			Value value `json:"value"`
		} `json:"action"`
	}
	if !a.old || !a.verify(r, sha1Of, string(a.config.Token)) || !fresh(r, cardFresh) ||
		port.ReadStrict(r.Body, &press) != nil {
		return port.Heard{}, a.notTheirs()
	}
	if press.Type == "url_verification" {
		return a.hearChallenge(notice{Challenge: press.Challenge, Token: press.Token})
	}
	if press.OpenID == "" || press.MessageID == "" || press.Token == "" || press.TenantKey != a.config.Tenant {
		return port.Heard{}, a.notTheirs()
	}
	return port.Heard{
		Clicks: []port.Click{{Event: "old:" + press.Token, Operator: press.OpenID, Token: press.Action.Value.Token,
			Verdict: press.Action.Value.Verdict, Sent: port.Sent{To: press.OpenID, Card: press.Action.Value.Card,
				Message: press.MessageID, Where: press.ChatID, Once: press.Token}}},
		Reply: func(t port.Toast) port.Response {
			if t.Card == nil {
				return reply(object{})
			}
			return reply(card(*t.Card))
		},
	}, nil
}

func sha256Of(text []byte) []byte { sum := sha256.Sum256(text); return sum[:] }
func sha1Of(text []byte) []byte   { sum := sha1.Sum(text); return sum[:] }

// verify compares the signature over the raw body: a plain hash, not an HMAC, over
// timestamp, nonce, secret and body.
func (a *App) verify(r port.Request, hash func([]byte) []byte, secret string) bool {
	at, nonce := port.Once(r.Header, "X-Lark-Request-Timestamp"), port.Once(r.Header, "X-Lark-Request-Nonce")
	if at == "" || nonce == "" {
		return false
	}
	text := append([]byte(at+nonce+secret), r.Body...)
	return same(port.Once(r.Header, "X-Lark-Signature"), hex.EncodeToString(hash(text)))
}

// fresh says whether a callback was signed within so long of when it came.
func fresh(r port.Request, within time.Duration) bool {
	seconds, err := strconv.ParseInt(port.Once(r.Header, "X-Lark-Request-Timestamp"), 10, 64)
	return err == nil && r.At.Sub(time.Unix(seconds, 0)).Abs() <= within
}

// created reads when something happened, in milliseconds or microseconds.
func created(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}
	case n > 1e14:
		return time.UnixMicro(n).UTC()
	}
	return time.UnixMilli(n).UTC()
}

// decrypt opens AES-256-CBC under the hash of the Encrypt Key; the first block is the IV.
func (a *App) decrypt(text string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errSealed
	}
	block, err := aes.NewCipher(a.key[:])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errSealed
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, errSealed
		}
	}
	return plain[:len(plain)-pad], nil
}

var errSealed = errors.New("not sealed with this key")

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (a *App) notTheirs() error { return port.Fault(port.CodeNotTheirs, a.config.Name, "") }
