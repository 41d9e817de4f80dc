package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// Fault is one way in which a network or a server misbehaves. It knows nothing
// of what is said through it.
type Fault string

// The faults of the proxy.
const (
	None        Fault = ""
	DropBefore  Fault = "drop-before"  // the connection closes, the request never arrives
	DropAfter   Fault = "drop-after"   // the request is carried out, its answer is lost
	ResetAfter  Fault = "reset-after"  // the same, by a TCP reset
	Truncate    Fault = "truncate"     // half of the answer arrives
	Delay       Fault = "delay"        // everything arrives, late
	ErrorBefore Fault = "error-before" // 500, nothing carried out
	ErrorAfter  Fault = "error-after"  // 500, carried out
	Garbage     Fault = "garbage"      // carried out, 200 with nonsense
)

// Faults lists them all.
func Faults() []Fault {
	return []Fault{DropBefore, DropAfter, ResetAfter, Truncate, Delay, ErrorBefore, ErrorAfter, Garbage}
}

// Proxy stands between a connector and a server and injects faults.
type Proxy struct {
	URL string // where the connector should speak to

	server *http.Server
	target *url.URL
	client *http.Client
	delay  time.Duration

	mutex sync.Mutex
	pick  func(r *http.Request, body []byte) Fault
	seen  int
}

// NewProxy starts a proxy before target, which it reaches by way of onward. It
// closes its connections to the connector after each answer, so none is retried
// in secret.
func NewProxy(target string, onward http.RoundTripper) (*Proxy, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("a proxy before %s: %w", target, err)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a proxy before %s: %w", target, err)
	}
	p := &Proxy{target: u, delay: 50 * time.Millisecond, client: &http.Client{Transport: onward,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	p.URL = "http://" + listener.Addr().String() + u.Path
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// Close stops the proxy.
func (p *Proxy) Close() { _ = p.server.Close() }

// Set makes pick choose the fault of every later request; nil stops all faults.
func (p *Proxy) Set(pick func(r *http.Request, body []byte) Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.pick = pick
}

// Once injects one fault into the next request that matches.
func (p *Proxy) Once(match Match, f Fault) {
	done := false
	p.Set(func(r *http.Request, body []byte) Fault {
		if done || !match(r, body) {
			return None
		}
		done = true
		return f
	})
}

// Requests counts what came in so far.
func (p *Proxy) Requests() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.seen
}

// Match tells one kind of request from the others, such as those that create.
type Match func(r *http.Request, body []byte) bool

// Contains matches requests whose path or body contains text, and, unless
// method is "", that use the method.
func Contains(method, text string) Match {
	return func(r *http.Request, body []byte) bool {
		return (method == "" || r.Method == method) &&
			(bytes.Contains([]byte(r.URL.Path), []byte(text)) || bytes.Contains(body, []byte(text)))
	}
}

// Marked matches requests by the mark that a connector says they bear.
func Marked(m port.Mark) Match { return Contains(m.Method, m.Text) }

// ServeHTTP forwards one request, with the fault chosen for it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch f := p.choose(r, body); f {
	case DropBefore:
		hangUp(w, nil, false)
	case ErrorBefore:
		http.Error(w, "injected before", http.StatusInternalServerError)
	default:
		p.forward(w, r, body, f)
	}
}

func (p *Proxy) choose(r *http.Request, body []byte) Fault {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.seen++
	if p.pick == nil {
		return None
	}
	return p.pick(r, body)
}

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, body []byte, f Fault) {
	if f == Delay {
		time.Sleep(p.delay)
	}
	u := *r.URL
	u.Scheme, u.Host = p.target.Scheme, p.target.Host
	// The request is carried out to its end even when the caller has gone.
	ctx := context.WithoutCancel(r.Context())
	onward, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		hangUp(w, nil, false)
		return
	}
	onward.Header = r.Header.Clone()
	answer, err := p.client.Do(onward)
	if err != nil {
		hangUp(w, nil, false)
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		hangUp(w, nil, false)
		return
	}
	if f == Delay {
		time.Sleep(p.delay)
	}
	reply(w, answer, text, f)
}

func reply(w http.ResponseWriter, answer *http.Response, text []byte, f Fault) {
	switch f {
	case DropAfter:
		hangUp(w, nil, false)
	case ResetAfter:
		hangUp(w, nil, true)
	case Truncate:
		head := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(text)+1) + "\r\n\r\n"
		hangUp(w, append([]byte(head), text[:len(text)/2]...), false)
	case ErrorAfter:
		http.Error(w, "injected after", http.StatusInternalServerError)
	case Garbage:
		_, _ = w.Write([]byte("\x00\x01<html>nonsense"))
	default:
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(text)
	}
}

// hangUp writes the bytes as they are and closes the connection.
func hangUp(w http.ResponseWriter, raw []byte, reset bool) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = connection.Write(raw)
	if tcp, ok := connection.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
