// Package webhook sends messages to other systems, signed as Standard Webhooks say:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/platform/publicnet"
)

const (
	timeMax  = 15 * time.Second // one exchange, as the specification suggests
	wordsMax = 300              // of an answer, in bytes: what a person needs to see the cause
)

// Secret is a signing key that never shows itself in logs or dumps.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(secret)" }

// Endpoint is where messages go.
type Endpoint struct {
	URL     string
	Secrets []Secret // whsec_…; each signs, so that one may be replaced by another without a gap
	Private bool     // the address may lie in a private network
	TLS     *tls.Config
}

// Sender sends.
type Sender struct {
	Now func() time.Time // nil = time.Now

	mu    sync.Mutex
	lines map[line]*http.Client
}

// line is what endpoints share a client by.
type line struct {
	private bool
	tls     *tls.Config
}

// New makes a sender.
func New() *Sender { return &Sender{lines: map[line]*http.Client{}} }

// client follows nobody elsewhere, and keeps connections: messages come in order, one after another.
func (s *Sender) client(to Endpoint) *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	by := line{to.Private, to.TLS}
	if s.lines[by] == nil {
		way := publicnet.Way{Private: to.Private, TLS: to.TLS}.Transport()
		way.TLSHandshakeTimeout, way.MaxIdleConnsPerHost, way.IdleConnTimeout = timeMax/3, 1, time.Minute
		s.lines[by] = &http.Client{Timeout: timeMax, Transport: way,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return s.lines[by]
}

// Answer is how an endpoint answered.
type Answer struct {
	Status int           // 0: it did not
	Words  string        // the beginning of what it said, or why there was no answer
	After  time.Duration // how long it asks to be left alone; 0 = it does not say
	Took   time.Duration
}

// Send sends one message once.
//
// Safe to repeat: the message keeps its id.
func (s *Sender) Send(ctx context.Context, to Endpoint, m webhook.Message) Answer {
	began := s.now()
	r, err := s.request(ctx, to, m, began)
	if err != nil {
		return Answer{Words: err.Error()}
	}
	answer, err := s.client(to).Do(r)
	if err != nil {
		return Answer{Words: reason(err), Took: s.now().Sub(began)}
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, _ := io.ReadAll(io.LimitReader(answer.Body, wordsMax))
	now := s.now()
	return Answer{Status: answer.StatusCode, Words: words(body), After: after(answer.Header, now), Took: now.Sub(began)}
}

func (s *Sender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Sender) request(ctx context.Context, to Endpoint, m webhook.Message, at time.Time) (*http.Request, error) {
	var signatures []string
	for _, secret := range to.Secrets {
		key, err := standardwebhooks.NewWebhook(string(secret))
		if err != nil {
			return nil, errors.New("a secret is not whsec_ and base64")
		}
		signature, err := key.Sign(m.ID, at, m.Body)
		if err != nil {
			return nil, fmt.Errorf("signing a message: %w", err)
		}
		signatures = append(signatures, signature)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, errors.New("the address is none")
	}
	r.GetBody = nil // net/http repeats nothing by itself
	r.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	r.Header.Set("User-Agent", "Countersign")
	r.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return r, nil
}

// reason says why there was no answer, without the address, which may carry a token.
func reason(err error) string {
	if errors.Is(err, publicnet.ErrPrivate) {
		return publicnet.ErrPrivate.Error()
	}
	var at interface{ Unwrap() error }
	for errors.As(err, &at) {
		inner := at.Unwrap()
		if inner == nil {
			break
		}
		err = inner
	}
	return words([]byte(err.Error()))
}

// words keeps of an answer what can be shown: text on one line.
func words(body []byte) string {
	text := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, string(body[:min(len(body), wordsMax)]))
	return strings.Join(strings.Fields(text), " ")
}

// after reads Retry-After, in seconds or as a date.
func after(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
