package outside

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/im"
	dingtalk "github.com/countersign/countersign/adapters/im/dingtalk/sim"
	feishu "github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/platform/picture"
	"github.com/countersign/countersign/policy/calendarfile"
)

// calendars are lists of days as authorities publish them, and as people write them.
func calendars() []parser {
	const day = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20270101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	with := func(inside string) string { return strings.Replace(day, "DTSTART", inside+"DTSTART", 1) }
	var nested strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&nested, "BEGIN:X%d\r\n", n)
	}
	for n := range 1000 {
		fmt.Fprintf(&nested, "END:X%d\r\n", 999-n)
	}
	const whole = "calendar: office\nzone: Asia/Shanghai\nhours:\n  mon: 09:00-18:00\n"
	none := map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}
	written := map[string]string{external: noEntities + ", and a tag makes nothing", ratio: notPacked, path: namesNone}
	return []parser{
		{"a calendar in iCalendar", day, map[string]string{deep: with(nested.String()), large: with(strings.Repeat("X-MUCH:x\r\n", 200_000)),
			twice: with("DTSTART:20270201\r\n"), malformed: with("SUMMARY:\xff\r\n")}, none, func(_ *testing.T, text []byte) error {
			_, err := calendar.ReadICS("x.ics", text)
			return err
		}},
		{"a calendar as people write it", whole, map[string]string{laughs: "a: &a [x]\nb: [*a, *a]\n" + whole,
			deep: "deep: " + strings.Repeat("[", 100_000) + "\n" + whole, large: whole + strings.Repeat("# much\n", 400_000),
			twice: whole + "zone: Asia/Tokyo\n", malformed: whole + "# \xff\n"}, written, func(_ *testing.T, text []byte) error {
			_, err := calendarfile.Read("x.yaml", text)
			return err
		}},
	}
}

// chunk is one of a PNG's.
func chunk(kind string, content []byte) string {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, uint32(len(content)))
	b.WriteString(kind)
	b.Write(content)
	_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(append([]byte(kind), content...)))
	return b.String()
}

// attachments are what people attach.
func attachments(t *testing.T) []parser {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
	good := b.String()
	const signature, header = 8, 25
	first := good[signature : signature+header]
	sized := func(width, height uint32, depth, kind byte) string {
		content := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
		return good[:signature] + chunk("IHDR", append(content, depth, kind, 0, 0, 0)) + good[signature+header:]
	}
	pictures := map[string]string{large: sized(60_000, 60_000, 8, 0), ratio: sized(7000, 7000, 16, 6),
		twice: good[:signature+header] + first + good[signature+header:], malformed: strings.Replace(good, "IDAT", "IDAX", 1)}
	none := map[string]string{external: noEntities, laughs: noEntities, deep: "a picture has no depth", path: namesNone}
	unopened := map[string]string{}
	for _, trick := range tricks {
		unopened[trick] = "it is never opened: its first bytes say what it is, and the browser shows it in a sandbox"
	}
	delete(unopened, malformed)
	packed := map[string]string{}
	for _, trick := range tricks {
		packed[trick] = "only its directory is read; whoever unpacks it checks all of it (an archive)"
	}
	delete(packed, malformed)
	delete(packed, large)
	var many []string
	for n := range 20_000 {
		many = append(many, fmt.Sprint(n), "")
	}
	inspected := func(name string) func(*testing.T, []byte) error {
		return func(_ *testing.T, text []byte) error {
			_, err := files.Inspect(name, bytes.NewReader(text), int64(len(text)))
			return err
		}
	}
	return []parser{
		{"the codes in a picture", good, pictures, none, func(t *testing.T, text []byte) error {
			t.Helper()
			_, err := picture.QRCodes(t.Context(), bytes.NewReader(text))
			return err
		}},
		{"a small copy of a picture", good, pictures, none, func(t *testing.T, text []byte) error {
			t.Helper()
			_, err := picture.Thumbnail(t.Context(), bytes.NewReader(text), 100)
			return err
		}},
		{"a PDF", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", map[string]string{malformed: "<html><script>alert(1)</script></html>"}, unopened, inspected("x.pdf")},
		{"the kind of an OFD", zipped(t, "OFD.xml", "<a/>"), map[string]string{malformed: "PK\x03\x04 and no directory",
			large: zipped(t, append(many, "OFD.xml", "<a/>")...)}, packed, inspected("x.ofd")},
	}
}

// platforms answer what is asked of them: here each gives one answer to everything.
func platforms(t *testing.T) []parser {
	t.Helper()
	nested := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	none := map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}
	var all []parser
	for provider, answer := range map[string][2]string{
		"wecom":    {`{"errcode":0,"access_token":"t","expires_in":7200,"department_id":[{"id":1}],"userlist":[]}`, `"ErrCode":0`},
		"dingtalk": {`{"errcode":0,"accessToken":"t","expireIn":7200,"result":null}`, `"errcode":1`},
		"feishu":   {`{"code":0,"tenant_access_token":"t","expire":7200,"data":{"items":[],"has_more":false}}`, `"Code":1`},
		"slack":    {`{"ok":true,"members":[]}`, `"ok":false`},
	} {
		good := answer[0]
		with := func(inside string) string { return "{" + inside + "," + good[1:] }
		read := func(t *testing.T, text []byte) error {
			t.Helper()
			options := map[string]map[string]string{"dingtalk": {"template": "card.schema"}, "slack": {"client_id": "1.2"}}
			app, err := im.Open(im.Config{Name: provider, Provider: provider, URL: answering(t, "application/json", text), Tenant: "t",
				App: "1", Secret: "secret", Token: "token", Key: im.Secret(strings.Repeat("A", 43)), Timeout: 20 * time.Second,
				Options: options[provider]})
			require.NoError(t, err)
			_, err = app.People(t.Context(), "")
			return err
		}
		all = append(all, parser{"an answer of " + provider, good, map[string]string{deep: with(`"deep":` + nested),
			large: with(`"much":"` + strings.Repeat("x", 9<<20) + `"`), twice: with(answer[1]), malformed: with("\"broken\":\"\xff\"")}, none, read})
	}
	return append(all, pressedInSlack(), eventOfDingTalk(), askedByFeishu())
}

