package sandbox

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Fault is something that goes wrong on purpose, see Kinds.
type Fault struct {
	Kind    string `json:"kind"`
	Op      string `json:"op,omitempty"`       // create, post, reverse, discard, find; "" = any of them
	Ref     string `json:"ref,omitempty"`      // only for this reference
	Count   int    `json:"count,omitempty"`    // so many times; 0 = until the faults are set again
	Percent int    `json:"percent,omitempty"`  // by chance; 0 = always
	DelayMS int    `json:"delay_ms,omitempty"` // of delay and not-found
	// RetryAfter is what rate-limit and unavailable ask for; "" = nothing.
	RetryAfter string `json:"retry_after,omitempty"`
}

// Kinds are the faults there are, and what each does.
var Kinds = map[string]string{
	"delay":         "answer after delay_ms",
	"error-before":  "500, nothing done",
	"error-after":   "500, done",
	"drop-before":   "close the connection, nothing done",
	"drop-after":    "done, close the connection without an answer",
	"reset":         "done, reset the connection",
	"garbage":       "done, answer nonsense with 200",
	"not-found":     "find does not see vouchers younger than delay_ms",
	"rate-limit":    "429 with retry_after, nothing done",
	"unavailable":   "503 with retry_after, nothing done",
	"closed-period": "the period of every date is closed",
}

// faultList is the faults in force; the first that matches is used.
type faultList struct {
	mutex  sync.Mutex
	faults []Fault
}

func (l *faultList) set(faults []Fault) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.faults = faults
}

func (l *faultList) list() []Fault {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return append([]Fault{}, l.faults...)
}

// pick chooses the fault for one request, and counts it down.
func (l *faultList) pick(op, ref string) Fault {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i, f := range l.faults {
		if f.Op != "" && f.Op != op || f.Ref != "" && f.Ref != ref || f.Kind == "not-found" && op != "find" {
			continue
		}
		if f.Percent > 0 && rand.IntN(100) >= f.Percent {
			continue
		}
		if f.Count > 0 {
			if l.faults[i].Count--; l.faults[i].Count == 0 {
				l.faults = append(l.faults[:i:i], l.faults[i+1:]...)
			}
		}
		return f
	}
	return Fault{}
}

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// keepsOut says whether the request is not carried out.
func (f Fault) keepsOut() bool {
	switch f.Kind {
	case "error-before", "drop-before", "rate-limit", "unavailable", "closed-period":
		return true
	}
	return false
}

// dropsReply says whether the caller never learns what happened.
func (f Fault) dropsReply() bool {
	switch f.Kind {
	case "error-before", "error-after", "drop-before", "drop-after", "reset", "garbage":
		return true
	}
	return false
}
