package gate

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// Transport sends requests through the gate: none in a maintenance window, and none
// while the ERP asked for time, whichever adapter sends them and whatever it is in the
// middle of. It learns from Retry-After.
func (g *Gate) Transport(next http.RoundTripper) http.RoundTripper {
	return transport{g, next}
}

type transport struct {
	gate *Gate
	next http.RoundTripper
}

// RoundTrip asks, where asking is allowed.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	now := t.gate.options.Now()
	if until, closed := t.gate.options.Windows.Closed(now); closed {
		return nil, t.gate.busy(port.CodeMaintenance, until)
	}
	if until := t.gate.askedUntil(); now.Before(until) {
		return nil, t.gate.busy(port.CodeRateLimited, until)
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return answer, err
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
		if wait, ok := RetryAfter(answer.Header, t.gate.options.Now()); ok {
			t.gate.Asked(wait)
		}
	}
	return answer, nil
}

func (g *Gate) askedUntil() time.Time {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.asked
}

// RetryAfter reads how long a server asked to be left alone: seconds or a date, an hour
// at most. What is no number of seconds and no date, or is over, is not believed.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait := min(time.Duration(seconds)*time.Second, askedMost)
		return wait, wait > 0
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	wait := min(at.Sub(now), askedMost)
	return wait, wait > 0
}