// pressedInSlack is a press as Slack signs it.
func pressedInSlack() parser {
	const good = `{"api_app_id":"1","team":{"id":"t"},"user":{"id":"u"},"type":"shortcut"}`
	return parser{"a callback of Slack", good, tricked(good, `"Team":{"id":"other"}`),
		map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}, func(t *testing.T, text []byte) error {
			t.Helper()
			app, err := im.Open(im.Config{Provider: "slack", Name: "slack", Tenant: "t", App: "1", Secret: "secret", Token: "token",
				Key: "key", Options: map[string]string{"client_id": "1.2"}})
			require.NoError(t, err)
			body, at := "payload="+url.QueryEscape(string(text)), strconv.FormatInt(time.Now().Unix(), 10)
			mac := hmac.New(sha256.New, []byte("token"))
			mac.Write([]byte("v0:" + at + ":" + body))
			_, err = app.Hear(t.Context(), im.Request{Method: http.MethodPost, Body: []byte(body), At: time.Now(), Header: http.Header{
				"X-Slack-Request-Timestamp": {at}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}})
			return err
		}}
}

// tricked are the tricks that JSON can play around a good object, with one name twice.
func tricked(good, again string) map[string]string {
	with := func(inside string) string { return "{" + inside + "," + good[1:] }
	return map[string]string{deep: with(`"deep":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)),
		large: with(`"much":"` + strings.Repeat("x", 2<<20) + `"`), twice: with(again), malformed: with("\"broken\":\"\xff\"")}
}

// eventOfDingTalk is sealed and signed for us, but for what stands around it.
func eventOfDingTalk() parser {
	const good = `{"encrypt":"%"}`
	return parser{"a callback of DingTalk", good, tricked(good, `"Encrypt":"other"`),
		map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}, func(t *testing.T, text []byte) error {
			t.Helper()
			key := strings.Repeat("A", 43)
			app, err := im.Open(im.Config{Provider: "dingtalk", Name: "dingtalk", Tenant: "corp", App: "1", Secret: "secret", Token: "token",
				Key: im.Secret(key), Options: map[string]string{"template": "card.schema"}})
			require.NoError(t, err)
			sealed, at := dingtalk.Seal(key, `{"EventType":"x"}`, "corp"), strconv.FormatInt(time.Now().UnixMilli(), 10)
			_, err = app.Hear(t.Context(), im.Request{Method: http.MethodPost, At: time.Now(), Body: bytes.Replace(text, []byte("%"), []byte(sealed), 1),
				Query: url.Values{"signature": {dingtalk.Sign("token", at, "n", sealed)}, "timestamp": {at}, "nonce": {"n"}}})
			return err
		}}
}

// askedByFeishu is what Feishu asks an address for the first time, sealed: what is inside is tried.
func askedByFeishu() parser {
	const good = `{"type":"url_verification","challenge":"c","token":"token"}`
	return parser{"a callback of Feishu", good, tricked(good, `"Token":"other"`),
		map[string]string{external: noEntities, laughs: noEntities, ratio: notPacked, path: namesNone}, func(t *testing.T, text []byte) error {
			t.Helper()
			app, err := im.Open(im.Config{Provider: "feishu", Name: "feishu", Tenant: "t", App: "1", Secret: "secret", Token: "token", Key: "key"})
			require.NoError(t, err)
			sealed := feishu.Seal("key", make([]byte, 16), text)
			_, err = app.Hear(t.Context(), im.Request{Method: http.MethodPost, At: time.Now(),
				Body: []byte(`{"encrypt":"` + sealed + `"}`)})
			return err
		}}
}
