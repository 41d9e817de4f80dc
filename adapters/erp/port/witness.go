package port

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// headMax bounds what is looked at of one side of an exchange, in bytes.
const headMax = 16 << 10

// witness tells a recorder of every exchange that goes through it, and changes none.
type witness struct {
	next   http.RoundTripper
	config Config
}

// RoundTrip makes the exchange. It is told of when the answer was read to its end,
// was given up, or did not come.
func (w witness) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	x := Exchange{Connection: w.config.Name, Adapter: w.config.Provider, Call: callOf(ctx), Method: r.Method,
		Path: r.URL.Path, StartedAt: time.Now(), Hidden: hiddenIn(r, string(w.config.Secret), w.config.User)}
	sent := &ear{}
	if r.Body != nil && r.Body != http.NoBody {
		heard := *r // a RoundTripper leaves the request as it is
		heard.Body = &listened{ReadCloser: r.Body, ear: sent}
		r = &heard
	}
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		w.tell(ctx, x, sent, &ear{}, r, nil, err)
		return answer, err
	}
	for _, cookie := range answer.Cookies() {
		x.Hidden = append(x.Hidden, cookie.Value)
	}
	got := &ear{}
	body := &listened{ReadCloser: answer.Body, ear: got}
	body.over = func(err error) { w.tell(ctx, x, sent, got, r, answer, err) }
	answer.Body = body
	return answer, nil
}

func (w witness) tell(ctx context.Context, x Exchange, sent, got *ear, r *http.Request, a *http.Response, err error) {
	x.Took = time.Since(x.StartedAt)
	x.Sent = sent.said(r.Header.Get("Content-Type"), x.Op == OpLogin)
	writes := x.Op.Writes() && r.Method != http.MethodGet
	if a != nil {
		x.Status = a.StatusCode
		x.Got = got.said(a.Header.Get("Content-Type"), x.Op == OpLogin)
	}
	x.Class = classOnWire(x.Status, err, writes)
	noted(ctx, w.config.Record, x)
}

// classOnWire is how an exchange ended as far as HTTP says it.
func classOnWire(status int, err error, writes bool) Class {
	var dial *net.OpError
	switch {
	case err != nil && (errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED)):
		return ClassBusy
	case err == nil && status < 400:
		return ClassOK
	case err == nil && status == http.StatusTooManyRequests:
		return ClassBusy
	case err == nil && status < 500 && status != http.StatusRequestTimeout:
		return ClassRefused
	case writes:
		return ClassUnknown
	}
	return ClassBusy
}

// plainHeaders are those of a request that carry no secret.
var plainHeaders = map[string]bool{"Accept": true, "Content-Type": true, "Content-Length": true, "User-Agent": true,
	"Accept-Language": true, "Accept-Encoding": true, "Idempotency-Key": true, "Soapaction": true}

// hiddenLeast is how long something must be to be searched for: what is shorter is
// found in every text.
const hiddenLeast = 5

// hiddenIn lists what a request proves itself by: the values of its headers, its
// cookies and the secrets in its address.
func hiddenIn(r *http.Request, secrets ...string) []string {
	hidden := slices.Clone(secrets)
	for name, values := range r.Header {
		if plainHeaders[http.CanonicalHeaderKey(name)] {
			continue
		}
		for _, value := range values {
			hidden = append(hidden, value)
			hidden = append(hidden, strings.Fields(value)...)
		}
	}
	for _, cookie := range r.Cookies() {
		hidden = append(hidden, cookie.Value)
	}
	for name, values := range r.URL.Query() {
		if Secretive(name) {
			hidden = append(hidden, values...)
		}
	}
	long := hidden[:0]
	for _, h := range hidden {
		if len(h) >= hiddenLeast {
			long = append(long, h)
		}
	}
	return long
}

// secretive are parts of names behind which secrets stand.
var secretive = []string{"secret", "token", "passw", "pwd", "key", "sign", "auth", "session", "cookie", "credential",
	"nonce", "cert", "digest"}

// Secretive says whether a secret stands behind a name.
func Secretive(name string) bool {
	name = strings.ToLower(name)
	for _, part := range secretive {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// ear hears what goes by: all of its size and sum, and its beginning. The transport may
// still send while the answer is read.
type ear struct {
	mutex sync.Mutex
	size  int64
	sum   hash.Hash
	head  []byte
}

func (e *ear) hear(p []byte) {
	if len(p) == 0 {
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.sum == nil {
		e.sum = sha256.New()
	}
	e.size += int64(len(p))
	_, _ = e.sum.Write(p)
	if room := headMax - len(e.head); room > 0 {
		e.head = append(e.head, p[:min(room, len(p))]...)
	}
}

// said is what was heard; of a login only how much.
func (e *ear) said(media string, login bool) Said {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	s := Said{Type: media, Size: e.size}
	if e.sum != nil && !login {
		s.Sum, s.Head = hex.EncodeToString(e.sum.Sum(nil)), e.head
	}
	return s
}

// listened is a body that an ear listens to.
type listened struct {
	io.ReadCloser

	ear  *ear
	over func(error) // when it was read to its end or given up; once
}

// Read reads on, and tells of the end.
func (l *listened) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.ear.hear(p[:n])
	if err != nil {
		l.end(err)
	}
	return n, err
}

// Close gives the rest up.
func (l *listened) Close() error {
	l.end(io.EOF)
	return l.ReadCloser.Close()
}

func (l *listened) end(err error) {
	over := l.over
	l.over = nil
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if over != nil {
		over(err)
	}
}

// Witnessed makes one exchange that is no HTTP, such as the writing of a file, and
// tells the recorder of it. Nothing of its content is kept but its size and sum.
func (c Config) Witnessed(ctx context.Context, method, path string, content []byte, run func() error) error {
	if c.Record == nil {
		return run()
	}
	x := Exchange{Connection: c.Name, Adapter: c.Provider, Call: callOf(ctx), Method: method, Path: path,
		StartedAt: time.Now()}
	sent := &ear{}
	sent.hear(content)
	err := run()
	x.Took, x.Sent = time.Since(x.StartedAt), sent.said("", false)
	x.Sent.Head = nil
	x.Class = ClassOf(err, x.Op.Writes())
	noted(ctx, c.Record, x)
	return err
}
