package wecom

import (
	"context"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the platform's own: it signs with nothing else
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/platform/xmlread"
)

const (
	// window is how far a callback's time may lie from ours: longer than it is sent
	// again for, and short for whoever kept a copy.
	window = 10 * time.Minute

	randomBytes = 16 // before the length
	lengthBytes = 4  // before the message
	padMax      = 32 // not AES's 16: WeCom pads to 32
)

// written is how a callback is: a dozen elements, no field twice.
var written = xmlread.Limits{Bytes: 256 << 10, Depth: 8, Parts: 2000, Once: true}

// event is what a callback says, once decrypted.
type event struct {
	Company string `xml:"ToUserName"`
	Person  string `xml:"FromUserName"`
	Created int64  `xml:"CreateTime"`
	Type    string `xml:"MsgType"`
	Event   string `xml:"Event"`
	Key     string `xml:"EventKey"`
	Task    string `xml:"TaskId"`
	Code    string `xml:"ResponseCode"`
	Agent   string `xml:"AgentID"`
}

// Hear reads one callback: GET proves to WeCom that the address is ours, POST tells.
func (a *App) Hear(_ context.Context, r port.Request) (port.Heard, error) {
	theirs := func(why string) (port.Heard, error) {
		return port.Heard{}, port.Fault(port.CodeNotTheirs, a.config.Name, why)
	}
	sealed := port.Once(r.Query, "echostr")
	if r.Method == http.MethodPost {
		var outer struct {
			Encrypt string `xml:"Encrypt"`
		}
		if err := xmlread.Decode(r.Body, &outer, written); err != nil {
			return theirs("malformed")
		}
		sealed = outer.Encrypt
	}
	if why := a.unsigned(r, sealed); why != "" {
		return theirs(why)
	}
	said, ok := a.open(sealed)
	if !ok {
		return theirs("decryption")
	}
	if r.Method == http.MethodGet {
		return port.Heard{Reply: func(port.Toast) port.Response {
			return port.Response{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: said}
		}}, nil
	}
	var e event
	if err := xmlread.Decode(said, &e, written); err != nil || e.Company != a.config.Tenant {
		return theirs("malformed")
	}
	return port.Heard{Clicks: a.clicks(e), Reply: func(port.Toast) port.Response {
		return port.Response{Status: http.StatusOK, Type: "text/plain; charset=utf-8"}
	}}, nil
}

// unsigned says what is wrong with a signature; "" for nothing.
func (a *App) unsigned(r port.Request, sealed string) string {
	at, err := strconv.ParseInt(port.Once(r.Query, "timestamp"), 10, 64)
	if err != nil || sealed == "" {
		return "malformed"
	}
	want := sign(string(a.config.Token), port.Once(r.Query, "timestamp"), port.Once(r.Query, "nonce"), sealed)
	if subtle.ConstantTimeCompare([]byte(want), []byte(port.Once(r.Query, "msg_signature"))) != 1 {
		return "signature"
	}
	if away := r.At.Sub(time.Unix(at, 0)); away > window || away < -window {
		return "time"
	}
	return ""
}

// clicks are the presses that an event tells; others tell nothing to us.
func (a *App) clicks(e event) []port.Click {
	verdict, token, found := strings.Cut(e.Key, ":")
	if e.Type != "event" || e.Event != "template_card_event" || !found || e.Agent != a.config.App {
		return nil
	}
	return []port.Click{{
		Event:    strings.Join([]string{e.Person, strconv.FormatInt(e.Created, 10), e.Task, e.Key}, "/"),
		Operator: e.Person, Token: token, Verdict: port.Verdict(verdict), At: time.Unix(e.Created, 0).UTC(),
		Sent: port.Sent{To: e.Person, Card: e.Task, Once: e.Code},
	}}
}

// sign is SHA-1 over the sorted strings, joined.
func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, ""))) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// open decrypts: 16 random bytes, the message's length, the message, whose it is.
func (a *App) open(sealed string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) == 0 || len(raw)%a.block.BlockSize() != 0 {
		return nil, false
	}
	plain := make([]byte, len(raw))
	cipher.NewCBCDecrypter(a.block, a.iv).CryptBlocks(plain, raw)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > padMax || pad > len(plain)-randomBytes-lengthBytes {
		return nil, false
	}
	plain = plain[randomBytes : len(plain)-pad]
	length := uint64(binary.BigEndian.Uint32(plain))
	plain = plain[lengthBytes:]
	if length > uint64(len(plain)) {
		return nil, false
	}
	return plain[:length], string(plain[length:]) == a.config.Tenant
}
