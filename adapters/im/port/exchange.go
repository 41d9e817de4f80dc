package port

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/countersign/countersign/platform/jsonread"
	"github.com/countersign/countersign/platform/publicnet"
)

// answerMax bounds one answer of a platform.
const answerMax = 8 << 20

// Answer is what came back, whatever its status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Way is how an app is reached.
func (c Config) Way() *http.Transport {
	return publicnet.Way{Named: []string{c.URL}, Private: c.Private, Proxied: true, TLS: c.TLS}.Transport()
}

// HTTP is the client of an app: bounded by Timeout. It follows no redirect, which would
// carry the token elsewhere.
func (c Config) HTTP() *http.Client {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &http.Client{Timeout: timeout, Transport: c.Way(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Exchange makes one exchange for an app; writes says whether somebody may see
// something of it, see Unclear. It never repeats a request: net/http does so in
// secret where a body can be read again, hence the body cannot.
func Exchange(app string, client *http.Client, r *http.Request, writes bool) (Answer, error) {
	if writes {
		r.GetBody = nil
	}
	answer, err := client.Do(r)
	if err != nil {
		return Answer{}, Lost(app, err, writes)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerMax+1))
	if err != nil {
		return Answer{}, Lost(app, err, writes)
	}
	if len(body) > answerMax {
		return Answer{}, Unclear(app, fmt.Sprintf("the answer is longer than %d bytes", answerMax), writes)
	}
	if err := Unequivocal(answer.StatusCode, body); err != nil {
		return Answer{}, Unclear(app, err.Error(), writes)
	}
	return Answer{answer.StatusCode, answer.Header, body}, nil
}

// answerDepth bounds how deep an answer in JSON is nested.
const answerDepth = 100

// Unequivocal refuses an answer in JSON that can be read in two ways.
func Unequivocal(status int, body []byte) error {
	return jsonread.Answer(status, body, jsonread.Limits{Depth: answerDepth, Folded: true})
}

// Lost makes the fault of an exchange without an answer. What never reached the
// platform is im.unavailable. The address stays out of it: some carry a token.
func Lost(app string, err error, writes bool) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var call *net.OpError
	var name *net.DNSError
	var signer x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(err, &name), errors.As(err, &signer), errors.As(err, &host),
		errors.As(err, &call) && call.Op == "dial":
		return Fault(CodeUnavailable, app, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return Unclear(app, "no answer in time", writes)
	}
	return Unclear(app, err.Error(), writes)
}

// Unclear makes the fault of an answer that says nothing: im.unknown where
// something may have been sent, im.unavailable where only something was asked.
func Unclear(app, words string, writes bool) error {
	if writes {
		return Fault(CodeUnknown, app, words)
	}
	return Fault(CodeUnavailable, app, words)
}

// StatusFault turns an HTTP status without words of the platform's own into a
// fault; nil for 2xx. Behind 5xx and 408 the request may have run to its end.
func StatusFault(app string, a Answer, writes bool) error {
	words := fmt.Sprintf("HTTP %d", a.Status)
	switch {
	case a.Status >= 200 && a.Status < 300:
		return nil
	case a.Status == http.StatusTooManyRequests:
		return RateLimited(app, a.Header.Get("Retry-After"))
	case a.Status >= 500 || a.Status == http.StatusRequestTimeout:
		return Unclear(app, words, writes)
	}
	return Fault(CodeRefused, app, words)
}

// RateLimited makes im.rate_limited; after is the platform's Retry-After, "" for none.
func RateLimited(app, after string) error {
	if after == "" {
		return Fault(CodeRateLimited, app, "")
	}
	return Fault(CodeRateLimited, app, "Retry-After: "+after)
}

// Hide takes secrets out of words that a platform said: some repeat what they were sent.
func Hide(words string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			words = strings.ReplaceAll(words, s, "(secret)")
			words = strings.ReplaceAll(words, url.QueryEscape(s), "(secret)")
		}
	}
	return words
}
