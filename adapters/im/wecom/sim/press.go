package sim

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the platform's own
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Told is one callback as it is sent.
type Told struct {
	Query url.Values
	Body  []byte
}

type cdata struct {
	Text string `xml:",cdata"`
}

type event struct {
	XMLName xml.Name `xml:"xml"`
	To      cdata    `xml:"ToUserName"`
	From    cdata    `xml:"FromUserName"`
	Created int64    `xml:"CreateTime"`
	Type    cdata    `xml:"MsgType"`
	Event   cdata    `xml:"Event"`
	Key     cdata    `xml:"EventKey"`
	Task    cdata    `xml:"TaskId"`
	Card    cdata    `xml:"CardType"`
	Code    cdata    `xml:"ResponseCode"`
	Agent   int      `xml:"AgentID"`
}

// Pressed makes the callback of a press, without sending it. Whoever holds the key
// may press, whether or not the card is theirs: cards are forwarded.
func (s *Server) Pressed(member, task, key string) (Told, error) {
	s.mutex.Lock()
	s.serial++
	response := "rc-" + strconv.Itoa(s.serial)
	for _, c := range s.cards {
		if c.Task == task {
			s.codes[response] = code{card: c, until: s.options.Now().Add(s.options.CodeLife)}
		}
	}
	now := s.options.Now()
	s.mutex.Unlock()
	text, err := xml.Marshal(event{To: cdata{s.options.Corp}, From: cdata{member}, Created: now.Unix(),
		Type: cdata{"event"}, Event: cdata{"template_card_event"}, Key: cdata{key}, Task: cdata{task},
		Card: cdata{"button_interaction"}, Code: cdata{response}, Agent: s.options.Agent})
	if err != nil {
		return Told{}, err
	}
	return s.Tell(text, now)
}

// Tell signs and encrypts a message as a callback.
func (s *Server) Tell(text []byte, at time.Time) (Told, error) {
	sealed, err := s.Seal(text)
	if err != nil {
		return Told{}, err
	}
	body := fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><AgentID><![CDATA[%d]]></AgentID>"+
		"<Encrypt><![CDATA[%s]]></Encrypt></xml>", s.options.Corp, s.options.Agent, sealed)
	return Told{Query: s.signed(sealed, at), Body: []byte(body)}, nil
}

func (s *Server) signed(sealed string, at time.Time) url.Values {
	stamp, nonce := strconv.FormatInt(at.Unix(), 10), rand.Text()
	signature := Sign(s.options.Token, stamp, nonce, sealed)
	return url.Values{"msg_signature": {signature}, "timestamp": {stamp}, "nonce": {nonce}}
}

// Sign is the platform's signature over four strings.
func Sign(token, stamp, nonce, sealed string) string {
	parts := []string{token, stamp, nonce, sealed}
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, ""))) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// Seal encrypts a message: 16 random bytes, its length, itself, whose it is, and a pad
// to 32.
func (s *Server) Seal(text []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(s.options.Key + "=")
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	plain := []byte(rand.Text())[:16]
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(text))) //nolint:gosec // shorter than bodyMax
	plain = append(append(plain, text...), s.options.Corp...)
	pad := 32 - len(plain)%32
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, key[:aes.BlockSize]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

// Press tells a press, up to three times more where it is not answered in time. It
// says whether it was taken in the end.
func (s *Server) Press(ctx context.Context, member, task, key string) (bool, error) {
	told, err := s.Pressed(member, task, key)
	if err != nil {
		return false, err
	}
	s.work.Add(1)
	defer s.work.Done()
	return s.deliver(ctx, told), nil
}

func (s *Server) deliver(ctx context.Context, told Told) bool {
	s.mutex.Lock()
	address := s.options.Callback
	s.mutex.Unlock()
	for range 1 + retries {
		taken := s.post(ctx, address, told)
		s.journal.note("callback", told.Body, map[bool]string{true: "applied", false: "none"}[taken], "")
		if taken {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(s.options.RetryAfter):
		}
	}
	return false
}

func (s *Server) post(ctx context.Context, address string, told Told) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"?"+told.Query.Encode(),
		bytes.NewReader(told.Body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "text/xml")
	response, err := s.client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // only the status counts
	return response.StatusCode == http.StatusOK
}

// Checked makes the request that proves an address, and what it must be answered.
func (s *Server) Checked() (Told, string, error) {
	word := strconv.FormatInt(s.options.Now().UnixNano(), 10)
	sealed, err := s.Seal([]byte(word))
	if err != nil {
		return Told{}, "", err
	}
	query := s.signed(sealed, s.options.Now())
	query.Set("echostr", sealed)
	return Told{Query: query}, word, nil
}
