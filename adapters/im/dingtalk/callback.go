package dingtalk

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// How old a callback may be. An event may come again, and does nothing here.
const (
	cardFresh  = 5 * time.Minute
	eventFresh = time.Hour
)

// Hear reads one callback: an event, or a press over HTTP.
func (a *App) Hear(_ context.Context, r port.Request) (port.Heard, error) {
	if r.Method != http.MethodPost || len(r.Body) > port.BodyMax {
		return port.Heard{}, a.notTheirs()
	}
	if len(r.Header["X-Ddpaas-Signature"]) > 0 {
		return a.hearPress(r)
	}
	return a.hearEvent(r)
}

// hearEvent verifies and opens an event, and answers «success»; nothing that any
// event says is wanted here, also not that of the question for the address.
func (a *App) hearEvent(r port.Request) (port.Heard, error) {
	var outer struct {
		Encrypt string `json:"encrypt"`
	}
	at, nonce := either(r.Query, "timestamp", "timeStamp"), port.Once(r.Query, "nonce")
	given := either(r.Query, "signature", "msg_signature")
	if a.key == nil || port.ReadStrict(r.Body, &outer) != nil || at == "" || nonce == "" ||
		!same(given, eventSignature(string(a.config.Token), at, nonce, outer.Encrypt)) || !fresh(r, at, eventFresh) {
		return port.Heard{}, a.notTheirs()
	}
	_, owner, err := openSealed(a.key, outer.Encrypt)
	if err != nil || owner != a.config.App && owner != a.config.Tenant {
		return port.Heard{}, a.notTheirs()
	}
	return port.Heard{Reply: func(port.Toast) port.Response { return a.success(owner, r.At) }}, nil
}

// eventSignature is SHA-1 over the four, sorted.
func eventSignature(token, at, nonce, encrypted string) string {
	parts := []string{token, at, nonce, encrypted}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// success is the encrypted answer; without it DingTalk takes an event for lost.
func (a *App) success(owner string, now time.Time) port.Response {
	encrypted, nonce, err := seal(a.key, "success", owner)
	if err != nil {
		return port.Response{Status: http.StatusInternalServerError}
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	return reply(object{"msg_signature": eventSignature(string(a.config.Token), at, nonce, encrypted),
		"timeStamp": at, "nonce": nonce, "encrypt": encrypted})
}

// press is what DingTalk says of one; content, in older words value, is JSON in a string.
type press struct {
	Type       string `json:"type"`
	OutTrackID string `json:"outTrackId"`
	CorpID     string `json:"corpId"`
	UserID     string `json:"userId"`
	UserIDType int    `json:"userIdType"`
	Content    string `json:"content"`
	Value      string `json:"value"`
}

// hearPress reads a press over HTTP. Its signature covers the timestamp alone, so a
// timestamp serves one body: one heard before, under the same, is another's.
func (a *App) hearPress(r port.Request) (port.Heard, error) {
	at := port.Once(r.Header, "X-Ddpaas-Signature-Timestamp")
	if a.callback == "" || at == "" || !same(port.Once(r.Header, "X-Ddpaas-Signature"), a.pressSignature(at)) ||
		!fresh(r, at, cardFresh) {
		return port.Heard{}, a.notTheirs()
	}
	sum := sha256.Sum256(r.Body)
	click, ok := a.click(r.Body)
	if !ok || !a.seen.first(at, sum, r.At) {
		return port.Heard{}, a.notTheirs()
	}
	click.Event = "http:" + at + ":" + hex.EncodeToString(sum[:8])
	if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
		click.At = time.UnixMilli(ms).UTC()
	}
	answer := func(t port.Toast) port.Response { return reply(pressed(t)) }
	return port.Heard{Clicks: []port.Click{click}, Reply: answer}, nil
}

func (a *App) pressSignature(at string) string {
	mac := hmac.New(sha256.New, []byte(a.apiSecret))
	_, _ = mac.Write([]byte(at))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// click reads a press of a button of ours in this company; false for anything else.
func (a *App) click(body []byte) (port.Click, bool) {
	var p press
	var content struct {
		Private struct {
			Actions []string `json:"actionIds"`
			Params  struct {
				Token string `json:"token"`
			} `json:"params"`
		} `json:"cardPrivateData"`
	}
	if port.ReadStrict(body, &p) != nil {
		return port.Click{}, false
	}
	if p.Content == "" {
		p.Content = p.Value
	}
	if p.Type != "actionCallback" || p.CorpID != a.config.Tenant || p.UserID == "" || p.OutTrackID == "" ||
		p.UserIDType > 1 || port.ReadStrict([]byte(p.Content), &content) != nil || len(content.Private.Actions) != 1 {
		return port.Click{}, false
	}
	verdict := port.Verdict(content.Private.Actions[0])
	if verdict != port.Approve && verdict != port.Reject {
		return port.Click{}, false
	}
	return port.Click{Operator: p.UserID, Token: content.Private.Params.Token, Verdict: verdict,
		Sent: port.Sent{To: p.UserID, Card: cardOf(p.OutTrackID), Message: p.OutTrackID}}, true
}

// pressed is what a press is answered: what the card shows from now on, and to whom
// pressed the words of the toast.
func pressed(t port.Toast) object {
	data := map[string]string{}
	if t.Card != nil {
		data = params(*t.Card)
	}
	return object{"cardUpdateOptions": object{"updateCardDataByKey": true, "updatePrivateDataByKey": true},
		"cardData": object{"cardParamMap": data}, "userPrivateData": object{"cardParamMap": object{"notice": t.Words}}}
}

func reply(v object) port.Response {
	text, err := json.Marshal(v)
	if err != nil {
		return port.Response{Status: http.StatusInternalServerError}
	}
	return port.Response{Status: http.StatusOK, Type: "application/json; charset=utf-8", Body: text}
}

// either gives a value that has two names, and came once under one of them.
func either(values map[string][]string, one, other string) string {
	if len(values[one])+len(values[other]) != 1 {
		return ""
	}
	return port.Once(values, one) + port.Once(values, other)
}

// fresh says whether a timestamp in milliseconds is within so long of when it came.
func fresh(r port.Request, at string, within time.Duration) bool {
	ms, err := strconv.ParseInt(at, 10, 64)
	return err == nil && r.At.Sub(time.UnixMilli(ms)).Abs() <= within
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (a *App) notTheirs() error { return port.Fault(port.CodeNotTheirs, a.config.Name, "") }
