package server

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

// Rate bounds the requests of one person, one token, or one address of nobody
// known. The zero value means the defaults; PerSecond below 0 means no bound.
type Rate struct {
	PerSecond float64 // 50 by default
	Burst     int     // 200 by default
}

const (
	rateDefault  = 50
	burstDefault = 200
	callersMax   = 20_000          // remembered at once
	callerIdle   = 5 * time.Minute // after so long a caller's bucket is full again anyway
)

// gate lets each caller through at their own pace.
type gate struct {
	rate    Rate
	proxies []netip.Prefix

	mutex   sync.Mutex
	callers map[string]*caller
	swept   time.Time
}

type caller struct {
	limiter *rate.Limiter
	seen    time.Time
}

func newGate(r Rate, proxies []netip.Prefix) *gate {
	if r.PerSecond == 0 {
		r.PerSecond = rateDefault
	}
	if r.Burst == 0 {
		r.Burst = burstDefault
	}
	return &gate{rate: r, proxies: proxies, callers: map[string]*caller{}}
}

// limit refuses a caller who asks too often, and says when to come again.
func (g *gate) limit(next http.Handler) http.Handler {
	if g.rate.PerSecond < 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := g.wait(g.nameOf(r), time.Now())
		if wait > 0 {
			seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
			problem.Write(w, r, fault.New(fault.Busy, "request.rate_limited", fault.Arg("seconds", seconds)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *gate) nameOf(r *http.Request) string {
	who, known := auth.Of(r.Context())
	switch {
	case known && who.Token != "":
		return "token:" + who.Token
	case known:
		return "person:" + who.Person.ID
	}
	return "address:" + Address(r, g.proxies).String()
}

// wait is how long a caller must wait; 0 lets them through.
func (g *gate) wait(name string, now time.Time) time.Duration {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.sweep(now)
	c, ok := g.callers[name]
	if !ok {
		c = &caller{limiter: rate.NewLimiter(rate.Limit(g.rate.PerSecond), g.rate.Burst)}
		g.callers[name] = c
	}
	c.seen = now
	reservation := c.limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// sweep forgets who has not been seen for a while, and everybody when they are
// too many at once.
func (g *gate) sweep(now time.Time) {
	if now.Sub(g.swept) < callerIdle && len(g.callers) < callersMax {
		return
	}
	for name, c := range g.callers {
		if now.Sub(c.seen) > callerIdle || len(g.callers) >= callersMax {
			delete(g.callers, name)
		}
	}
	g.swept = now
}

// Address is where a request comes from: the connection's address, or what the
// proxies we trust say of it.
func Address(r *http.Request, proxies []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
	for i := len(hops) - 1; i >= 0 && trusted(at, proxies); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = next
	}
	return at.Unmap()
}

func trusted(at netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(at.Unmap()) {
			return true
		}
	}
	return false
}

// localised gives a request its language before anybody is known.
func localised(r *http.Request) *http.Request {
	return r.WithContext(i18n.With(r.Context(), i18n.Negotiate(r)))
}
