// Package simphone is what the simulators of messaging platforms share and what
// is no platform's protocol: the phone that shows the cards, the journal, and
// what goes wrong on purpose. It imports nothing of Countersign.
package simphone

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// bodyMax bounds what a simulator reads of one request.
const bodyMax = 1 << 20

// Server carries the requests of one simulated platform. Routes are added with
// Handle before it serves.
type Server struct {
	Name    string
	Now     func() time.Time // nil = time.Now
	TooMany func() Answer    // how this platform says that it was asked too often
	Press   Presser          // how this platform tells its callback of a press
	Journal Journal
	Faults  Faults
	Phone   Phone

	mux   http.ServeMux
	mutex sync.Mutex
	asked map[string][]time.Time // what Allow counts
}

// Answer is what a simulator answers. Effect says whether anything was done.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
	Ref    string // what the journal names it by
	Effect bool
}

// JSON makes an answer of a value.
func JSON(status int, v any) Answer {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only what this program made
	}
	return Answer{Status: status, Header: map[string]string{"Content-Type": "application/json"}, Body: text}
}

// ServeHTTP serves the protocol, and below /_phone and /_sandbox the person who looks on.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Clock is the simulator's time.
func (s *Server) Clock() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Handle adds one operation of the protocol; faults are picked by its name.
func (s *Server) Handle(pattern, op string, do func(r *http.Request, body []byte) Answer) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		s.carry(w, op, body, func() Answer { return do(r, body) })
	})
}

// Raw adds a route that faults do not touch: pages and connections.
func (s *Server) Raw(pattern string, h http.HandlerFunc) { s.mux.HandleFunc(pattern, h) }

// carry runs an operation with what goes wrong on purpose around it.
func (s *Server) carry(w http.ResponseWriter, op string, body []byte, do func() Answer) {
	fault := s.Faults.pick(op)
	if fault.Kind == "delay" {
		time.Sleep(time.Duration(fault.DelayMS) * time.Millisecond)
	}
	entry := Entry{At: s.Clock().UTC(), Sandbox: s.Name, Op: op, Fault: fault.Kind, Effect: "none", Reply: "sent"}
	if fault.keepsOut() {
		s.Journal.add(entry, body)
		s.fail(w, fault)
		return
	}
	answer := do()
	entry.Ref, entry.Status = answer.Ref, answer.Status
	if answer.Effect {
		entry.Effect = "applied"
	}
	if fault.spoils() {
		entry.Reply = "dropped"
		s.Journal.add(entry, body)
		s.fail(w, fault)
		return
	}
	s.Journal.add(entry, body)
	send(w, answer)
}

func send(w http.ResponseWriter, a Answer) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// Allow says whether something may be done once more: so often within so long.
func (s *Server) Allow(what string, often int, within time.Duration) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.asked == nil {
		s.asked = map[string][]time.Time{}
	}
	now := s.Clock()
	kept := s.asked[what][:0]
	for _, at := range s.asked[what] {
		if now.Sub(at) < within {
			kept = append(kept, at)
		}
	}
	if len(kept) >= often {
		s.asked[what] = kept
		return false
	}
	s.asked[what] = append(kept, now)
	return true
}
