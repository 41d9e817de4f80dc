// Package gate stands before one ERP connection and lets through what the ERP can take:
// nothing in its maintenance windows, nothing while it asked for time (Retry-After) or
// does not answer (a circuit breaker), and never more calls at once than were agreed.
//
//	activities ─▶ Enter ─▶ adapter ─▶ Transport ─▶ the ERP
//	                └── leave: what the ERP answered, which the gate learns from
//
// It lives in the memory of one process: each worker finds out by its own few calls
// (docs/adr/0008-one-queue-per-erp.md).
package gate

import (
	"cmp"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/maintenance"
)

// What a gate does where nothing is said.
const (
	DefaultAtOnce   = 4
	DefaultFailures = 5
	DefaultRest     = 30 * time.Second
)

// Limits of every gate.
const (
	askedMost   = time.Hour       // that an ERP may ask for
	crowdedFor  = 5 * time.Second // that a caller stays away where every place is taken
	ratioWindow = time.Minute     // in which half of the calls failing is a failing ERP
	ratioLeast  = 20              // calls for that to mean anything
)

// Options are what is known of a connection beforehand. Zero is the default everywhere.
type Options struct {
	Connection string
	Windows    maintenance.Windows
	AtOnce     int              // callers at once
	Failures   uint32           // one after another, after which it rests
	Rest       time.Duration    // until somebody tries again, alone
	Changed    func(State)      // told of every change, nil = nobody; must not call the gate
	Now        func() time.Time // of windows and of Retry-After; nil = time.Now
}

// Gate stands before one connection. The nil gate lets everything through.
type Gate struct {
	options Options
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	places  chan struct{}

	mutex   sync.Mutex
	asked   time.Time // until when the ERP asked us to stay away
	resting time.Time // until when the breaker lets nobody through
	since   time.Time // of the breaker's state
	phase   Phase
	limited int64
	failed  string // the code of the newest failure
}

// New makes the gate of a connection, open.
func New(o Options) *Gate {
	o.AtOnce = cmp.Or(o.AtOnce, DefaultAtOnce)
	o.Failures = cmp.Or(o.Failures, DefaultFailures)
	o.Rest = cmp.Or(o.Rest, DefaultRest)
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gate{options: o, places: make(chan struct{}, o.AtOnce), phase: Open, since: o.Now().UTC()}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: o.Connection, MaxRequests: 1, Timeout: o.Rest,
		Interval: ratioWindow, BucketPeriod: ratioWindow / 6,
		ReadyToTrip: g.failing, OnStateChange: g.turned,
		IsSuccessful: func(err error) bool { return !sick(err) },
		IsExcluded:   untold,
	})
	return g
}

// failing says whether so many calls failed that the ERP is to be left alone.
func (g *Gate) failing(c gobreaker.Counts) bool {
	return c.ConsecutiveFailures >= g.options.Failures || c.Requests >= ratioLeast && c.TotalFailures*2 >= c.Requests
}

// sick says whether an answer tells of an ERP that is not well. A refusal does not: it
// is well enough to refuse. What waits for an earlier request of ours to settle, or is
// told to slow down, was answered too.
func sick(err error) bool {
	switch fault.CodeOf(err) {
	case port.CodeUnavailable, port.CodeUnknown:
		return true
	}
	return false
}

// untold says whether an error tells nothing of the ERP: a fault of ours, or a window
// that began in the middle of a call.
func untold(err error) bool {
	code := fault.CodeOf(err)
	return err != nil && (!strings.HasPrefix(code, "erp.") || code == port.CodeMaintenance)
}

// Enter asks to be let through. Whoever is must leave again with what came of it, and
// takes from leave the error as others should see it: one that came while the ERP rests
// says until when.
//
// Errors: Busy erp.maintenance, erp.resting, with the argument until.
func (g *Gate) Enter() (leave func(error) error, err error) {
	if g == nil {
		return func(err error) error { return err }, nil
	}
	now := g.options.Now()
	if until, closed := g.options.Windows.Closed(now); closed {
		return nil, g.busy(port.CodeMaintenance, until)
	}
	if until := g.restsUntil(); now.Before(until) {
		return nil, g.busy(port.CodeResting, until)
	}
	select {
	case g.places <- struct{}{}:
	default:
		return nil, g.busy(port.CodeResting, now.Add(crowdedFor))
	}
	done, err := g.breaker.Allow()
	if err != nil { // somebody else is trying it out right now
		<-g.places
		return nil, g.busy(port.CodeResting, now.Add(g.options.Rest))
	}
	return func(err error) error {
		done(err)
		<-g.places
		return g.learn(err)
	}, nil
}

// learn takes note of an answer, and says with it until when the ERP rests, if it does.
func (g *Gate) learn(err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Busy && f.Kind != fault.Unknown {
		return err
	}
	if f.Code == port.CodeRateLimited && !g.options.Now().Before(g.restsUntil()) {
		g.Asked(g.options.Rest) // it did not say for how long
	}
	g.mutex.Lock()
	if sick(f) || f.Code == port.CodeRateLimited {
		g.failed = f.Code
	}
	g.mutex.Unlock()
	until := g.restsUntil()
	if f.Args[port.ArgUntil] != "" || !g.options.Now().Before(until) {
		return err
	}
	return g.with(f, until)
}

// Asked takes note that the ERP wants to be left alone for a while.
func (g *Gate) Asked(wait time.Duration) {
	now := g.options.Now().UTC()
	g.mutex.Lock()
	g.limited++
	if until := now.Add(min(wait, askedMost)); until.After(g.asked) {
		g.asked = until
	}
	g.mutex.Unlock()
	g.tell()
}

// restsUntil is when the ERP has rested enough; in the past where it does not rest.
func (g *Gate) restsUntil() time.Time {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.resting.After(g.asked) {
		return g.resting
	}
	return g.asked
}

// turned is told by the breaker of every change of its state.
func (g *Gate) turned(_ string, _, to gobreaker.State) {
	now := g.options.Now().UTC()
	g.mutex.Lock()
	g.since, g.resting = now, time.Time{}
	switch to {
	case gobreaker.StateOpen:
		g.phase, g.resting = Resting, now.Add(g.options.Rest)
	case gobreaker.StateHalfOpen:
		g.phase = Trying
	default:
		g.phase, g.failed = Open, ""
	}
	g.mutex.Unlock()
	g.tell()
}

func (g *Gate) tell() {
	if g.options.Changed != nil {
		g.options.Changed(g.State())
	}
}

func (g *Gate) busy(code string, until time.Time) error { return g.with(port.Fault(code, ""), until) }

func (g *Gate) with(f *fault.Fault, until time.Time) error {
	told := *f
	told.Args = maps.Clone(f.Args)
	fault.Arg("connection", g.options.Connection)(&told)
	port.Until(until)(&told)
	return &told
}

// Until reads until when an ERP rests, from a fault that says so.
func Until(err error) (time.Time, bool) {
	f, ok := fault.As(err)
	if !ok || f.Args[port.ArgUntil] == "" {
		return time.Time{}, false
	}
	until, err := time.Parse(time.RFC3339, f.Args[port.ArgUntil])
	return until, err == nil
}
